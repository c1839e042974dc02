package eval

import (
	"math"
	"testing"
)

func set(pairs ...any) []Scored {
	var out []Scored
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, Scored{Label: pairs[i].(string), Score: pairs[i+1].(float64)})
	}
	return out
}

func TestFiguresOfASetCountedByHand(t *testing.T) {
	f := Measure(set("negative", 0.9, "negative", 0.4, "negative", 0.1, "positive", 0.5, "neutral", 0.0), 0.35)
	want := Figures{Texts: 5, Negatives: 3, Flagged: 3, Precision: 2.0 / 3, Recall: 2.0 / 3, F1: 2.0 / 3, AUC: 4.0 / 6}
	if math.Abs(f.F1-want.F1) > 1e-12 || math.Abs(f.AUC-want.AUC) > 1e-12 || f.Flagged != want.Flagged || f.Negatives != want.Negatives ||
		math.Abs(f.Precision-want.Precision) > 1e-12 || math.Abs(f.Recall-want.Recall) > 1e-12 {
		t.Errorf("got %+v, want %+v", f, want)
	}
}

func TestGuessingIsAHalfAndTiesCountHalf(t *testing.T) {
	if got := Measure(set("negative", 0.0, "positive", 0.0, "negative", 0.0, "neutral", 0.0), 0.35).AUC; got != 0.5 {
		t.Errorf("all equal: got %v, want 0.5", got)
	}
	if got := Measure(set("negative", 1.0, "positive", -1.0), 0.35).AUC; got != 1 {
		t.Errorf("perfect: got %v, want 1", got)
	}
}

func TestASetWithoutOneKindGivesNoFigureInsteadOfNonsense(t *testing.T) {
	for _, s := range [][]Scored{nil, set("neutral", 0.1), set("negative", 0.1)} {
		f := Measure(s, 0.35)
		for _, v := range []float64{f.Precision, f.Recall, f.F1, f.AUC} {
			if math.IsNaN(v) || v != 0 {
				t.Errorf("%v: got %+v, want zeros", s, f)
			}
		}
	}
}

func TestTheWorstMissesComeFirst(t *testing.T) {
	worst := Worst(set("negative", -0.9, "negative", 0.3, "positive", 0.8, "positive", 0.1), 0.35, 2)
	if len(worst) != 2 || worst[0].Score != -0.9 || worst[1].Score != 0.8 {
		t.Errorf("got %+v", worst)
	}
}

func TestProblemsAreMeasuredBesideUnhappyTexts(t *testing.T) {
	f := MeasureProblem([]Scored{
		{Label: Problem, Problem: 0.7},
		{Label: Problem, Problem: 0.2},
		{Label: "neutral", Problem: 0.6},
		{Label: "neutral"},
		{Label: Negative, Problem: 0.9},
	}, 0.5)
	if f.Texts != 4 || f.Negatives != 2 || f.Flagged != 2 || f.Precision != 0.5 || f.Recall != 0.5 {
		t.Errorf("got %+v", f)
	}
}

func TestNoMissesAreAskedFor(t *testing.T) {
	if worst := Worst(set("negative", 0.1), 0.35, -1); len(worst) != 0 {
		t.Errorf("got %+v", worst)
	}
}
