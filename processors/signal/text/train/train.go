// Package train makes a model of an operator's own labelled texts, and says honestly whether it is better than the rules.
// It is pure: the same texts give the same model.
package train

import (
	"fmt"
	"slices"

	"touchwatch/processors/signal/text"
	"touchwatch/processors/signal/text/eval"
	"touchwatch/processors/signal/text/linear"
)

// What a model needs before anybody should believe it.
const (
	// MinLabels: below it a model learns the texts by heart and judges new ones worse than the rules.
	MinLabels = 300
	// MinOfAKind: so many negative texts, and so many others.
	MinOfAKind = 30
	// MinOfLanguage: a language with fewer texts stays with the rules.
	MinOfLanguage = 50
)

// Report compares the model with the rules on texts that the model had not seen.
type Report struct {
	Model, Rules eval.Figures
	Languages    []string // that the model judges, sorted
	Dropped      int      // texts with another label for the same words, left out
}

// Better reports whether the model is worth using: not worse in F1, nor in order.
func (r *Report) Better() bool {
	return r.Model.F1 > r.Rules.F1 && r.Model.AUC >= r.Rules.AUC
}

// Train trains on labelled texts; Score of set is not used. threshold is the rules' for their figures. It refuses too few
// texts, and texts of one kind only.
func Train(engine *text.Engine, set []eval.Scored, threshold float64) (*linear.Model, Report, error) {
	set, dropped := distinct(set)
	var report Report
	report.Dropped = dropped
	negatives := 0
	for i := range set {
		if set[i].Label == eval.Negative {
			negatives++
		}
	}
	switch {
	case len(set) < MinLabels:
		return nil, report, fmt.Errorf("%d labelled texts, at least %d different ones are needed: with fewer a model is worse than the rules", len(set), MinLabels)
	case negatives < MinOfAKind || len(set)-negatives < MinOfAKind:
		return nil, report, fmt.Errorf("%d texts are labelled %s and %d otherwise, at least %d of each are needed", negatives, eval.Negative, len(set)-negatives, MinOfAKind)
	}
	examples := make([]linear.Example, len(set))
	rules := slices.Clone(set)
	spoken := map[string]int{}
	for i := range set {
		var displeasure float32
		var language string
		examples[i], displeasure, language = engine.Example(set[i].Text, set[i].Language, set[i].Label == eval.Negative)
		rules[i].Score = float64(displeasure)
		spoken[language]++
	}
	for language, n := range spoken {
		if n >= MinOfLanguage {
			report.Languages = append(report.Languages, language)
		}
	}
	slices.Sort(report.Languages)
	m, chances, negative := linear.Train(examples)
	report.Rules = eval.Measure(rules, threshold)
	report.Model = measure(set, chances, negative)
	m.Info = linear.Info{
		Labels: len(set), Negatives: negatives, Languages: report.Languages,
		F1: report.Model.F1, AUC: report.Model.AUC, RulesF1: report.Rules.F1, RulesAUC: report.Rules.AUC,
	}
	if len(report.Languages) == 0 {
		return nil, report, fmt.Errorf("no language has %d texts", MinOfLanguage)
	}
	return m, report, nil
}

// measure takes the AUC from the chances and the rest from the verdicts, which had limits of their own.
func measure(set []eval.Scored, chances []float64, negative []bool) eval.Figures {
	scored := slices.Clone(set)
	for i := range scored {
		scored[i].Score = chances[i]
	}
	auc := eval.Measure(scored, 0).AUC
	for i := range scored {
		scored[i].Score = 0
		if negative[i] {
			scored[i].Score = 1
		}
	}
	f := eval.Measure(scored, 0.5)
	f.AUC = auc
	return f
}

// distinct drops repeats, which would be both learnt and asked, and texts that people labelled differently.
func distinct(set []eval.Scored) (kept []eval.Scored, dropped int) {
	first := make(map[string]int, len(set))
	quarrel := map[string]bool{}
	for _, s := range set {
		if i, ok := first[s.Text]; ok {
			quarrel[s.Text] = quarrel[s.Text] || kept[i].Label != s.Label
			continue
		}
		first[s.Text] = len(kept)
		kept = append(kept, s)
	}
	kept = slices.DeleteFunc(kept, func(s eval.Scored) bool { return quarrel[s.Text] })
	return kept, len(quarrel)
}
