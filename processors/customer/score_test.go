package customer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"touchwatch/processors/signal"
)

// worth is a signal of the tests: it came up a minute after the one numbered before it and halves in an hour.
func worth(family string, n int, points float64, most int32) signal.Signal {
	at := start.Add(time.Duration(n) * time.Minute)
	return signal.Signal{
		Name: family + "_signal", Family: family, Episode: fmt.Sprint(n), First: at, At: at, Weight: int32(points * 100), Half: 3600, Cap: most,
		Reason: "it happened",
	}
}

// hundredthsOf returns what the contributions add up to.
func hundredthsOf(e Explanation) int64 {
	sum := int64(math.Round(e.Baseline * 100))
	for _, c := range e.Contributions {
		sum += int64(math.Round(c.Points * 100))
	}
	return sum
}

func TestTwentyRageClicksAreNotTwentyTimesOne(t *testing.T) {
	s := &State{ID: "cus_1"}
	for n := range 20 {
		s.Signals = append(s.Signals, worth("friction", n, -12, 3000))
	}
	at := s.Signals[19].At
	if got := s.Score(at); got != 70 {
		t.Errorf("twenty bursts leave %v points, want the cap's 70", got)
	}
	e := s.Explain(at)
	last := e.Contributions[len(e.Contributions)-1]
	if last.Name != LimitName || last.Family != "friction" || last.Points <= 100 {
		t.Errorf("the last contribution is %+v, want what the cap of friction takes away", last)
	}
	if got := hundredthsOf(e); got != 7000 {
		t.Errorf("the contributions add up to %d hundredths, want 7000", got)
	}
}

func TestACapBoundsItsOwnFamilyOnly(t *testing.T) {
	s := &State{Signals: []signal.Signal{
		worth("friction", 0, -20, 3000), worth("friction", 0, -20, 3000), worth("mood", 0, -25, 6000), worth("recovery", 0, 8, 2500),
	}}
	if got := s.Score(start); got != 100-30-25+8 {
		t.Errorf("score %v, want 53", got)
	}
	if e := s.Explain(start); len(e.Contributions) != 5 || e.Contributions[4].Signal != "limit/friction" || e.Contributions[4].Points != 10 {
		t.Errorf("contributions %+v", e.Contributions)
	}
}

func TestGoodNewsIsCappedAsWell(t *testing.T) {
	s := &State{Signals: []signal.Signal{worth("mood", 0, -50, 6000)}}
	for range 10 {
		s.Signals = append(s.Signals, worth("recovery", 0, 8, 2500))
	}
	if got := s.Score(start); got != 75 {
		t.Errorf("ten purchases bring 50 to %v, want 75", got)
	}
	if c := s.Explain(start).Contributions[11]; c.Points != -55 {
		t.Errorf("the cap takes %+v, want 55 points away", c)
	}
}

func TestAFamilyWithoutACapIsNotBounded(t *testing.T) {
	s := &State{Signals: []signal.Signal{worth("a", 0, -30, 0), worth("a", 0, -30, 0), worth("b", 0, -10, 500), worth("b", 0, -10, 500)}}
	if got := s.Score(start); got != 35 {
		t.Errorf("score %v, want 100 − 60 − 5", got)
	}
}

// someSignals makes a set with several families, some under several caps as after a change of the settings.
func someSignals(rng *rand.Rand) []signal.Signal {
	var all []signal.Signal
	for n := range rng.IntN(MaxSignals) {
		f := rng.IntN(4)
		most := int32(1500 * f) // family a has no cap
		if rng.IntN(8) == 0 {
			most += 500
		}
		all = append(all, worth(string(rune('a'+f)), n, float64(rng.IntN(50)-35), most))
	}
	return all
}

func TestContributionsAddUpWithinCapsInEveryOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 5))
	capped := 0
	for range 2000 {
		s := &State{Signals: someSignals(rng)}
		at := start.Add(time.Duration(rng.IntN(300)) * time.Minute)
		e := s.Explain(at)
		if got := hundredthsOf(e); got != int64(math.Round(e.Score*100)) || e.Score != s.Score(at) {
			t.Fatalf("score %v, explained %v, contributions add up to %d", s.Score(at), e.Score, got)
		}
		if slices.ContainsFunc(e.Contributions, func(c Contribution) bool { return c.Name == LimitName && c.Family != "" }) {
			capped++
		}
		rng.Shuffle(len(s.Signals), func(i, j int) { s.Signals[i], s.Signals[j] = s.Signals[j], s.Signals[i] })
		if got := s.Score(at); got != e.Score {
			t.Fatalf("in another order the score is %v, want %v", got, e.Score)
		}
	}
	if capped < 200 {
		t.Errorf("only %d of 2000 sets met a cap: the test shows little", capped)
	}
}

func TestACrossingIsForeseenWithinCaps(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 8))
	limits := []float64{40, 50, 70}
	for range 200 {
		s := &State{Signals: someSignals(rng)}
		now := start.Add(45 * time.Minute)
		due := s.nextCrossing(now, limits)
		zone := band(s.Score(now), limits)
		for at := now; at < due || (due == 0 && at < now.Add(24*time.Hour)); at += 5 * 60_000 {
			if band(s.Score(at), limits) != zone && (due == 0 || due-at > 2*60_000) {
				t.Fatalf("the score passes a limit at +%s, foreseen was +%s", at.Sub(now), due.Sub(now))
			}
		}
	}
}

func TestAScoreAllocatesNothing(t *testing.T) {
	s := &State{}
	for n := range 30 {
		s.Signals = append(s.Signals, worth(string(rune('a'+n%8)), n, -12, 3000))
	}
	if n := testing.AllocsPerRun(100, func() { s.Score(start) }); n != 0 {
		t.Errorf("a score allocates %v times", n)
	}
}

func TestASignalHalvesInItsHalfLife(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		weight, half := rng.Int64N(20_001)-10_000, 1+rng.Int64N(400*86_400_000)
		age := 1 + rng.Int64N(half*12)
		want := float64(weight) * math.Exp2(-float64(age)/float64(half))
		if got := decayed(weight, age, half); math.Abs(float64(got)-want) > 0.501 {
			t.Fatalf("%d hundredths after %d of %d ms are %d, want %.3f", weight, age, half, got, want)
		}
	}
	for _, c := range [][4]int64{{-1200, 3600, 3600, -600}, {1200, 7200, 3600, 300}, {-3, 3600, 3600, -2}, {-10_000, 100 * 3600, 3600, 0}, {math.MaxInt32, 1, 34_560_000_000, math.MaxInt32}} {
		if got := decayed(c[0], c[1], c[2]); got != c[3] && c[0] != math.MaxInt32 || got < 0 != (c[3] < 0) {
			t.Errorf("decayed(%d, %d, %d) = %d, want %d", c[0], c[1], c[2], got, c[3])
		}
	}
}

func BenchmarkScore(b *testing.B) {
	for _, n := range []int{1, 6, MaxSignals} {
		b.Run(fmt.Sprintf("signals=%d", n), func(b *testing.B) {
			s := &State{}
			for i := range n {
				s.Signals = append(s.Signals, worth([]string{"friction", "checkout", "mood", "waiting", "recovery"}[i%5], i, -12, 3000))
			}
			b.ReportAllocs()
			for b.Loop() {
				s.Score(start.Add(time.Hour))
			}
		})
	}
}
