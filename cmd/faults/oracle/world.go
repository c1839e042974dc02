package oracle

import (
	"context"
	"fmt"

	"touchwatch/ingest/decode"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
	"touchwatch/processors/signal/text"
)

// World is what a simulated world sent: its truth, and its records in their order, profiles first.
type World struct {
	Truth   simulator.Truth
	Records []simulator.Record
}

// Sent makes the world of these options again, to know what a sender with the limit n has sent of another one of the same options: its profiles,
// its first n records, and the few that it made at the same moment as the last of them.
func Sent(options simulator.Options, n int64) World {
	options.Remember = true
	twin := simulator.New(options)
	records := twin.Profiles()
	for made := int64(0); made < n || !twin.Settled(); made++ {
		records = append(records, twin.Next())
	}
	return World{Truth: twin.Truth(), Records: records}
}

// CompareWithWorld is comparison (a): each touchpoint of the world took effect once, for the customer the world says, and the
// scores are those of the world folded in its own order.
func (o *Oracle) CompareWithWorld(ctx context.Context, w World) error {
	if err := o.compareOwners(ctx, w.Truth.Owners); err != nil {
		return err
	}
	stored, err := o.stored(ctx)
	if err != nil {
		return err
	}
	want, err := o.foldWorld(w, stored)
	if err != nil {
		return err
	}
	total := int64(0)
	for id, w := range want {
		s := stored[id]
		if s == nil {
			return fmt.Errorf("customer %s has no state", id)
		}
		total += s.Total
		at := max(s.Now, w.Now)
		if s.Total != w.Total || s.Score(at) != w.Score(at) {
			return fmt.Errorf("customer %s: %d touchpoints and score %v, the world says %d and %v\n got %+v\nwant %+v", id, s.Total, s.Score(at), w.Total, w.Score(at), s.Signals, w.Signals)
		}
	}
	if total != int64(len(w.Truth.Owners)) {
		return fmt.Errorf("touchpoints in all states: %d, the world made %d", total, len(w.Truth.Owners))
	}
	return nil
}

// compareOwners checks that the timeline holds the world's touchpoints, under their customers, and no others.
func (o *Oracle) compareOwners(ctx context.Context, owners map[touchpoint.ID]touchpoint.CustomerID) error {
	got := map[touchpoint.ID]touchpoint.CustomerID{}
	err := o.readAll(ctx, o.Timeline, o.TimelinePartitions, func(e *timeline.Entry) error {
		if t := e.Touchpoint; t != nil && t.Channel != touchpoint.CRM {
			got[t.ID] = touchpoint.CustomerID(e.Subject)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for id, owner := range owners {
		if got[id] != owner {
			return fmt.Errorf("touchpoint %s belongs to %q, the world says %s; the timeline has %d touchpoints, the world made %d", id, got[id], owner, len(got), len(owners))
		}
	}
	if len(got) != len(owners) {
		return fmt.Errorf("the timeline has %d touchpoints, the world made %d", len(got), len(owners))
	}
	return nil
}

// foldWorld folds what the world sent in the world's own order, without Kafka and Redis, and fires timers when they are due: between
// two touchpoints, and after the last one those that were fired for the customer in the run. (All of them at the end would be too late
// in a long run: what they wait for has left the windows by then.)
func (o *Oracle) foldWorld(w World, stored map[string]*customer.State) (map[string]*customer.State, error) {
	logic, err := o.Customers(o.Settings)
	if err != nil {
		return nil, err
	}
	engine, fx := text.Default(), keyed.NewEffects()
	all := map[string]*customer.State{}
	apply := func(id string, entry *timeline.Entry) {
		if all[id] == nil {
			all[id] = logic.New(id)
		}
		fx.Begin(id, 0)
		logic.Fold(all[id], entry, fx)
	}
	wake := func(id string, upTo touchpoint.Millis) {
		for s := all[id]; s != nil && s.WakeAt != 0 && s.WakeAt <= upTo; {
			apply(id, &timeline.Entry{Kind: timeline.Timer, Subject: id, At: s.WakeAt, Timer: &timeline.TimerBody{Name: "wake", Due: s.WakeAt}})
		}
	}
	for i := range w.Records {
		r := &w.Records[i]
		result := decode.Decode(decode.Record{Topic: r.Topic, Offset: int64(i), Value: r.Value, Headers: headers(r)}, decode.DefaultFormat(r.Topic))
		for j := range result.Touchpoints {
			t := &result.Touchpoints[j]
			owner := w.Truth.Owners[t.ID]
			if t.Channel == touchpoint.CRM {
				strongest, _ := touchpoint.Strongest(t.Aliases)
				owner = touchpoint.CustomerID(strongest.Value)
			}
			t.ReceivedAt = max(t.OccurredAt, touchpoint.MillisOf(r.At))
			engine.Annotate(t)
			wake(string(owner), t.ReceivedAt)
			apply(string(owner), &timeline.Entry{Kind: timeline.Touchpoint, Subject: string(owner), At: t.ReceivedAt, Touchpoint: t})
		}
	}
	for id := range all {
		if got := stored[id]; got != nil {
			wake(id, got.Now)
		}
	}
	return all, nil
}

// headers looks up a record's headers by name.
func headers(r *simulator.Record) func(string) string {
	return func(name string) string {
		for _, h := range r.Headers {
			if h.Key == name {
				return string(h.Value)
			}
		}
		return ""
	}
}
