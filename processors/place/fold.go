package place

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/keyed"
	"touchwatch/processors/signal"
)

// Bounds of a place's state.
const (
	Keep    = time.Hour // hits older than the newest by more than this go
	MaxHits = 400       // the oldest go first; a rule can count that many customers
	quiet   = 24 * time.Hour
)

// Timer names.
const (
	timerWake   = "wake"
	timerForget = "forget"
)

// Fold applies signal entries to places' states. It is immutable and safe for concurrent use.
type Fold struct {
	watcher Watcher
}

// NewFold returns a fold with these rules; a nil watcher raises no alerts.
func NewFold(watcher Watcher) *Fold { return &Fold{watcher: watcher} }

// New returns the state of a place where nothing ever happened.
func (f *Fold) New(subject string) *State { return &State{ID: subject} }

// Decode reads a stored state; another version is an error.
func (f *Fold) Decode(b []byte) (*State, error) { return Decode(b) }

// Decode reads a stored state; another version is an error. The state shares b's memory, so b must not change afterwards.
func Decode(b []byte) (*State, error) {
	if len(b) == 0 || b[0] != keyed.StateVersion {
		return nil, fmt.Errorf("place state of another version, this program reads %d: start the version that wrote it", keyed.StateVersion)
	}
	s := new(State)
	if _, err := s.UnmarshalMsg(b[1:]); err != nil {
		return nil, fmt.Errorf("decode place state: %w", err)
	}
	return s, nil
}

// Encode appends the stored form of s. Equal states have equal forms, whatever they went through: a list that became empty is stored, and
// kept, as none.
func (f *Fold) Encode(dst []byte, s *State) ([]byte, error) {
	if len(s.Hits) == 0 {
		s.Hits = nil
	}
	if len(s.Episodes) == 0 {
		s.Episodes = nil
	}
	return s.MarshalMsg(append(dst, keyed.StateVersion))
}

// Card describes nothing: places are not ranked.
func (f *Fold) Card(string, *State) []byte { return nil }

// Fold applies e to s and tells fx what else it calls for. It depends on s and e only.
func (f *Fold) Fold(s *State, e *timeline.Entry, fx *keyed.Effects) {
	switch {
	case e.Kind == timeline.Signal:
		f.hit(s, e, fx)
	case e.Kind == timeline.Timer && e.Timer != nil:
		f.timer(s, e.Timer, fx)
	case e.Kind == timeline.Action && e.Action != nil:
		s.Now = max(s.Now, e.At)
		f.judge(s, e.Action, fx)
	}
}

// hit applies a customer's signal. A signal that names no place is kept for the archive only and leaves no state.
func (f *Fold) hit(s *State, e *timeline.Entry, fx *keyed.Effects) {
	var r signal.Report
	if _, err := r.UnmarshalMsg(e.Payload); err != nil || r.Place == "" {
		fx.Forget()
		return
	}
	s.Now = max(s.Now, e.At)
	h := Hit{Customer: r.Customer, Signal: r.Signal.Name, Channel: r.Signal.Channel, At: r.Signal.At, Reason: r.Signal.Reason}
	switch {
	case r.Gone:
		s.remove(h)
	case r.Signal.Negative():
		s.Total++
		s.insert(h)
	}
	if s.ForgetAt == 0 {
		s.ForgetAt = s.Now.Add(quiet)
		fx.Arm(timerForget, s.ForgetAt)
	}
	f.judge(s, nil, fx)
}

func (f *Fold) timer(s *State, t *timeline.TimerBody, fx *keyed.Effects) {
	switch {
	case t.Name == timerWake && t.Due == s.WakeAt:
		s.WakeAt, s.Now = 0, max(s.Now, t.Due)
		f.judge(s, nil, fx)
		if s.WakeAt == 0 {
			fx.Disarm(timerWake)
		}
	case t.Name == timerWake && s.WakeAt == 0:
		fx.Disarm(timerWake)
	case t.Name == timerForget && t.Due == s.ForgetAt:
		s.ForgetAt = 0
		if gone := s.Now.Add(quiet); gone > t.Due {
			s.ForgetAt = gone
			fx.Arm(timerForget, gone)
			return
		}
		fx.Disarm(timerForget)
		fx.Disarm(timerWake)
		fx.Forget()
	}
}

// judge lets the rules look and arms the next wake.
func (f *Fold) judge(s *State, act *timeline.ActionBody, fx *keyed.Effects) {
	s.prune()
	if f.watcher == nil {
		return
	}
	changes, wake := f.watcher.Watch(s, act)
	for _, c := range changes {
		fx.Alert(c)
	}
	if wake <= s.Now {
		wake = 0
	}
	if wake == s.WakeAt {
		return
	}
	s.WakeAt = wake
	if wake == 0 {
		fx.Disarm(timerWake)
	} else {
		fx.Arm(timerWake, wake)
	}
}

// insert adds a hit in (At, Customer, Signal) order; a later one of the same customer and signal replaces the earlier.
func (s *State) insert(h Hit) {
	for i := range s.Hits {
		if s.Hits[i].Customer == h.Customer && s.Hits[i].Signal == h.Signal {
			if s.Hits[i].At > h.At {
				return
			}
			s.Hits = slices.Delete(s.Hits, i, i+1)
			break
		}
	}
	i, _ := slices.BinarySearchFunc(s.Hits, h, compareHits)
	s.Hits = slices.Insert(s.Hits, i, h)
}

// remove takes a hit back that later evidence disproved.
func (s *State) remove(h Hit) {
	s.Hits = slices.DeleteFunc(s.Hits, func(o Hit) bool {
		return o.Customer == h.Customer && o.Signal == h.Signal && o.At == h.At
	})
}

// prune drops what is too old or too much.
func (s *State) prune() {
	if len(s.Hits) == 0 {
		return
	}
	oldest := max(s.Hits[len(s.Hits)-1].At, s.Now).Add(-Keep)
	s.Hits = slices.DeleteFunc(s.Hits, func(h Hit) bool { return h.At < oldest })
	if len(s.Hits) > MaxHits {
		s.Hits = slices.Delete(s.Hits, 0, len(s.Hits)-MaxHits)
	}
}

func compareHits(a, b Hit) int {
	if a.At != b.At {
		if a.At < b.At {
			return -1
		}
		return 1
	}
	if c := strings.Compare(string(a.Customer), string(b.Customer)); c != 0 {
		return c
	}
	return strings.Compare(a.Signal, b.Signal)
}

// Customers counts the distinct customers with a hit at or after since.
func (s *State) Customers(since touchpoint.Millis) int {
	seen := map[touchpoint.CustomerID]bool{}
	for i := range s.Hits {
		if s.Hits[i].At >= since {
			seen[s.Hits[i].Customer] = true
		}
	}
	return len(seen)
}
