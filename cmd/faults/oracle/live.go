package oracle

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
	"touchwatch/processors/place"
)

// historyKept is how many touchpoints of a customer are kept at least: the shipped bound.
const historyKept = 50

// compareLive checks what Redis has beside states: the timers that are armed, the customers who are listed as at risk, and the latest
// touchpoints of each.
func (o *Oracle) compareLive(ctx context.Context, customers map[string]*customer.State, places map[string]*place.State) error {
	armed, ranked := map[string]touchpoint.Millis{}, map[string]bool{}
	for id, s := range customers {
		arm(armed, id, s.WakeAt, s.ForgetAt)
		if s.Ranked {
			ranked[id] = true
		}
	}
	if err := o.compareTimers(ctx, keyed.CustomerPrefix, o.TimelinePartitions, armed); err != nil {
		return err
	}
	armed = map[string]touchpoint.Millis{}
	for id, s := range places {
		arm(armed, id, s.WakeAt, s.ForgetAt)
	}
	if err := o.compareTimers(ctx, keyed.PlacePrefix, o.PlacePartitions, armed); err != nil {
		return err
	}
	if err := o.compareRisk(ctx, ranked); err != nil {
		return err
	}
	return o.compareHistories(ctx, customers)
}

// arm notes a subject's timers as Redis names them; zero is a timer that is not armed.
func arm(armed map[string]touchpoint.Millis, id string, wake, forget touchpoint.Millis) {
	for name, due := range map[string]touchpoint.Millis{"wake": wake, "forget": forget} {
		if due != 0 {
			armed[id+"\x00"+name] = due
		}
	}
}

// compareTimers checks that a stage's timers are those of its states, and due when these say.
func (o *Oracle) compareTimers(ctx context.Context, prefix string, partitions int, want map[string]touchpoint.Millis) error {
	n := 0
	for p := range partitions {
		timers, err := o.Redis.ZRangeWithScores(ctx, keyed.NewKeys(prefix, p).Timers(), 0, -1).Result()
		if err != nil {
			return fmt.Errorf("read timers of partition %d: %w", p, err)
		}
		for _, z := range timers {
			member, _ := z.Member.(string)
			if due := touchpoint.Millis(z.Score); want[member] != due {
				return fmt.Errorf("timer %q of partition %d is due at %d, the fold says %d", member, p, due, want[member])
			}
			n++
		}
	}
	if n != len(want) {
		return fmt.Errorf("%d timers of %q are armed, the fold has %d", n, prefix, len(want))
	}
	return nil
}

// compareRisk checks who is listed as at risk.
func (o *Oracle) compareRisk(ctx context.Context, want map[string]bool) error {
	n := 0
	for p := range o.TimelinePartitions {
		listed, err := o.Redis.ZRange(ctx, keyed.NewKeys(keyed.CustomerPrefix, p).Risk(), 0, -1).Result()
		if err != nil {
			return fmt.Errorf("read who is at risk in partition %d: %w", p, err)
		}
		for _, id := range listed {
			if !want[id] {
				return fmt.Errorf("customer %s is listed as at risk, the fold does not say so", id)
			}
		}
		n += len(listed)
	}
	if n != len(want) {
		return fmt.Errorf("%d customers are listed as at risk, the fold has %d", n, len(want))
	}
	return nil
}

// compareHistories checks that the latest touchpoints of every customer are those of the timeline, each once and in its order.
func (o *Oracle) compareHistories(ctx context.Context, customers map[string]*customer.State) error {
	for p := range o.TimelinePartitions {
		want := map[string][]touchpoint.ID{}
		seen := map[touchpoint.ID]bool{}
		err := o.read(ctx, o.Timeline, p, func(e *timeline.Entry, _ int64) error {
			if t := e.Touchpoint; t != nil && e.Kind == timeline.Touchpoint && t.Channel != touchpoint.CRM && customers[e.Subject] != nil && !seen[t.ID] {
				seen[t.ID] = true
				want[e.Subject] = append(want[e.Subject], t.ID)
			}
			return nil
		})
		if err != nil {
			return err
		}
		keys, pipe := keyed.NewKeys(keyed.CustomerPrefix, p), o.Redis.Pipeline()
		replies := map[string]*redis.StringSliceCmd{}
		for id := range want {
			replies[id] = pipe.LRange(ctx, keys.History(id), -historyKept, -1)
		}
		if _, err := pipe.Exec(ctx); err != nil && len(replies) > 0 {
			return fmt.Errorf("read histories of partition %d: %w", p, err)
		}
		for id, reply := range replies {
			if err := sameHistory(reply.Val(), want[id]); err != nil {
				return fmt.Errorf("history of %s: %w", id, err)
			}
		}
	}
	return nil
}

// sameHistory compares the end of what is remembered with the end of what happened.
func sameHistory(stored []string, want []touchpoint.ID) error {
	want = want[max(0, len(want)-historyKept):]
	got := make([]touchpoint.ID, len(stored))
	for i, body := range stored {
		e, err := timeline.Decode([]byte(body))
		if err != nil {
			return err
		}
		if e.Touchpoint != nil {
			got[i] = e.Touchpoint.ID
		}
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("it ends with the %d touchpoints %v, the timeline with the %d %v", len(got), got, len(want), want)
	}
	return nil
}
