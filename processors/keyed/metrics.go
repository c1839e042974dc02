package keyed

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the runtime's numbers. One set serves all runtimes of a process.
type Metrics struct {
	entries, misses, repeats, timers, alerts, fetchErrors, relayErrors prometheus.Counter
	rejected, stuck                                                    prometheus.Counter
	sessions                                                           *prometheus.CounterVec
	flushSeconds                                                       prometheus.Histogram
	outbox, consumerLag                                                *prometheus.GaugeVec
}

// NewMetrics registers the runtime's metrics; a nil registerer registers none. stage labels them, such as "customers".
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "touchwatch_keyed_" + name, Help: help})
	}
	m := &Metrics{
		entries:      counter("entries_total", "Timeline entries applied. Standing still while the lag grows: the stage is stuck, see its log."),
		misses:       counter("state_misses_total", "States read from Redis because memory had none. Close to entries_total: give the stage more cache."),
		repeats:      counter("repeats_total", "Entries skipped because their source was applied before. Rises after a crash or a failed write upstream; harmless."),
		timers:       counter("timers_total", "Timers that came due and were appended to the timeline. Standing still for long: no progress of the raw topics is reached, see stalled partitions; a jump: a backlog was caught up with."),
		alerts:       counter("alert_changes_total", "Alerts that changed. A jump: many customers are in trouble, or a rule is too eager."),
		fetchErrors:  counter("fetch_errors_total", "Failed fetches. Rises while the broker cannot be reached."),
		relayErrors:  counter("relay_errors_total", "Failed writes from the outbox to Kafka; they are repeated. Rises while the broker cannot be reached."),
		rejected:     counter("flushes_rejected_total", "Flushes refused because another owner had the partition. A few with every rebalance; rising all the time: two members take a partition from each other."),
		stuck:        counter("stuck_total", "Workers left behind because they made no progress for limits.stuck. Any: a fold hangs, the log names partition and offset; after three of one partition it stands still."),
		sessions:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "touchwatch_keyed_session_ends_total", Help: "Times a worker read its partition again, by reason. 'halted' needs a person, see touchwatch_partition_halted; 'error' rising: Redis or Kafka does not answer."}, []string{"reason"}),
		flushSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "touchwatch_keyed_flush_seconds", Help: "Duration of the atomic write. Rising: Redis is slow or far away.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
		outbox:       prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "touchwatch_keyed_outbox_entries", Help: "Entries in the outbox. Rising: Kafka does not take them; at 100,000 the partition stops applying."}, []string{"topic", "partition"}),
		consumerLag:  prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "touchwatch_kafka_consumer_lag_messages", Help: "Entries written but not yet applied. Rising: this stage is too slow or stuck."}, []string{"topic", "partition"}),
	}
	for _, reason := range []string{"held_by_other", "lost", "halted", "error"} {
		m.sessions.WithLabelValues(reason)
	}
	if reg != nil {
		reg.MustRegister(m.entries, m.misses, m.repeats, m.timers, m.alerts, m.fetchErrors, m.relayErrors, m.rejected, m.stuck, m.sessions, m.flushSeconds, m.outbox, m.consumerLag)
	}
	return m
}

// gone deletes what is told of a partition that this process no longer works on: its last values would stand beside the true ones of
// another process for ever.
func (m *Metrics) gone(topic string, partition int) {
	p := strconv.Itoa(partition)
	m.outbox.DeleteLabelValues(topic, p)
	m.consumerLag.DeleteLabelValues(topic, p)
}

func (m *Metrics) lag(topic string, partition int, n int64) {
	m.consumerLag.WithLabelValues(topic, strconv.Itoa(partition)).Set(float64(max(n, 0)))
}
