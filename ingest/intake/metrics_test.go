package intake

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestARawPartitionThatIsGivenAwayIsNoLongerExported(t *testing.T) {
	w, metrics, heirs := newWorld(t), NewMetrics(nil), NewMetrics(nil)
	w.send(w.website, fmt.Sprintf(byCookie, 1))
	stop := w.startAs(func(o *Options) { o.Metrics = metrics })
	topics := func(m *Metrics) int { return testutil.CollectAndCount(m.upTo) }
	w.until("all raw partitions are exported", func() bool { return topics(metrics) == 3 && testutil.CollectAndCount(metrics.consumerLag) == 1 })
	stopHeir := w.startAs(func(o *Options) { o.Metrics = heirs })
	defer stopHeir()
	stop()
	if n, lags := topics(metrics), testutil.CollectAndCount(metrics.consumerLag); n != 0 || lags != 0 {
		t.Errorf("a process without partitions exports the progress of %d and the lag of %d", n, lags)
	}
	w.until("the heir exports all", func() bool { return topics(heirs) == 3 })
}
