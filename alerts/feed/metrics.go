package feed

import "github.com/prometheus/client_golang/prometheus"

// Metrics are the feed's numbers.
type Metrics struct {
	alerts  prometheus.Counter
	beats   prometheus.Counter
	invalid prometheus.Counter
	reloads *prometheus.CounterVec
	latency prometheus.Histogram
}

// Reasons why a partition is loaded again.
var reloadReasons = []string{"owner", "gap", "rewound", "error"}

// NewMetrics registers the feed's metrics; a nil registerer registers none.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		alerts:  prometheus.NewCounter(prometheus.CounterOpts{Name: "touchwatch_feed_alerts_total", Help: "Alert changes read from the outboxes for the boards. Standing still while touchwatch_keyed_alert_changes_total rises: this node hears nothing, look at readiness and Redis."}),
		beats:   prometheus.NewCounter(prometheus.CounterOpts{Name: "touchwatch_feed_beats_total", Help: "Beats read for the boards. Standing still while touchpoints come in: the customers' stage or Redis is stuck."}),
		invalid: prometheus.NewCounter(prometheus.CounterOpts{Name: "touchwatch_feed_invalid_total", Help: "Entries that could not be decoded and were left out. Above zero: another version of the program writes; see the log."}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "touchwatch_feed_reloads_total", Help: "Times a partition was loaded as a whole again, by reason. gap rising: this node reads too slowly; rewound: Redis lost data."}, []string{"reason"}),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "touchwatch_alert_latency_seconds", Help: "Time from the receipt that changed an alert to its reading for the boards; due timers count from their due time. Rising: a stage lags, see the lags and the flush time. After an outage it shows how late the backlog's alerts came.", Buckets: prometheus.ExponentialBuckets(0.005, 2.5, 14)}),
	}
	for _, r := range reloadReasons {
		m.reloads.WithLabelValues(r)
	}
	if reg != nil {
		reg.MustRegister(m.alerts, m.beats, m.invalid, m.reloads, m.latency)
	}
	return m
}
