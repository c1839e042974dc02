package train

import (
	"fmt"
	"strings"
	"testing"

	"touchwatch/processors/signal/text"
	"touchwatch/processors/signal/text/eval"
)

// labelled makes n texts, every third negative, which say so in a word that no lexicon has.
func labelled(n int) []eval.Scored {
	var set []eval.Scored
	for i := range n {
		s := eval.Scored{Label: "neutral", Language: "en", Text: fmt.Sprintf("my order %d came in a box", i)}
		if i%3 == 0 {
			s.Label, s.Text = eval.Negative, fmt.Sprintf("my order %d was a flurbish thing", i)
		}
		set = append(set, s)
	}
	return set
}

func TestTooFewLabelsAreRefused(t *testing.T) {
	for _, c := range []struct {
		set  []eval.Scored
		want string
	}{
		{labelled(299), "299 labelled texts, at least 300"},
		{append(labelled(200), labelled(200)...), "200 labelled texts"}, // repeats do not count
		{func() []eval.Scored {
			set := labelled(400)
			for i := range set {
				set[i].Label = "neutral"
			}
			return set
		}(), "0 texts are labelled negative and 400 otherwise"},
		{func() []eval.Scored {
			set := labelled(300)
			other := labelled(300)
			for i := range other {
				other[i].Label = "positive"
			}
			return append(set, other...)
		}(), "0 labelled texts"}, // everything was labelled twice, differently
	} {
		if _, _, err := Train(text.Default(), c.set, 0.35); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d texts: %v, want …%s…", len(c.set), err, c.want)
		}
	}
}

func TestAModelThatLearnsIsBetterThanTheRules(t *testing.T) {
	m, r, err := Train(text.Default(), labelled(450), 0.35)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Better() || r.Model.F1 < 0.95 || r.Model.AUC < 0.95 || r.Rules.F1 > 0.5 {
		t.Errorf("%+v", r)
	}
	if len(m.Info.Languages) != 1 || m.Info.Languages[0] != "en" || m.Info.Labels != 450 || m.Info.Negatives != 150 {
		t.Errorf("%+v", m.Info)
	}
}
