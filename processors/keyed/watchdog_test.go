package keyed

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// hangingLogic is tallyLogic that hangs on one subject so many times.
type hangingLogic struct {
	tallyLogic
	left    *atomic.Int64
	release <-chan struct{}
}

const hangs = "cus_hangs"

func (l hangingLogic) Fold(s *tally, e *timeline.Entry, fx *Effects) {
	if e.Subject == hangs && l.left.Add(-1) >= 0 {
		<-l.release
	}
	l.tallyLogic.Fold(s, e, fx)
}

// hangingRuntime runs a runtime whose fold hangs so many times; what hangs is released when the test ends.
func hangingRuntime(t *testing.T, w *world, times int64, metrics *Metrics) *Runtime[tally] {
	t.Helper()
	var left atomic.Int64
	left.Store(times)
	release := make(chan struct{})
	rt := New(Options{
		Group: w.group, Topic: w.entries, Prefix: CustomerPrefix, Brokers: w.brokers, Kafka: w.client, Redis: w.redis,
		Session: 6 * time.Second, Stuck: 2 * time.Second, Log: slog.New(slog.DiscardHandler), Metrics: metrics,
	}, func(content []byte) (Logic[tally], error) {
		return hangingLogic{tallyLogic{string(content)}, &left, release}, nil
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := rt.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done; close(release) })
	return rt
}

func TestAPartitionWhoseFoldHangsIsLetGoAndReadAgain(t *testing.T) {
	w, metrics := newWorld(t), NewMetrics(nil)
	var other string // of the other partition
	for _, s := range subjects(50) {
		if timeline.Partition(s, partitions) != timeline.Partition(hangs, partitions) {
			other = s
		}
	}
	w.append([]string{hangs, other}, 0, 5)
	rt := hangingRuntime(t, w, 1, metrics)
	w.until("the other partition goes on", func() bool { s := w.state(other); return s != nil && s.N == 1 })
	w.until("readiness names the partition", func() bool {
		return strings.Contains(rt.Halted(), "no progress for 2s at offset 0")
	})
	w.until("the entry takes effect once", func() bool { s := w.state(hangs); return s != nil && s.N == 1 && s.Sum == touchpoint.Millis(5) })
	w.until("readiness is clear again", func() bool { return rt.Halted() == "" })
	if n := testutil.ToFloat64(metrics.stuck); n != 1 {
		t.Errorf("%v stuck workers are counted, want 1", n)
	}
}

func TestAStuckPartitionHasNoOwner(t *testing.T) {
	w := newWorld(t)
	w.append([]string{hangs}, 0, 5)
	hangingRuntime(t, w, 100, NewMetrics(nil))
	keys := keysOf(hangs)
	w.until("it is owned", func() bool { return w.redis.Exists(context.Background(), keys.Owner()).Val() == 1 })
	w.until("nobody owns it", func() bool { return w.redis.Exists(context.Background(), keys.Owner()).Val() == 0 })
	if s := w.state(hangs); s != nil {
		t.Errorf("what the stuck worker held was written: %+v", s)
	}
}
