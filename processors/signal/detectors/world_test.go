package detectors_test

import (
	"testing"
	"time"

	"touchwatch/ingest/decode"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
	"touchwatch/processors/signal/detectors"
	"touchwatch/processors/signal/settings"
	"touchwatch/processors/signal/text"
)

// TestWhoFallsBelow40IsInTrouble lives through some minutes of the simulator's world, which is written apart from the
// detectors, and asks the world who really was in trouble.
func TestWhoFallsBelow40IsInTrouble(t *testing.T) {
	options := simulator.Demo(7, time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC))
	options.Remember = true
	world := simulator.New(options)
	engine := text.Default()
	var points []touchpoint.Touchpoint
	for offset := int64(0); len(points) < 40_000; offset++ {
		for _, tp := range decoded(world.Next(), offset) {
			engine.Annotate(&tp)
			points = append(points, tp)
		}
	}
	truth := world.Truth()
	lowest := lived(points, truth.Owners)
	troubled := map[touchpoint.CustomerID]bool{}
	for _, trouble := range truth.Troubles {
		troubled[trouble.Customer] = true
	}
	right, wrong := 0, 0
	for id, score := range lowest {
		switch {
		case score >= 40:
		case troubled[id]:
			right++
		default:
			wrong++
			t.Logf("%s fell to %.1f and is not in trouble", id, score)
		}
	}
	t.Logf("%d customers, %d in trouble; below 40 fell %d of these and %d others", len(lowest), len(troubled), right, wrong)
	if right < 5 || wrong*10 > right+wrong {
		t.Errorf("below 40 fell %d customers in trouble and %d others", right, wrong)
	}
}

func decoded(r simulator.Record, offset int64) []touchpoint.Touchpoint {
	header := func(name string) string {
		for _, h := range r.Headers {
			if h.Key == name {
				return string(h.Value)
			}
		}
		return ""
	}
	found := decode.Decode(decode.Record{Topic: r.Topic, Offset: offset, Value: r.Value, Headers: header}, decode.DefaultFormat(r.Topic)).Touchpoints
	for i := range found {
		found[i].ReceivedAt = max(found[i].OccurredAt, touchpoint.MillisOf(r.At))
	}
	return found
}

// lived folds the touchpoints, with the timers that come due for each customer, and returns everybody's lowest score.
func lived(points []touchpoint.Touchpoint, owners map[touchpoint.ID]touchpoint.CustomerID) map[touchpoint.CustomerID]float64 {
	fold := customer.NewFold(detectors.New(settings.Default()), nil, customer.DefaultRetention)
	fx := keyed.NewEffects()
	all := map[touchpoint.CustomerID]*customer.State{}
	lowest := map[touchpoint.CustomerID]float64{}
	for i := range points {
		tp := &points[i]
		id := owners[tp.ID]
		if id == "" {
			continue // a profile
		}
		if all[id] == nil {
			all[id], lowest[id] = fold.New(string(id)), 100
		}
		s := all[id]
		apply := func(e timeline.Entry) {
			fx.Begin(string(s.ID), 0)
			e.Subject = string(s.ID)
			fold.Fold(s, &e, fx)
		}
		apply(timeline.Entry{Kind: timeline.Touchpoint, At: tp.ReceivedAt, Touchpoint: tp})
		for s.WakeAt != 0 && s.WakeAt <= s.Now {
			apply(timeline.Entry{Kind: timeline.Timer, At: s.WakeAt, Timer: &timeline.TimerBody{Name: "wake", Due: s.WakeAt}})
		}
		lowest[id] = min(lowest[id], s.Score(s.Now))
	}
	return lowest
}
