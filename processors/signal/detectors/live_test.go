package detectors

import (
	"strings"
	"testing"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// A call is told turn by turn, by timers in between, and by its end; at no moment may it count twice, and what was silence
// while the call went on must still be silence, or be gone, when the record comes.
func TestACallThatIsToldLiveCountsOnce(t *testing.T) {
	c := newCustomer()
	at := func(offset time.Duration, kind touchpoint.Kind, id string, attrs map[string]string, lasts time.Duration) {
		tp := touchpoint.Touchpoint{
			ID: touchpoint.ID(id), Kind: kind, Channel: touchpoint.Call, OccurredAt: start.Add(offset), Place: touchpoint.Place{Thread: "c1"},
			Attrs: attrs, Duration: touchpoint.Millis(lasts.Milliseconds()),
		}
		c.see(&tp, tp.OccurredAt.Add(lasts))
	}
	named := func(name string) (found []signal.Signal) {
		for _, g := range c.signals {
			if g.Name == name {
				found = append(found, g)
			}
		}
		return found
	}
	role := func(r string) map[string]string { return map[string]string{"role": r} }
	at(0, touchpoint.CallAnswered, "a", nil, 0)
	at(time.Second, touchpoint.CallTurn, "b", role("agent"), 4*time.Second)
	at(6*time.Second, touchpoint.CallTurn, "c", role("customer"), 10*time.Second)
	if len(named("dead_air")) != 0 {
		t.Fatal("silence before there was any")
	}
	c.finish(start.Add(62 * time.Second))
	if live := named("dead_air"); len(live) != 1 || live[0].At != start.Add(61*time.Second) || !strings.Contains(live[0].Reason, "has spoken") {
		t.Fatalf("nobody spoke for 46 s: %+v", live)
	}
	at(20*time.Second, touchpoint.CallTurn, "d", role("agent"), 43*time.Second) // it was a long turn after all
	if gone := named("dead_air"); len(gone) != 0 {
		t.Fatalf("somebody spoke all the time: %+v", gone)
	}
	at(90*time.Second, touchpoint.CallTurn, "e", role("customer"), 3*time.Second)
	at(95*time.Second, touchpoint.CallEnded, "f", map[string]string{"reason": "completed", "longest_silence_ms": "26000"}, 95*time.Second)
	at(95*time.Second, touchpoint.CallRecord, "g", map[string]string{"reason": "completed", "longest_silence_ms": "31000"}, 95*time.Second)
	if all := named("dead_air"); len(all) != 1 || !strings.Contains(all[0].Reason, "31 s") {
		t.Fatalf("want one, by the record, which says most: %+v", all)
	}
}
