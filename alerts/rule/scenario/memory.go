package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"touchwatch/alerts/alert"
	"touchwatch/alerts/desk"
	"touchwatch/alerts/rule"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
	"touchwatch/processors/place"
	"touchwatch/processors/signal"
)

// Memory is a World of the real folds with all states in memory.
type Memory struct {
	customers *stage[customer.State]
	places    *stage[place.State]
	annotate  func(*touchpoint.Touchpoint)
	now       touchpoint.Millis
	told      []alert.Alert
}

// NewMemory returns an empty world with these rules and detectors. annotate judges a text before the touchpoint is applied,
// as ingest does; nil leaves texts alone.
func NewMemory(set *rule.Set, detectors []signal.Detector, annotate func(*touchpoint.Touchpoint)) *Memory {
	return &Memory{
		customers: newStage(customer.NewFold(detectors, desk.Customers(set), customer.DefaultRetention), customerDue),
		places:    newStage(place.NewFold(desk.Places(set)), placeDue),
		annotate:  annotate,
	}
}

// stage is the subjects of one fold.
type stage[S any] struct {
	logic  keyed.Logic[S]
	states map[string]*S
	due    func(*S) []timeline.TimerBody
	offset int64
}

func newStage[S any](logic keyed.Logic[S], due func(*S) []timeline.TimerBody) *stage[S] {
	return &stage[S]{logic: logic, states: map[string]*S{}, due: due}
}

// fold applies an entry and returns its effects.
func (s *stage[S]) fold(e *timeline.Entry) *keyed.Effects {
	state := s.states[e.Subject]
	if state == nil {
		state = s.logic.New(e.Subject)
		s.states[e.Subject] = state
	}
	fx := keyed.NewEffects()
	fx.Begin(e.Subject, s.offset)
	s.offset++
	s.logic.Fold(state, e, fx)
	if fx.Forgotten(e.Subject) {
		delete(s.states, e.Subject)
	}
	return fx
}

// next returns the timer that comes due first, of several at one moment that of the first subject by name.
func (s *stage[S]) next() (subject string, timer timeline.TimerBody, ok bool) {
	for id, state := range s.states {
		for _, t := range s.due(state) {
			if !ok || t.Due < timer.Due || (t.Due == timer.Due && id < subject) {
				subject, timer, ok = id, t, true
			}
		}
	}
	return subject, timer, ok
}

func customerDue(s *customer.State) []timeline.TimerBody { return armed(s.WakeAt, s.ForgetAt) }
func placeDue(s *place.State) []timeline.TimerBody       { return armed(s.WakeAt, s.ForgetAt) }

// armed lists a state's timers under the names that the folds give them.
func armed(wake, forget touchpoint.Millis) []timeline.TimerBody {
	var timers []timeline.TimerBody
	if wake != 0 {
		timers = append(timers, timeline.TimerBody{Name: "wake", Due: wake})
	}
	if forget != 0 {
		timers = append(timers, timeline.TimerBody{Name: "forget", Due: forget})
	}
	return timers
}

// Apply implements World.
func (m *Memory) Apply(t *touchpoint.Touchpoint) ([]alert.Alert, error) {
	if err := t.Validate(t.ReceivedAt, 0); err != nil {
		return nil, err
	}
	if err := m.pass(t.ReceivedAt); err != nil {
		return nil, err
	}
	if m.annotate != nil && t.Mood == nil {
		m.annotate(t)
	}
	fx := m.customers.fold(&timeline.Entry{Kind: timeline.Touchpoint, Subject: string(t.Customer), At: t.ReceivedAt, Touchpoint: t})
	return m.tell(fx)
}

// Advance implements World.
func (m *Memory) Advance(to touchpoint.Millis) ([]alert.Alert, error) {
	if err := m.pass(to); err != nil {
		return nil, err
	}
	return m.tell(nil)
}

// Act implements World.
func (m *Memory) Act(subject string, at touchpoint.Millis, act timeline.ActionBody) ([]alert.Alert, error) {
	if err := m.pass(at); err != nil {
		return nil, err
	}
	e := &timeline.Entry{Kind: timeline.Action, Subject: subject, At: at, Action: &act}
	if _, known := m.customers.states[subject]; known {
		return m.tell(m.customers.fold(e))
	}
	if _, known := m.places.states[subject]; known {
		return m.tell(m.places.fold(e))
	}
	return nil, fmt.Errorf("nothing is known of %s", subject)
}

// maxTimers bounds what one step of time may set off.
const maxTimers = 100_000

// pass lets time run to a moment: timers come due one by one, customers' before places'.
func (m *Memory) pass(to touchpoint.Millis) error {
	if to < m.now {
		return errors.New("time does not run back")
	}
	for range maxTimers {
		subject, timer, ok := m.customers.next()
		place, placeTimer, placeOK := m.places.next()
		switch {
		case ok && timer.Due <= to && (!placeOK || timer.Due <= placeTimer.Due):
			m.absorb(m.customers.fold(timerEntry(subject, timer)))
		case placeOK && placeTimer.Due <= to:
			m.absorb(m.places.fold(timerEntry(place, placeTimer)))
		default:
			m.now = to
			return nil
		}
	}
	return fmt.Errorf("over %d timers came due before %s: a timer arms itself again and again", maxTimers, to.At())
}

func timerEntry(subject string, t timeline.TimerBody) *timeline.Entry {
	return &timeline.Entry{Kind: timeline.Timer, Subject: subject, At: t.Due, Timer: &t}
}

// tell takes the effects in and returns what was told since the last time.
func (m *Memory) tell(fx *keyed.Effects) ([]alert.Alert, error) {
	if fx != nil {
		m.absorb(fx)
	}
	told := m.told
	m.told = nil
	return told, nil
}

// absorb notes the alerts and hands the signals to the places, as the relay does.
func (m *Memory) absorb(fx *keyed.Effects) {
	fx.Outbox(func(kind, key string, body []byte) {
		switch kind {
		case keyed.OutAlert:
			var a alert.Alert
			if json.Unmarshal(body, &a) == nil {
				m.told = append(m.told, a)
			}
		case keyed.OutSignal:
			at, payload, _ := bytes.Cut(body, []byte(" "))
			m.absorb(m.places.fold(&timeline.Entry{Kind: timeline.Signal, Subject: key, At: millis(at), Payload: slices.Clone(payload)}))
		}
	})
}

func millis(digits []byte) touchpoint.Millis {
	var m touchpoint.Millis
	for _, d := range digits {
		m = m*10 + touchpoint.Millis(d-'0')
	}
	return m
}
