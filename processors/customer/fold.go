package customer

import (
	"encoding/binary"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"time"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/keyed"
	"touchwatch/processors/signal"
)

// Bounds of a state. They keep it near 1 kB for a customer in trouble and far below for the others.
const (
	MaxAliases = 16 // the strongest stay
	MaxSeen    = 48 // ids a sender's repeat is recognised by
	MaxSignals = 40 // contributions; the weakest go first
	MaxHours   = 24 // hours with touchpoints that are counted

	// signalKeep is how long a contribution that has decayed to nothing stays visible to rules that count signals.
	signalKeep = 72 * time.Hour
	// RiskLimit is the score below which a customer is listed as at risk ("watch" in the health scores of SIGNALS: 40–69).
	RiskLimit = 70
)

// Retention says after how long without a touchpoint a party is forgotten.
type Retention struct {
	Anonymous time.Duration // parties nobody could name
	Known     time.Duration // parties the CRM knows
}

// DefaultRetention is 7 days for anonymous parties and 400 days for known ones.
var DefaultRetention = Retention{Anonymous: 7 * 24 * time.Hour, Known: 400 * 24 * time.Hour}

// A customer with more than rememberAll touchpoints remembers none that comes later than rememberLate after one that occurred after it: a
// backfill must not push the latest out of the history.
const (
	rememberAll  = 50
	rememberLate = 24 * time.Hour
)

// memorable reports whether t, which is counted already, goes into the history.
func (s *State) memorable(t *touchpoint.Touchpoint) bool {
	return s.Total <= rememberAll || s.Last.Sub(t.OccurredAt) <= rememberLate
}

// Timer names.
const (
	timerWake   = "wake"
	timerForget = "forget"
)

// Fold applies timeline entries to customers' states. It is immutable and safe for concurrent use.
type Fold struct {
	families  []family
	watcher   Watcher
	retention Retention
	limits    []float64
	limitsKey uint32    // tells these limits from others
	scratch   sync.Pool // of *[]signal.Mark
}

// family is a detector with what it always answers.
type family struct {
	signal.Detector
	name   string
	bounds signal.Bounds
}

// NewFold returns a fold with these detectors and rules. A nil watcher raises no alerts.
func NewFold(detectors []signal.Detector, watcher Watcher, retention Retention) *Fold {
	f := &Fold{watcher: watcher, retention: retention, limits: []float64{RiskLimit}}
	for _, d := range detectors {
		f.families = append(f.families, family{Detector: d, name: d.Family(), bounds: d.Bounds()})
	}
	slices.SortFunc(f.families, func(a, b family) int { return strings.Compare(a.name, b.name) })
	if watcher != nil {
		f.limits = append(f.limits, watcher.Limits()...)
	}
	slices.Sort(f.limits)
	f.limits = slices.Compact(f.limits)
	h := fnv.New32a()
	_ = binary.Write(h, binary.LittleEndian, f.limits) // a hash takes everything
	f.limitsKey = h.Sum32()
	f.scratch.New = func() any { return new([]signal.Mark) }
	return f
}

// New returns the state of a customer that was never seen.
func (f *Fold) New(subject string) *State { return &State{ID: touchpoint.CustomerID(subject)} }

// Decode reads a stored state.
func (f *Fold) Decode(b []byte) (*State, error) { return Decode(b) }

// Encode appends the stored form of s.
func (f *Fold) Encode(dst []byte, s *State) ([]byte, error) { return Encode(dst, s) }

// Fold applies e to s and tells fx what else it calls for. It depends on s and e only.
func (f *Fold) Fold(s *State, e *timeline.Entry, fx *keyed.Effects) {
	switch {
	case e.Kind == timeline.Touchpoint && e.Touchpoint != nil:
		s.Now = max(s.Now, e.At)
		f.touch(s, e.Touchpoint, fx)
	case e.Kind == timeline.Opinion && e.Touchpoint != nil:
		s.Now = max(s.Now, e.At)
		f.rejudge(s, e.Touchpoint, fx)
	case e.Kind == timeline.Timer && e.Timer != nil:
		f.timer(s, e.Timer, fx)
	case e.Kind == timeline.Action && e.Action != nil:
		s.Now = max(s.Now, e.At)
		f.judge(s, e.Action, fx)
	}
}

