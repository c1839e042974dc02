package text

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"touchwatch/processors/signal/text/eval"
)

// TestTextsOfAnotherHand judges texts that somebody wrote who had not seen the word lists, in the ways in which customers write
// to companies. The floors lie a little below what is reached; they are there to notice what a change breaks, and no measure of
// how well unseen texts are judged, because what was missed in these texts has been mended since: except in unread, which nobody who
// writes lists has seen, and which is not shown to them here either.
func TestTextsOfAnotherHand(t *testing.T) {
	e := shippedEngine()
	for _, c := range []struct {
		file    string
		f1, auc float64
	}{
		{"en_airline", 0.90, 0.93},
		{"en_appreviews", 0.87, 0.93},
		{"en_tweets", 0.85, 0.93},
		{"de_rail", 0.88, 0.95},
		{"de_tweets", 0.88, 0.95},
		{"nl_restaurant", 0.87, 0.95},
		{"ru_telecom_bank", 0.85, 0.92},
		{"second/en_airline", 0.88, 0.93},
		{"second/en_appreviews", 0.85, 0.93},
		{"second/en_tweets", 0.85, 0.93},
		{"second/de_rail", 0.88, 0.95},
		{"second/de_tweets", 0.88, 0.95},
		{"second/nl_restaurant", 0.86, 0.95},
		{"second/ru_telecom_bank", 0.88, 0.94},
		{"unread/en_airline", 0.73, 0.81},
		{"unread/en_appreviews", 0.71, 0.80},
		{"unread/en_tweets", 0.57, 0.73},
		{"unread/de_rail", 0.68, 0.82},
		{"unread/de_tweets", 0.58, 0.78},
		{"unread/nl_restaurant", 0.76, 0.88},
		{"unread/ru_telecom_bank", 0.74, 0.81},
	} {
		set := labelled(t, filepath.Join("testdata", "texts", c.file+".tsv"))
		for i := range set {
			mood, _ := e.Judge(set[i].Text, set[i].Language)
			set[i].Score = float64(mood.Displeasure)
		}
		f := eval.Measure(set, unhappy)
		t.Logf("%s: %d texts, %d negative, F1 %.2f, AUC %.2f", c.file, f.Texts, f.Negatives, f.F1, f.AUC)
		if f.F1 < c.f1 || f.AUC < c.auc {
			t.Errorf("%s: F1 %.2f and AUC %.2f, want %.2f and %.2f", c.file, f.F1, f.AUC, c.f1, c.auc)
			if strings.HasPrefix(c.file, "unread/") {
				continue
			}
			for _, miss := range eval.Worst(set, unhappy, 5) {
				t.Logf("%s, judged %.2f: %s", miss.Label, miss.Score, miss.Text)
			}
		}
	}
}

// labelled reads lines of label, language and text with tabs between.
func labelled(t *testing.T, file string) []eval.Scored {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var set []eval.Scored
	for line := range strings.Lines(string(b)) {
		parts := strings.SplitN(strings.TrimSpace(line), "\t", 3)
		if len(parts) != 3 {
			t.Fatalf("%s: %q, want label, language and text with tabs between", file, line)
		}
		set = append(set, eval.Scored{Label: parts[0], Language: parts[1], Text: parts[2]})
	}
	return set
}
