package opinion

import "github.com/prometheus/client_golang/prometheus"

// What became of a text.
const (
	written   = "written"   // the opinion stands in the timeline
	agreed    = "agreed"    // it says what the rules say
	failed    = "failed"    // no answer in time, or none that can be used
	skipped   = "skipped"   // the endpoint failed again and again and is left alone
	dropped   = "dropped"   // the queue was full
	unwritten = "unwritten" // the timeline could not be written
)

// Metrics are the desk's numbers. A nil *Metrics counts nothing.
type Metrics struct {
	texts *prometheus.CounterVec
}

// NewMetrics registers the desk's metrics; a nil registerer registers none.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{texts: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "touchwatch_text_opinions_total",
		Help: "Texts that an outside model was asked about, by outcome. 'failed' or 'dropped' rising: it is too slow or down; the rules' verdicts stand.",
	}, []string{"outcome"})}
	for _, outcome := range []string{written, agreed, failed, skipped, dropped, unwritten} {
		m.texts.WithLabelValues(outcome)
	}
	if reg != nil {
		reg.MustRegister(m.texts)
	}
	return m
}

func (m *Metrics) count(outcome string) {
	if m != nil {
		m.texts.WithLabelValues(outcome).Inc()
	}
}
