package archive

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the archive's numbers.
type Metrics struct {
	rows, errors                *prometheus.CounterVec
	minutes, gaps, yielded      prometheus.Counter
	insertSeconds, countSeconds prometheus.Histogram
	up                          prometheus.Gauge
	behind                      *prometheus.GaugeVec
}

// NewMetrics registers the archive's metrics; a nil registerer registers none.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	buckets := prometheus.ExponentialBuckets(0.005, 2.5, 11)
	m := &Metrics{
		rows:          prometheus.NewCounterVec(prometheus.CounterOpts{Name: "touchwatch_archive_rows_total", Help: "Rows stored, by table; a repeat counts again. Standing still while touchpoints come: the archive is stuck, see its log."}, []string{"table"}),
		errors:        prometheus.NewCounterVec(prometheus.CounterOpts{Name: "touchwatch_archive_errors_total", Help: "Failed attempts at ClickHouse, by operation; each is repeated. Rising: ClickHouse is down, full or refuses a statement."}, []string{"operation"}),
		minutes:       prometheus.NewCounter(prometheus.CounterOpts{Name: "touchwatch_archive_recounts_total", Help: "Minutes counted anew. Rising much faster than time: late events or signals touch many old minutes."}),
		gaps:          prometheus.NewCounter(prometheus.CounterOpts{Name: "touchwatch_archive_gaps_total", Help: "Times records were gone before they were archived. Each is a hole in the history: keep the topics longer or ClickHouse up."}),
		yielded:       prometheus.NewCounter(prometheus.CounterOpts{Name: "touchwatch_archive_pauses_total", Help: "Times the archive stood back because alerts were late. Rising: the machine is too small for both; give the role archive a process elsewhere."}),
		insertSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "touchwatch_archive_insert_seconds", Help: "Duration of one insert. Rising: ClickHouse is slow or has too many parts.", Buckets: buckets}),
		countSeconds:  prometheus.NewHistogram(prometheus.HistogramOpts{Name: "touchwatch_archive_count_seconds", Help: "Duration of counting all dirty minutes. Rising: minutes come later, because counting waits three times as long.", Buckets: buckets}),
		up:            prometheus.NewGauge(prometheus.GaugeOpts{Name: "touchwatch_archive_up", Help: "1 while ClickHouse takes what the archive writes. 0: the archive lags, alerts do not."}),
		behind:        prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "touchwatch_archive_lag_messages", Help: "Records written to Kafka but not yet read by the archive. Rising: it is too slow or waits for ClickHouse."}, []string{"topic", "partition"}),
	}
	m.up.Set(1)
	for _, table := range []string{"customers", "touchpoints", "signals", "alerts"} {
		m.rows.WithLabelValues(table)
	}
	for _, operation := range []string{"migrate", "insert", "find minutes", "count"} {
		m.errors.WithLabelValues(operation)
	}
	if reg != nil {
		reg.MustRegister(m.rows, m.errors, m.minutes, m.gaps, m.yielded, m.insertSeconds, m.countSeconds, m.up, m.behind)
	}
	return m
}

// gone deletes what is told of a partition that this process no longer reads: its last value would stand beside the true one of another process.
func (m *Metrics) gone(topic string, partition int) {
	m.behind.DeleteLabelValues(topic, strconv.Itoa(partition))
}

func (m *Metrics) lag(topic string, partition int, n int64) {
	m.behind.WithLabelValues(topic, strconv.Itoa(partition)).Set(float64(max(n, 0)))
}
