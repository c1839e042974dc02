// Package loyalty owns the signals of the family loyalty, which look at weeks and months instead of a visit: a regular
// customer who was let down and buys all the same (unhappy_loyal), and one who stopped coming (silent_customer). Both fire
// by timers. A window holds one mark for a day and what happened on it.
//
// The detector is immutable and safe for concurrent use.
package loyalty

import (
	"slices"
	"strconv"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/settings"
)

// What a mark stands for. Its ID is the day, its Note the day's first touchpoint of the kind.
const (
	bought = iota + 1
	bad    // let down: unhappy words, a bad rating, a checkout that failed, a call given up
	good   // made up for: solved, praised, rated well
	there  // came with something else
)

const day = 24 * time.Hour

// keep is how far back a rhythm is looked for.
const keep = 200 * day

// before is the time before a bad day in which purchases make a regular customer.
const before = 180 * day

// Detector makes the signals of loyalty.
type Detector struct {
	unhappy settings.UnhappyLoyal
	silent  settings.SilentCustomer
}

// New returns the detector of loyalty.
func New(s *settings.Settings) *Detector {
	return &Detector{unhappy: s.UnhappyLoyal, silent: s.SilentCustomer}
}

// Family implements signal.Detector.
func (*Detector) Family() string { return "loyalty" }

// Bounds implements signal.Detector.
func (*Detector) Bounds() signal.Bounds { return signal.Bounds{Keep: keep, Most: 48} }

// Observe implements signal.Detector.
func (d *Detector) Observe(dst []signal.Mark, t *touchpoint.Touchpoint) []signal.Mark {
	kind := d.kindOf(t)
	if kind == 0 {
		return dst
	}
	// A day and a kind make the ID; the touchpoints of the rest of the day are repeats.
	id := strconv.FormatInt(int64(t.OccurredAt)/day.Milliseconds(), 10)
	return append(dst, signal.Mark{
		At: t.OccurredAt, ID: touchpoint.ID(id), Kind: kind, Channel: t.Channel, Place: t.Place.Product, Note: string(t.ID),
	})
}

// kindOf says what a touchpoint means to a customer's loyalty, zero for nothing.
func (d *Detector) kindOf(t *touchpoint.Touchpoint) uint8 {
	switch t.Kind {
	case touchpoint.Purchase:
		return bought
	case touchpoint.CheckoutFailed:
		return bad
	case touchpoint.CallEnded, touchpoint.CallRecord:
		if r := t.Attrs["reason"]; r == "abandoned_queue" || r == "abandoned_hold" {
			return bad
		}
		return there
	case touchpoint.ChatClosed:
		if t.Attrs["outcome"] == "resolved" {
			return good
		}
		return 0
	case touchpoint.ChatOpened:
		return there
	}
	if t.Rating != nil {
		return rated(t.Rating)
	}
	if t.Mood == nil || !t.FromCustomer() {
		return 0
	}
	switch {
	case float64(t.Mood.Displeasure) >= d.unhappy.Displeasure:
		return bad
	case slices.Contains(t.Mood.Intents, "solved") && t.Mood.Displeasure <= 0:
		return good
	}
	return 0
}

// rated says what a rating means: the part of its scale that the feedback signals call bad and good by default.
func rated(r *touchpoint.Rating) uint8 {
	if !(r.Max > r.Min) || !(r.Score >= r.Min && r.Score <= r.Max) {
		return 0
	}
	share := (r.Score - r.Min) / (r.Max - r.Min)
	low, high := 0.34, 0.75
	if r.Metric == "nps" {
		low, high = 0.6, 0.9
	}
	switch {
	case share <= low:
		return bad
	case share >= high:
		return good
	}
	return 0
}

// Detect implements signal.Detector.
func (d *Detector) Detect(marks []signal.Mark, now touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	var purchases []*signal.Mark
	for i := range marks {
		if marks[i].Kind == bought {
			purchases = append(purchases, &marks[i])
		}
	}
	if len(purchases) < min(d.unhappy.Purchases+1, d.silent.Purchases) {
		return nil, 0
	}
	out, wake := d.hurt(nil, marks, purchases, now)
	out, due := d.gone(out, marks, purchases, now)
	if due != 0 && (wake == 0 || due < wake) {
		wake = due
	}
	return out, wake
}

