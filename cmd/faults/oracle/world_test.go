package oracle

import (
	"testing"
	"time"

	"touchwatch/ingest/decode"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/touchpoint"
)

func TestTheRecordsOfAWorldHoldEveryTouchpointOfItsTruth(t *testing.T) {
	options := simulator.Options{Seed: 4, Customers: 400, Rate: 200, Start: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), TroubleShare: 0.2}
	n := amidAMoment(t, options)
	w := Sent(options, n)
	held := map[touchpoint.ID]bool{}
	for i := range w.Records {
		r := &w.Records[i]
		result := decode.Decode(decode.Record{Topic: r.Topic, Offset: int64(i), Value: r.Value, Headers: headers(r)}, decode.DefaultFormat(r.Topic))
		for j := range result.Touchpoints {
			if p := &result.Touchpoints[j]; p.Channel != touchpoint.CRM {
				held[p.ID] = true
			}
		}
	}
	for id := range w.Truth.Owners {
		if !held[id] {
			t.Errorf("after %d records the truth owns %s, which no record holds", n, id)
		}
	}
	if len(held) != len(w.Truth.Owners) {
		t.Errorf("after %d records %d touchpoints are held, %d owned", n, len(held), len(w.Truth.Owners))
	}
}

// amidAMoment finds a number of records after which the world has more of the same moment to hand out.
func amidAMoment(t *testing.T, options simulator.Options) int64 {
	t.Helper()
	options.Remember = true
	w := simulator.New(options)
	w.Profiles()
	for n := int64(1); n < 300_000; n++ {
		if w.Next(); !w.Settled() {
			return n
		}
	}
	t.Fatal("no moment made several records: the test shows nothing")
	return 0
}
