package api

import "github.com/prometheus/client_golang/prometheus"

// Metrics are the HTTP server's numbers.
type Metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	refused  *prometheus.CounterVec
}

// Reasons why a request was refused before it reached its route.
const (
	refusedToken  = "token"
	refusedHost   = "host"
	refusedOrigin = "cross_origin"
)

// NewMetrics registers the server's metrics; a nil registerer registers none.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "touchwatch_http_requests_total", Help: "HTTP requests by route and status code. 5xx rising: a server behind us does not answer, see readiness."}, []string{"route", "code"}),
		seconds:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "touchwatch_http_request_seconds", Help: "Time to answer, by route. Rising: Redis or the archive is slow.", Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 11)}, []string{"route"}),
		refused:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "touchwatch_http_refused_total", Help: "Requests refused before their route. token rising: a client without a valid token, or somebody guesses; host, cross_origin: a foreign site tries."}, []string{"reason"}),
	}
	for _, r := range []string{refusedToken, refusedHost, refusedOrigin} {
		m.refused.WithLabelValues(r)
	}
	if reg != nil {
		reg.MustRegister(m.requests, m.seconds, m.refused)
	}
	return m
}
