// Package eval measures a judge of texts against labelled ones: precision, recall and F1 of 'negative' against the rest at a
// fixed threshold, and the area under the ROC curve, which needs none. It is pure and knows no lexicon.
package eval

import (
	"cmp"
	"slices"
)

// Negative is the label of an unhappy text; every other label counts as the rest.
const Negative = "negative"

// Problem is the label of a text that tells of something that failed and is not unhappy.
const Problem = "problem"

// Scored is one labelled text with what a judge said of it.
type Scored struct {
	Label    string
	Language string
	Text     string
	Score    float64 // displeasure, −1 … 1: higher is more negative
	Problem  float64 // 0 … 1
}

// Figures are how well a judge did on a set.
type Figures struct {
	Texts     int     `json:"texts"`
	Negatives int     `json:"negatives"` // labelled so
	Flagged   int     `json:"flagged"`   // judged so
	Precision float64 `json:"precision"` // of the flagged, how many are; 0 when nothing was flagged
	Recall    float64 `json:"recall"`    // of the labelled, how many were flagged; 0 when there are none
	F1        float64 `json:"f1"`
	// AUC is the chance that a negative text scores higher than another one, ties counting half; 0.5 is guessing. 0 when
	// one of the two kinds is missing.
	AUC float64 `json:"auc"`
}

// Measure computes the figures at a threshold: a text is flagged when its score reaches it.
func Measure(set []Scored, threshold float64) Figures {
	f := Figures{Texts: len(set), AUC: auc(set)}
	hits := 0
	for i := range set {
		negative, flagged := set[i].Label == Negative, set[i].Score >= threshold
		if negative {
			f.Negatives++
		}
		if flagged {
			f.Flagged++
		}
		if negative && flagged {
			hits++
		}
	}
	f.Precision, f.Recall = share(hits, f.Flagged), share(hits, f.Negatives)
	if f.Precision+f.Recall > 0 {
		f.F1 = 2 * f.Precision * f.Recall / (f.Precision + f.Recall)
	}
	return f
}

// MeasureProblem computes the figures of the problem signal: what is labelled 'problem' is looked for among all texts but the
// negative ones, of which nobody said whether they tell of a problem. Negatives counts those labelled 'problem'; AUC is not measured.
func MeasureProblem(set []Scored, threshold float64) Figures {
	var told []Scored
	for _, s := range set {
		switch s.Label {
		case Negative:
			continue
		case Problem:
			s.Label = Negative
		}
		s.Score = s.Problem
		told = append(told, s)
	}
	f := Measure(told, threshold)
	f.AUC = 0
	return f
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// auc is the Mann-Whitney statistic over mid-ranks.
func auc(set []Scored) float64 {
	sorted := slices.Clone(set)
	slices.SortFunc(sorted, func(a, b Scored) int { return cmp.Compare(a.Score, b.Score) })
	ranks, negatives := 0.0, 0
	for i := 0; i < len(sorted); {
		j := i
		for j < len(sorted) && sorted[j].Score == sorted[i].Score {
			j++
		}
		middle := float64(i+j+1) / 2 // ranks are counted from 1
		for k := i; k < j; k++ {
			if sorted[k].Label == Negative {
				ranks += middle
				negatives++
			}
		}
		i = j
	}
	rest := len(set) - negatives
	if negatives == 0 || rest == 0 {
		return 0
	}
	return (ranks - float64(negatives)*float64(negatives+1)/2) / (float64(negatives) * float64(rest))
}

// Worst returns up to n misses: texts on the wrong side of the threshold, those furthest from it first.
func Worst(set []Scored, threshold float64, n int) []Scored {
	n = max(n, 0)
	var misses []Scored
	for _, s := range set {
		if (s.Label == Negative) != (s.Score >= threshold) {
			misses = append(misses, s)
		}
	}
	slices.SortStableFunc(misses, func(a, b Scored) int { return cmp.Compare(distance(b, threshold), distance(a, threshold)) })
	return misses[:min(n, len(misses))]
}

func distance(s Scored, threshold float64) float64 {
	return max(s.Score-threshold, threshold-s.Score)
}
