package keyed

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"touchwatch/ingest/fence"
	"touchwatch/ingest/touchpoint"
)

// exported are how many partitions a set of metrics tells of.
func exported(m *Metrics) (lags, outboxes int) {
	return testutil.CollectAndCount(m.consumerLag), testutil.CollectAndCount(m.outbox)
}

func TestAPartitionThatIsGivenAwayIsNoLongerExported(t *testing.T) {
	w, metrics, heirs := newWorld(t), NewMetrics(nil), NewMetrics(nil)
	stop := w.startAs(func(o *Options) { o.Metrics = metrics })
	w.append(subjects(20), 0, 5)
	all := func(m *Metrics) func() bool {
		return func() bool { lags, outboxes := exported(m); return lags == partitions && outboxes == partitions }
	}
	w.until("all partitions are exported", all(metrics))
	stopHeir := w.startAs(func(o *Options) { o.Metrics = heirs })
	defer stopHeir()
	w.until("each process exports its own partition", func() bool {
		lags, outboxes := exported(metrics)
		heirLags, heirOutboxes := exported(heirs)
		return lags == 1 && outboxes == 1 && heirLags == 1 && heirOutboxes == 1
	})
	stop()
	if lags, outboxes := exported(metrics); lags != 0 || outboxes != 0 {
		t.Errorf("a process without partitions exports %d lags and %d outboxes", lags, outboxes)
	}
	w.until("the heir exports all", all(heirs))
}

func TestAPartitionThatIsTakenAwayIsNoLongerExported(t *testing.T) {
	w, metrics := newWorld(t), NewMetrics(nil)
	stop := w.startAs(func(o *Options) { o.Metrics = metrics })
	defer stop()
	w.append(subjects(20), 0, 5)
	w.until("both partitions are exported", func() bool { lags, _ := exported(metrics); return lags == partitions })
	successor := fence.Token{Generation: 99, Member: "successor", Heartbeat: touchpoint.Millis(1) << 50}
	if err := w.redis.Set(context.Background(), keysOf("cus_1").Owner(), successor.String(), 0).Err(); err != nil {
		t.Fatal(err)
	}
	w.until("the lost partition is not exported", func() bool {
		lags, outboxes := exported(metrics)
		return lags == partitions-1 && outboxes == partitions-1
	})
}
