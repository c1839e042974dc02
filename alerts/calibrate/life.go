package calibrate

import (
	"bytes"
	"container/heap"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"touchwatch/alerts/alert"
	"touchwatch/alerts/desk"
	"touchwatch/ingest/decode"
	"touchwatch/ingest/identity"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
	"touchwatch/processors/place"
)

// life is one run of a world through the stages.
type life struct {
	annotate  func(*touchpoint.Touchpoint)
	names     *identity.Map
	customers *stage[customer.State]
	places    *stage[place.State]
	hear      func(alert.Alert)
}

func newLife(o *Options, hear func(alert.Alert)) *life {
	return &life{
		annotate: o.Annotate, names: identity.NewMap(map[touchpoint.Alias]identity.Link{}), hear: hear,
		customers: newStage(customer.NewFold(o.Detectors, desk.Customers(o.Rules), customer.DefaultRetention), func(s *customer.State) touchpoint.Millis { return s.WakeAt }),
		places:    newStage(place.NewFold(desk.Places(o.Rules)), func(s *place.State) touchpoint.Millis { return s.WakeAt }),
	}
}

// stage is the subjects of one fold and when they want to be woken. Nobody is forgotten within a run.
type stage[S any] struct {
	logic  keyed.Logic[S]
	wake   func(*S) touchpoint.Millis
	states map[string]*S
	due    timers
	offset int64
}

func newStage[S any](logic keyed.Logic[S], wake func(*S) touchpoint.Millis) *stage[S] {
	return &stage[S]{logic: logic, wake: wake, states: map[string]*S{}}
}

// fold applies an entry and returns its effects.
func (s *stage[S]) fold(e *timeline.Entry) *keyed.Effects {
	state := s.states[e.Subject]
	if state == nil {
		state = s.logic.New(e.Subject)
		s.states[e.Subject] = state
	}
	before := s.wake(state)
	fx := keyed.NewEffects()
	fx.Begin(e.Subject, s.offset)
	s.offset++
	s.logic.Fold(state, e, fx)
	if due := s.wake(state); due != 0 && due != before {
		heap.Push(&s.due, timer{due, e.Subject})
	}
	return fx
}

// next returns when the next timer that still stands comes due, and the largest moment there is when none does.
func (s *stage[S]) next() touchpoint.Millis {
	for len(s.due) > 0 {
		if t := s.due[0]; s.wake(s.states[t.subject]) == t.at {
			return t.at
		}
		heap.Pop(&s.due)
	}
	return never
}

const never = touchpoint.Millis(math.MaxInt64)

// fire lets the next timer act.
func (s *stage[S]) fire() *keyed.Effects {
	t := heap.Pop(&s.due).(timer)
	return s.fold(&timeline.Entry{Kind: timeline.Timer, Subject: t.subject, At: t.at, Timer: &timeline.TimerBody{Name: "wake", Due: t.at}})
}

// record takes in a raw record as ingest does and returns how many touchpoints it held.
func (l *life) record(r *simulator.Record, offset int64) (int, error) {
	header := func(name string) string {
		for _, h := range r.Headers {
			if h.Key == name {
				return string(h.Value)
			}
		}
		return ""
	}
	received := touchpoint.MillisOf(r.At)
	if err := l.pass(received); err != nil {
		return 0, err
	}
	found := decode.Decode(decode.Record{Topic: r.Topic, Offset: offset, Value: r.Value, Headers: header}, decode.DefaultFormat(r.Topic)).Touchpoints
	for i := range found {
		t := &found[i]
		t.ReceivedAt, t.OccurredAt = received, min(t.OccurredAt, received)
		t.Customer = l.names.Resolve(t)
		l.annotate(t)
		l.absorb(l.customers.fold(&timeline.Entry{Kind: timeline.Touchpoint, Subject: string(t.Customer), At: received, Source: t.Source, Touchpoint: t}))
	}
	return len(found), nil
}

// maxTimers bounds what one step of time may set off.
const maxTimers = 1_000_000

// pass lets time run to a moment: timers come due one by one, at the same moment customers' before places'.
func (l *life) pass(to touchpoint.Millis) error {
	for range maxTimers {
		customer, place := l.customers.next(), l.places.next()
		switch {
		case customer <= to && customer <= place:
			l.absorb(l.customers.fire())
		case place <= to:
			l.absorb(l.places.fire())
		default:
			return nil
		}
	}
	return fmt.Errorf("over %d timers came due before %s: a timer arms itself again and again", maxTimers, to.At().Format(time.RFC3339))
}

// absorb passes alerts on and hands signals to their places, as the relay does.
func (l *life) absorb(fx *keyed.Effects) {
	fx.Outbox(func(kind, key string, body []byte) {
		switch kind {
		case keyed.OutAlert:
			var a alert.Alert
			if json.Unmarshal(body, &a) == nil {
				l.hear(a)
			}
		case keyed.OutSignal:
			at, payload, _ := bytes.Cut(body, []byte(" "))
			l.absorb(l.places.fold(&timeline.Entry{Kind: timeline.Signal, Subject: key, At: millis(at), Payload: payload}))
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

// timer is when a subject wants to be woken.
type timer struct {
	at      touchpoint.Millis
	subject string
}

// timers is a heap.Interface: the earliest first, of two at one moment the first subject by name.
type timers []timer

func (t timers) Len() int { return len(t) }
func (t timers) Less(i, j int) bool {
	return t[i].at < t[j].at || t[i].at == t[j].at && t[i].subject < t[j].subject
}
func (t timers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }

// Push implements heap.Interface.
func (t *timers) Push(x any) { *t = append(*t, x.(timer)) }

// Pop implements heap.Interface.
func (t *timers) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}
