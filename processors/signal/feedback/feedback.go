// Package feedback owns the signals of the family feedback: what the customer answers when asked, and the stars given in
// reviews. Scores are first brought to the usual scale of their metric (NPS 0–10, CSAT 1–5, CES 1–7, stars 1–5); raw
// scores of different scales are never compared.
//
// The detector is immutable and safe for concurrent use.
package feedback

import (
	"math"
	"strconv"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/settings"
)

// revised is how long after an answer another one to the same question replaces it: a slip of the finger, a second look.
const revised = 10 * time.Minute

// metric is one kind of rating. A mark's Kind is its index plus one, N the score in thousandths of its usual scale.
type metric struct {
	name     string
	low      string // the signal of a low score
	min, max float64
	lowest   settings.LowRating
	good     float64
}

// Detector makes the signals of ratings.
type Detector struct {
	metrics [4]metric
	good    settings.GoodRating
}

// New returns the detector of ratings.
func New(s *settings.Settings) *Detector {
	return &Detector{good: s.GoodRating, metrics: [4]metric{
		{"nps", "detractor", 0, 10, s.Detractor, s.GoodRating.NPS},
		{"csat", "low_csat", 1, 5, s.LowCSAT, s.GoodRating.CSAT},
		{"ces", "low_ces", 1, 7, s.LowCES, s.GoodRating.CES},
		{"stars", "low_stars", 1, 5, s.LowStars, s.GoodRating.Stars},
	}}
}

// Family implements signal.Detector.
func (*Detector) Family() string { return "feedback" }

// Bounds implements signal.Detector.
func (*Detector) Bounds() signal.Bounds {
	return signal.Bounds{Keep: 7 * 24 * time.Hour, Gap: revised, Most: 24}
}

// Observe implements signal.Detector.
func (d *Detector) Observe(dst []signal.Mark, t *touchpoint.Touchpoint) []signal.Mark {
	if t.Rating == nil {
		return dst
	}
	for i := range d.metrics {
		if d.metrics[i].name != t.Rating.Metric {
			continue
		}
		score, ok := d.metrics[i].usual(t.Rating)
		if !ok {
			return dst
		}
		return append(dst, signal.Mark{
			At: t.OccurredAt, ID: t.ID, Kind: uint8(i + 1), Channel: t.Channel, Key: t.Rating.Metric + " " + t.Place.Thread,
			Place: place(t), N: int64(math.Round(score * 1000)),
		})
	}
	return dst
}

// usual brings a score to the metric's usual scale. A missing scale is the usual one; a score outside its scale is none.
func (m *metric) usual(r *touchpoint.Rating) (float64, bool) {
	low, high := r.Min, r.Max
	if low == 0 && high == 0 {
		low, high = m.min, m.max
	}
	if !(high > low) || !(r.Score >= low && r.Score <= high) {
		return 0, false
	}
	return m.min + (r.Score-low)/(high-low)*(m.max-m.min), true
}

func place(t *touchpoint.Touchpoint) string {
	switch {
	case t.Place.Product != "":
		return signal.PlaceKey("product", t.Place.Product)
	case t.Place.Queue != "":
		return signal.PlaceKey("queue", t.Place.Queue)
	case t.Place.Platform != "":
		return signal.PlaceKey("platform", t.Place.Platform)
	}
	return signal.PlaceKey("page", t.Place.Page)
}

// Detect implements signal.Detector. Time alone changes nothing here.
func (d *Detector) Detect(marks []signal.Mark, _ touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	var out []signal.Signal
	for i := range marks {
		if int(marks[i].Kind) > len(d.metrics) || marks[i].Kind == 0 || replaced(marks, i) {
			continue
		}
		out = d.judge(out, &marks[i])
	}
	return out, 0
}

// replaced reports whether the customer answered the same question again soon after.
func replaced(marks []signal.Mark, i int) bool {
	for k := i + 1; k < len(marks) && marks[k].At.Sub(marks[i].At) <= revised; k++ {
		if marks[k].Key == marks[i].Key {
			return true
		}
	}
	return false
}

// judge makes the signal of one answer: the full weight at the worst (or best) score, half of it at the limit.
func (d *Detector) judge(out []signal.Signal, m *signal.Mark) []signal.Signal {
	k := &d.metrics[m.Kind-1]
	score := float64(m.N) / 1000
	g := signal.Signal{
		Family: d.Family(), Episode: string(m.ID), First: m.At, At: m.At, Channel: m.Channel,
		Places: signal.Places(m.Place), Evidence: []touchpoint.ID{m.ID},
	}
	answer := strconv.FormatFloat(math.Round(score*10)/10, 'f', -1, 64) + " of " + strconv.FormatFloat(k.max, 'f', -1, 64)
	switch {
	case score <= k.lowest.AtMost && !k.lowest.Off():
		g.Name, g.Weight, g.Half = k.low, k.lowest.Points(half(score, k.lowest.AtMost, k.min)), k.lowest.HalfSeconds()
		g.Reason = k.said(answer)
	case score >= k.good && !d.good.Off():
		g.Name, g.Weight, g.Half = "good_rating", d.good.Points(half(score, k.good, k.max)), d.good.HalfSeconds()
		g.Reason = k.said(answer)
	default:
		return out
	}
	return append(out, g)
}

// half grows from 0.5 at the limit to 1 at the end of the scale.
func half(score, limit, end float64) float64 {
	if end == limit {
		return 1
	}
	return 0.5 + 0.5*min(max((score-limit)/(end-limit), 0), 1)
}

// said tells an answer.
func (m *metric) said(answer string) string {
	switch m.name {
	case "nps":
		return "answered 'would you recommend us?' with " + answer
	case "csat":
		return "answered 'how satisfied are you?' with " + answer
	case "ces":
		return "answered 'how easy was it?' with " + answer
	}
	return "gave " + answer + " stars"
}
