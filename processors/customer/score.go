package customer

import (
	"math"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// Baseline is the score of a customer of whom nothing bad (or good) is known.
const Baseline = 100.0

// Contribution is what one signal adds to the score at a moment, or what a limit takes away again.
type Contribution struct {
	Signal   string             `json:"signal"`            // id, name + episode; "limit" for what the bounds 0 and 100 take away, "limit/" + family for a family's cap
	Name     string             `json:"name"`              // signal name, or "limit"
	Family   string             `json:"family,omitempty"`  // of the signal, or whose cap the limit is; "" for the bounds 0 and 100
	Episode  string             `json:"episode,omitempty"` //
	Points   float64            `json:"points"`            // score points at that moment; negative is bad
	Weight   float64            `json:"weight"`            // points when it was new
	HalfLife int32              `json:"half_life_seconds"` //
	At       touchpoint.Millis  `json:"at"`
	Channel  touchpoint.Channel `json:"channel,omitempty"`
	Reason   string             `json:"reason"`
	Evidence []touchpoint.ID    `json:"evidence,omitempty"`
}

// Explanation says why a score is what it is: Baseline and the points of all contributions add up to Score.
type Explanation struct {
	Baseline      float64        `json:"baseline"`
	Score         float64        `json:"score"`
	Contributions []Contribution `json:"contributions"`
}

// LimitName is the name of contributions that a bound makes.
const LimitName = "limit"

// points returns what a signal contributes at a moment, in hundredths of a score point: weight · 2^(−age/half-life).
// Before its own time a signal counts in full.
func points(s *signal.Signal, at touchpoint.Millis) int64 {
	if at <= s.At || s.Half <= 0 {
		return int64(s.Weight)
	}
	return decayed(int64(s.Weight), int64(at-s.At), int64(s.Half)*1000)
}

// Score returns the experience at a moment, 0 to 100: clamp(Baseline + what each family adds within its cap). It adds
// integer hundredths over the set of signals, so that it is the same on every machine and in every order of arrival.
func (s *State) Score(at touchpoint.Millis) float64 {
	return float64(min(max(s.raw(at), 0), int64(Baseline*100))) / 100
}

// raw is the score in hundredths within the families' caps, before the bounds.
func (s *State) raw(at touchpoint.Millis) int64 {
	bad, good := s.sums(at)
	return int64(Baseline*100) + bad + good
}

// Explain returns the score at a moment with what it is made of, in (time, id) order, then what the caps of families take
// away, then what the bounds do.
func (s *State) Explain(at touchpoint.Millis) Explanation {
	e := Explanation{Baseline: Baseline, Score: s.Score(at), Contributions: []Contribution{}}
	for i := range s.Signals {
		g := &s.Signals[i]
		e.Contributions = append(e.Contributions, Contribution{
			Signal: g.ID(), Name: g.Name, Family: g.Family, Episode: g.Episode, Points: float64(points(g, at)) / 100,
			Weight: float64(g.Weight) / 100, HalfLife: g.Half, At: g.At, Channel: g.Channel, Reason: g.Reason, Evidence: g.Evidence,
		})
	}
	var all tally
	for i := range s.shares(at, &all) {
		if f := &all[i]; f.limit() != 0 {
			e.Contributions = append(e.Contributions, Contribution{
				Signal: LimitName + "/" + f.name, Name: LimitName, Family: f.name, Episode: f.name, Points: float64(f.limit()) / 100, At: at,
				Reason: f.why(),
			})
		}
	}
	if over := s.raw(at) - int64(math.Round(e.Score*100)); over != 0 {
		e.Contributions = append(e.Contributions, Contribution{
			Signal: LimitName, Name: LimitName, Points: float64(-over) / 100, At: at, Reason: "the score stays between 0 and 100",
		})
	}
	return e
}

// crossingHorizon is how far ahead a crossing is looked for, and crossingSteps how finely: the first steps are
// minutes apart, the last ones a day, which is finer than any shipped half-life asks for.
const (
	crossingHorizon = 40 * 24 * time.Hour
	crossingSteps   = 40
)

// nextCrossing returns the earliest moment after now at which the score, by decay alone, passes one of the limits
// (score points, ascending), and zero when it does not.
func (s *State) nextCrossing(now touchpoint.Millis, limits []float64) touchpoint.Millis {
	if len(s.Signals) == 0 || len(limits) == 0 || !s.canCross(now, limits) {
		return 0
	}
	zone := band(s.Score(now), limits)
	growth := math.Pow(float64(crossingHorizon)/float64(time.Minute), 1.0/(crossingSteps-1))
	step, before := float64(time.Minute), now
	for range crossingSteps {
		after := now.Add(time.Duration(step))
		if band(s.Score(after), limits) != zone {
			return s.bisect(before, after, zone, limits)
		}
		before, step = after, step*growth
	}
	return 0
}

// canCross spares the search for the common case: what is bad wears off and what is good wears off, so the score stays
// between the baseline with only the bad and the baseline with only the good, and no limit may lie there.
func (s *State) canCross(now touchpoint.Millis, limits []float64) bool {
	bad, good := s.sums(now)
	return band(Baseline+float64(bad)/100, limits) != band(Baseline+float64(good)/100, limits)
}

// bisect finds the crossing between before (still in zone) and after to the second.
func (s *State) bisect(before, after touchpoint.Millis, zone int, limits []float64) touchpoint.Millis {
	for after-before > 1000 {
		middle := before + (after-before)/2
		if band(s.Score(middle), limits) == zone {
			before = middle
		} else {
			after = middle
		}
	}
	return after
}

// band counts the limits at or below the score.
func band(score float64, limits []float64) int {
	n := 0
	for _, l := range limits {
		if score >= l {
			n++
		}
	}
	return n
}