// hurt finds the latest bad day of a regular customer for which nobody made up, and who bought again all the same.
func (d *Detector) hurt(out []signal.Signal, marks []signal.Mark, purchases []*signal.Mark, now touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	if d.unhappy.Off() {
		return out, 0
	}
	for i := len(marks) - 1; i >= 0; i-- {
		b := &marks[i]
		if b.Kind != bad || !d.regular(purchases, b) || madeUp(marks[i+1:]) {
			continue
		}
		again := d.boughtAgain(purchases, b)
		if again == nil {
			continue
		}
		at := max(again.At, b.At.Add(d.unhappy.Grace))
		if at > now {
			return out, at
		}
		return append(out, signal.Signal{
			Name: "unhappy_loyal", Family: d.Family(), Episode: string(b.ID), First: b.At, At: at,
			Weight: d.unhappy.Points(1), Half: d.unhappy.HalfSeconds(), Channel: b.Channel,
			Places:   signal.Places(signal.PlaceKey("product", b.Place)),
			Evidence: []touchpoint.ID{touchpoint.ID(b.Note), touchpoint.ID(again.Note)},
			Reason:   "a regular customer was let down, nobody made up for it, and they bought again all the same",
		}), 0
	}
	return out, 0
}

// regular reports whether there were enough days with a purchase in the time before a bad day.
func (d *Detector) regular(purchases []*signal.Mark, b *signal.Mark) bool {
	n := 0
	for _, p := range purchases {
		if p.At < b.At && b.At.Sub(p.At) <= before {
			n++
		}
	}
	return n >= d.unhappy.Purchases
}

// madeUp reports whether something good came after.
func madeUp(later []signal.Mark) bool {
	return slices.ContainsFunc(later, func(m signal.Mark) bool { return m.Kind == good })
}

// boughtAgain returns the first purchase on a later day that is near enough, or nil: what follows a failed checkout on the
// same day is the same purchase.
func (d *Detector) boughtAgain(purchases []*signal.Mark, b *signal.Mark) *signal.Mark {
	for _, p := range purchases {
		if p.At > b.At && p.ID != b.ID && p.At.Sub(b.At) <= d.unhappy.Within {
			return p
		}
	}
	return nil
}

// gone finds the regular customer from whom nothing comes any more.
func (d *Detector) gone(out []signal.Signal, marks []signal.Mark, purchases []*signal.Mark, now touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	if len(purchases) < d.silent.Purchases || d.silent.Off() {
		return out, 0
	}
	first, last := purchases[0], purchases[len(purchases)-1]
	usual := pause(purchases)
	due := last.At.Add(max(time.Duration(float64(usual)*d.silent.Times), d.silent.AtLeast))
	share, why := 1.0, ""
	for i := range marks {
		m := &marks[i]
		switch {
		case m.At < purchases[len(purchases)-2].At:
		case m.Kind == bad:
			share, why = d.silent.Unhappy, "; the last thing heard of was bad"
		case m.Kind == good:
			share, why = 1, ""
		}
		due = max(due, m.At.Add(d.silent.AtLeast)) // who talks to us is not silent
	}
	if due > now {
		return out, due
	}
	return append(out, signal.Signal{
		Name: "silent_customer", Family: d.Family(), Episode: string(last.ID), First: last.At, At: due,
		Weight: d.silent.Points(share), Half: d.silent.HalfSeconds(), Channel: last.Channel,
		Evidence: []touchpoint.ID{touchpoint.ID(first.Note), touchpoint.ID(last.Note)},
		Reason:   "bought every " + signal.Words(usual) + " and has not been heard of for " + signal.Words(due.Sub(last.At)) + why,
	}), 0
}

// pause is the median of the times between purchases, a day at least.
func pause(purchases []*signal.Mark) time.Duration {
	pauses := make([]time.Duration, 0, len(purchases)-1)
	for i := 1; i < len(purchases); i++ {
		pauses = append(pauses, purchases[i].At.Sub(purchases[i-1].At))
	}
	slices.Sort(pauses)
	return max(pauses[len(pauses)/2], day)
}
