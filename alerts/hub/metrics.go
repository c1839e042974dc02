package hub

import "github.com/prometheus/client_golang/prometheus"

// Reasons why a connection ended, beside the codes of a Problem.
const (
	endClient = "client" // the client closed it
	endBroken = "broken" // the network, or a client that vanished
)

// Reasons why a connection was refused.
const (
	refusedOrigin    = "bad_origin"
	refusedFull      = "full"
	refusedClosing   = "shutting_down"
	refusedHandshake = "bad_handshake"
)

var endReasons = []string{
	endClient, endBroken, CodeBadMessage, CodeTooSlow, CodeTooLarge, CodeTooMany, CodeUnauthorized, CodeNoRequest, CodeTimeout, CodeShuttingDown,
}

var refusals = []string{refusedOrigin, refusedFull, refusedClosing, refusedHandshake}

// Metrics are the hub's numbers.
type Metrics struct {
	clients   prometheus.Gauge
	views     prometheus.Gauge
	deltas    prometheus.Counter
	sent      prometheus.Counter
	snapshots prometheus.Counter
	resumes   *prometheus.CounterVec
	ends      *prometheus.CounterVec
	refused   *prometheus.CounterVec
	broadcast prometheus.Histogram
}

// NewMetrics registers the hub's metrics; a nil registerer registers none.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		clients:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "touchwatch_live_clients", Help: "Boards connected now. A sudden fall: a network fault or a restart; see touchwatch_live_disconnects_total."}),
		views:     prometheus.NewGauge(prometheus.GaugeOpts{Name: "touchwatch_live_views", Help: "Different subscriptions among the connected boards. Each costs one encoding per delta."}),
		deltas:    prometheus.NewCounter(prometheus.CounterOpts{Name: "touchwatch_live_deltas_total", Help: "Numbered deltas made. Standing still while touchpoints come in: the boards hear nothing, look at readiness."}),
		sent:      prometheus.NewCounter(prometheus.CounterOpts{Name: "touchwatch_live_messages_total", Help: "Messages put into clients' queues. Rising faster than deltas and clients together: boards subscribe to many things each; standing still while deltas are made: no board wants them."}),
		snapshots: prometheus.NewCounter(prometheus.CounterOpts{Name: "touchwatch_live_snapshots_total", Help: "Snapshots sent. Rising while nobody opens a board: clients reconnect, or cannot resume."}),
		resumes:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "touchwatch_live_resumes_total", Help: "Requests to resume. outcome=snapshot rising: breaks last longer than the kept past, or nodes do not share clients."}, []string{"outcome"}),
		ends:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "touchwatch_live_disconnects_total", Help: "Ended connections by reason. too_slow rising: clients or their network do not keep up; timeout: half-open connections."}, []string{"reason"}),
		refused:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "touchwatch_live_refused_total", Help: "Refused connections by reason. bad_origin rising: a board is served from a host that is not configured, or a foreign site tries."}, []string{"reason"}),
		broadcast: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "touchwatch_live_broadcast_seconds", Help: "From news reaching the hub until it stands in every client's queue, with the wait for company (up to 0.2 s, alerts 0.02 s). Rising: too many different subscriptions, or no processor time.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
	}
	for _, r := range endReasons {
		m.ends.WithLabelValues(r)
	}
	for _, r := range refusals {
		m.refused.WithLabelValues(r)
	}
	for _, r := range []string{"delta", "snapshot"} {
		m.resumes.WithLabelValues(r)
	}
	if reg != nil {
		reg.MustRegister(m.clients, m.views, m.deltas, m.sent, m.snapshots, m.resumes, m.ends, m.refused, m.broadcast)
	}
	return m
}
