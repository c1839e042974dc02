package simulator_test

import (
	"testing"
	"time"

	"touchwatch/ingest/simulator"
)

func TestASettledWorldHasReturnedWhatItsTruthCounts(t *testing.T) {
	w := simulator.New(simulator.Options{Seed: 1, Rate: 200, TroubleShare: 0.2, Start: time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC)})
	sent := func() (n int64) {
		for _, of := range w.Truth().Sent {
			n += of
		}
		return n
	}
	const enough, most = 3, 300_000
	between := 0
	for returned := int64(1); between < enough; returned++ {
		w.Next()
		if !w.Settled() {
			if between++; sent() <= returned {
				t.Fatalf("after %d records the world is not settled, but counts %d", returned, sent())
			}
		} else if returned%1000 == 0 && sent() != returned {
			t.Fatalf("a settled world returned %d records and counts %d", returned, sent())
		}
		if returned == most {
			t.Fatalf("only %d moments of %d records made several at once: the test shows nothing", between, most)
		}
	}
}
