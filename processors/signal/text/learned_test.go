package text

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"touchwatch/processors/signal/text/linear"
)

// trained returns an engine with a model of English texts in which 'flurb', a word no lexicon has, is what unhappy customers say.
func trained(t *testing.T) *Engine {
	t.Helper()
	e := shippedEngine()
	var examples []linear.Example
	for i := range 400 {
		text, negative := fmt.Sprintf("where is the order number %d for me", i), i%3 == 0
		if negative {
			text = fmt.Sprintf("this is flurb and the order number %d for me", i)
		}
		example, _, _ := e.Example(text, "en", negative)
		examples = append(examples, example)
	}
	m, _, _ := linear.Train(examples)
	m.Info.Languages = []string{"en"}
	return e.With(m)
}

func TestAModelKnowsWhatItWasTaught(t *testing.T) {
	e := trained(t)
	m, _ := e.Judge("my flurb order is here", "en")
	if m.Displeasure < unhappy || !slices.Contains(m.Words, "flurb") {
		t.Errorf("a word that was taught: %+v", m)
	}
	if m, _ := e.Judge("where is the order of my friend", "en"); m.Displeasure >= unhappy || m.Displeasure < 0 {
		t.Errorf("an ordinary question: %+v", m)
	}
	if m, _ := e.Judge("my card was declined", "en"); m.Problem < 0.5 {
		t.Errorf("problems stay with the rules: %+v", m)
	}
	if m, _ := e.Judge("das ist flurb", "de"); m.Displeasure != 0 {
		t.Errorf("a language it was not taught: %+v", m)
	}
}

func TestAModelsLimitIsWhereTheDefaultThresholdIs(t *testing.T) {
	last := float32(-2)
	for p := float32(0); p <= 1; p += 0.01 {
		d := blend(p, 0.3, 0)
		if d < last || d < 0 || d > 1 || (d >= unhappy) != (p >= 0.3) {
			t.Fatalf("chance %.2f gives %.3f after %.3f", p, d, last)
		}
		last = d
	}
	if d := blend(0.01, 0.3, -0.8); d > -0.7 {
		t.Errorf("praise by the rules that the model agrees with: %.2f", d)
	}
}

func TestFeaturesAreWordsPairsAndRunsOfFourLetters(t *testing.T) {
	count := func(text string) int {
		var s scratch
		s.tokenise(text)
		return len(s.features())
	}
	for _, c := range []struct {
		text string
		want int
	}{
		{"", 0},
		{"lost", 2 + 3},     // ␣los lost ost␣
		{"не", 2 + 1},       // ␣не␣
		{"ok lost", 4 + 4},  // ␣ok␣
		{"не ждать", 4 + 5}, // ␣жда ждат дать ать␣
	} {
		if got := count(c.text); got != c.want {
			t.Errorf("%q: %d features, want %d", c.text, got, c.want)
		}
	}
	if got := count(strings.Repeat("never ", 1000)); got != maxFeatures {
		t.Errorf("a long text: %d", got)
	}
}

func TestJudgingByAModelAllocatesNothing(t *testing.T) {
	if racing {
		t.Skip("the race detector makes pools forget")
	}
	e := trained(t)
	e.Judge("Where can I see the opening hours of your shop in Utrecht", "en")
	if n := testing.AllocsPerRun(100, func() { e.Judge("Where can I see the opening hours of your shop in Utrecht", "en") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkJudgeByModel(b *testing.B) {
	example, _, _ := shippedEngine().Example(benchTexts["en"], "en", true)
	other, _, _ := shippedEngine().Example(benchTexts["en-"], "en", false)
	m, _, _ := linear.Train([]linear.Example{example, other, example, other})
	m.Info.Languages = []string{"en"}
	e := shippedEngine().With(m)
	b.ReportAllocs()
	for b.Loop() {
		e.Judge(benchTexts["en"], "en")
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "texts/s")
}
