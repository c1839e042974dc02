package intake

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"touchwatch/ingest/touchpoint"
)

// Metrics are the stage's numbers.
type Metrics struct {
	consumed, rejects                               *prometheus.CounterVec
	skipped, conflicts, gaps, resent, produceErrors prometheus.Counter
	consumerLag, upTo                               *prometheus.GaugeVec
	eventLag                                        prometheus.Histogram
}

// NewMetrics registers the stage's metrics; a nil registerer registers none.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "touchwatch_ingest_" + name, Help: help})
	}
	m := &Metrics{
		consumed:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "touchwatch_events_consumed_total", Help: "Touchpoints written to the timeline. A channel standing still: its source stopped sending."}, []string{"channel"}),
		rejects:       prometheus.NewCounterVec(prometheus.CounterOpts{Name: "touchwatch_events_rejected_total", Help: "Records sent to the dead topic. Rising: a source changed its format, see 'touchwatch dead list'."}, []string{"reason"}),
		skipped:       counter("skipped_total", "Events that by their nature say nothing about a customer, such as typing indicators. Harmless; rising with fewer touchpoints consumed: a source sends such events in place of what counts."),
		conflicts:     counter("identity_conflicts_total", "Aliases that two known customers claim, such as a shared phone. Rising: look at the CRM's data."),
		gaps:          counter("offset_gaps_total", "Raw partitions whose next record is not in the log. Needs a person: records were deleted unread or the topic is new."),
		resent:        counter("plans_resent_total", "Plans sent again after a crash or a lost write; their repeats are skipped. Harmless unless it keeps rising."),
		produceErrors: counter("produce_errors_total", "Failed writes to the timeline; they are repeated. Rising: the broker cannot be reached."),
		consumerLag:   prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "touchwatch_ingest_lag_messages", Help: "Raw records not yet in the timeline. Rising: ingest is too slow or stuck."}, []string{"topic", "partition"}),
		upTo:          prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "touchwatch_ingest_progress_timestamp_seconds", Help: "Time up to which everything received is in the timeline. Falling behind the clock: the source or ingest has stalled."}, []string{"topic", "partition"}),
		eventLag:      prometheus.NewHistogram(prometheus.HistogramOpts{Name: "touchwatch_event_lag_seconds", Help: "Time from a touchpoint's happening to its receipt. Rising: a source delivers late.", Buckets: prometheus.ExponentialBuckets(0.05, 3, 14)}),
	}
	for _, reason := range touchpoint.Reasons {
		m.rejects.WithLabelValues(string(reason))
	}
	for _, ch := range []touchpoint.Channel{touchpoint.Website, touchpoint.Chat, touchpoint.Social, touchpoint.Call, touchpoint.CRM} {
		m.consumed.WithLabelValues(string(ch))
	}
	if reg != nil {
		reg.MustRegister(m.consumed, m.rejects, m.skipped, m.conflicts, m.gaps, m.resent, m.produceErrors, m.consumerLag, m.upTo, m.eventLag)
	}
	return m
}

func (m *Metrics) rejected(r touchpoint.Reason) { m.rejects.WithLabelValues(string(r)).Inc() }

func (m *Metrics) sent(all []touchpoint.Touchpoint) {
	channels := map[touchpoint.Channel]int{}
	for i := range all {
		channels[all[i].Channel]++
		m.eventLag.Observe(all[i].ReceivedAt.Sub(all[i].OccurredAt).Seconds())
	}
	for channel, n := range channels {
		m.consumed.WithLabelValues(string(channel)).Add(float64(n))
	}
}

// gone deletes what is told of a raw partition that this process no longer works on: its last values would stand beside the true ones
// of another process for ever.
func (m *Metrics) gone(topic string, partition int) {
	p := strconv.Itoa(partition)
	m.consumerLag.DeleteLabelValues(topic, p)
	m.upTo.DeleteLabelValues(topic, p)
}

func (m *Metrics) lag(topic string, partition int, n int64) {
	m.consumerLag.WithLabelValues(topic, strconv.Itoa(partition)).Set(float64(max(n, 0)))
}

func (m *Metrics) progress(topic string, partition int, upTo touchpoint.Millis) {
	m.upTo.WithLabelValues(topic, strconv.Itoa(partition)).Set(float64(upTo) / 1000)
}
