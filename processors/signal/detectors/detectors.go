// Package detectors builds the set of all detectors from the settings. It is the one place that lists them.
package detectors

import (
	"cmp"
	"slices"

	"touchwatch/processors/signal"
	"touchwatch/processors/signal/browsing"
	"touchwatch/processors/signal/feedback"
	"touchwatch/processors/signal/form"
	"touchwatch/processors/signal/friction"
	"touchwatch/processors/signal/handling"
	"touchwatch/processors/signal/loyalty"
	"touchwatch/processors/signal/mood"
	"touchwatch/processors/signal/recovery"
	"touchwatch/processors/signal/repeat"
	"touchwatch/processors/signal/settings"
	"touchwatch/processors/signal/social"
	"touchwatch/processors/signal/waiting"
)

// New returns the detectors that work by these settings, sorted by family. They are immutable and safe for concurrent
// use; s must not change afterwards.
func New(s *settings.Settings) []signal.Detector {
	all := []signal.Detector{
		friction.New(s), friction.NewCheckout(s), browsing.New(s), form.New(s), mood.New(s), waiting.New(s), handling.New(s), repeat.New(s), social.New(s), loyalty.New(s), feedback.New(s), recovery.New(s),
	}
	for i, d := range all {
		if most, ok := s.Caps.Of(d.Family()); ok {
			all[i] = capped{d, most}
		}
	}
	slices.SortFunc(all, func(a, b signal.Detector) int { return cmp.Compare(a.Family(), b.Family()) })
	return all
}
