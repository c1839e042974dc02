package oracle

import (
	"testing"
	"time"

	"touchwatch/ingest/decode"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/touchpoint"
)

func TestTheRecordsOfAWorldHoldEveryTouchpointOfItsTruth(t *testing.T) {
	options := simulator.Options{Seed: 4, Customers: 40, Rate: 50, Start: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), TroubleShare: 0.1, Duplicates: 0.2}
	for n := int64(300); n < 420; n++ {
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
				t.Fatalf("after %d records the truth owns %s, which no record holds", n, id)
			}
		}
		if len(held) != len(w.Truth.Owners) {
			t.Fatalf("after %d records %d touchpoints are held, %d owned", n, len(held), len(w.Truth.Owners))
		}
	}
}