// touch applies a touchpoint.
func (f *Fold) touch(s *State, t *touchpoint.Touchpoint, fx *keyed.Effects) {
	if !s.see(t.ID) {
		return
	}
	t = t.ReadIn(s.tongue())
	s.learn(t)
	if t.Channel == touchpoint.CRM {
		f.keepAlive(s, fx)
		f.judge(s, nil, fx)
		return
	}
	s.count(t)
	if s.memorable(t) {
		fx.Remember()
	}
	fresh := f.observe(s, t, fx)
	s.countSignals(t, fresh, fx)
	f.keepAlive(s, fx)
	f.judge(s, nil, fx)
	if fx.WantsShow() {
		fx.Show(feedItem(s, t, fresh))
	}
}

// timer applies a due timer if that very arming still stands.
func (f *Fold) timer(s *State, t *timeline.TimerBody, fx *keyed.Effects) {
	switch {
	case t.Name == timerWake && t.Due == s.WakeAt:
		s.WakeAt = 0
		s.Now, s.Fired = max(s.Now, t.Due), max(s.Fired, t.Due)
		f.wake(s, fx)
		f.judge(s, nil, fx)
		if s.WakeAt == 0 {
			fx.Disarm(timerWake)
		}
	case t.Name == timerForget && t.Due == s.ForgetAt:
		s.ForgetAt = 0
		if gone := s.lastHeard().Add(f.keep(s)); gone > t.Due {
			s.ForgetAt = gone
			fx.Arm(timerForget, gone)
			return
		}
		fx.Disarm(timerForget)
		fx.Disarm(timerWake)
		fx.Forget()
	case t.Name == timerWake && s.WakeAt == 0:
		fx.Disarm(timerWake) // a timer that nothing waits for any more, left by a repeat
	}
}

// judge lets the rules look, lists the customer at risk or not, and arms the next wake.
func (f *Fold) judge(s *State, act *timeline.ActionBody, fx *keyed.Effects) {
	s.prune()
	var next touchpoint.Millis
	if f.watcher != nil {
		changes, wake := f.watcher.Watch(s, act)
		for _, c := range changes {
			fx.Alert(c)
		}
		if wake > s.Now { // an earlier one was judged just now; arming it again would never end
			next = wake
		}
	}
	if score := s.Score(s.Now); score < RiskLimit {
		s.Ranked = true
		fx.Rank(score)
	} else if s.Ranked {
		s.Ranked = false
		fx.Unrank()
	}
	next = soonest(next, f.crossing(s))
	for i := range s.Windows {
		if s.Windows[i].Wake > s.Fired {
			next = soonest(next, s.Windows[i].Wake)
		}
	}
	f.arm(s, next, fx)
}

// crossing is when the score crosses one of the limits by decay alone, zero when it never does. It stays true until a contribution
// changes, the moment is reached or rules with other limits take effect, so it is kept with the state.
func (f *Fold) crossing(s *State) touchpoint.Millis {
	if len(s.Signals) == 0 {
		s.CrossAt, s.CrossKey = 0, 0
		return 0
	}
	if s.CrossKey != f.limitsKey || (s.CrossAt != 0 && s.CrossAt <= s.Now) {
		s.CrossAt, s.CrossKey = s.nextCrossing(s.Now, f.limits), f.limitsKey
	}
	return s.CrossAt
}

// arm makes the wake timer stand at due, or not at all.
func (f *Fold) arm(s *State, due touchpoint.Millis, fx *keyed.Effects) {
	if due == s.WakeAt {
		return
	}
	s.WakeAt = due
	if due == 0 {
		fx.Disarm(timerWake)
	} else {
		fx.Arm(timerWake, due)
	}
}

// keepAlive arms the forgetting of a party once; when it fires, it looks at the last touchpoint and arms again.
func (f *Fold) keepAlive(s *State, fx *keyed.Effects) {
	if s.ForgetAt == 0 {
		s.ForgetAt = s.Now.Add(f.keep(s))
		fx.Arm(timerForget, s.ForgetAt)
	}
}

func (f *Fold) keep(s *State) time.Duration {
	if s.ID.Anonymous() {
		return f.retention.Anonymous
	}
	return f.retention.Known
}

// lastHeard is the latest of the last touchpoint and the last entry of any kind.
func (s *State) lastHeard() touchpoint.Millis { return max(s.Last, s.Now) }

// soonest returns the earlier of two moments, where zero means never.
func soonest(a, b touchpoint.Millis) touchpoint.Millis {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}
