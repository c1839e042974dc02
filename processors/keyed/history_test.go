package keyed

import (
	"context"
	"slices"
	"testing"
	"time"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

func TestAHistoryStaysBoundedAndKeepsTheLatest(t *testing.T) {
	const bound, batch = 20, 9
	w := newWorld(t)
	ctx := context.Background()
	keys := NewKeys(CustomerPrefix, 0)
	var next int64
	feed := func(worker *worker[ballast]) {
		t.Helper()
		records := make([]stream.Record, batch)
		for i := range records {
			records[i] = record(t, next, "cus_1")
			next++
		}
		if err := worker.apply(ctx, fetched{Batch: stream.Batch{Records: records, Next: next, HighWatermark: next}, started: time.Now()}); err != nil {
			t.Fatal(err)
		}
		kept, err := w.redis.LRange(ctx, keys.History("cus_1"), 0, -1).Result()
		if err != nil {
			t.Fatal(err)
		}
		if least := min(int(next), bound); len(kept) < least || len(kept) > bound+historySlack+batch {
			t.Fatalf("%d of %d entries are remembered, want %d to %d", len(kept), next, least, bound+historySlack+batch)
		}
		slices.Reverse(kept)
		for i, body := range kept {
			e, err := timeline.Decode([]byte(body))
			if err != nil || e.Touchpoint == nil || e.Touchpoint.OccurredAt != touchpoint.Millis(next-1-int64(i)) {
				t.Fatalf("the %d-th newest of %d is %+v, %v", i, next, e, err)
			}
		}
	}
	first := w.ballasted(bound)
	for range 12 {
		feed(first)
	}
	feed(w.ballasted(bound)) // knows nothing of how long the history is, and trims it at once
	if n := w.redis.LLen(ctx, keys.History("cus_1")).Val(); n != bound {
		t.Errorf("a worker that took the partition anew left %d entries, want %d", n, bound)
	}
}
