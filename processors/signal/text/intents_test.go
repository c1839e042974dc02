package text

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestIntentsAreTheSameInAllLanguages reads testdata/intents.tsv: a meaning a row, a language a column. What stands before the
// colon are the intents wanted; rows with none are look-alikes.
func TestIntentsAreTheSameInAllLanguages(t *testing.T) {
	e := shippedEngine()
	file, err := os.ReadFile(filepath.Join("testdata", "intents.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	head, rows, _ := strings.Cut(string(file), "\n")
	languages := strings.Split(head, "\t")[1:]
	for line := range strings.Lines(rows) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(cells) != len(languages)+1 {
			t.Fatalf("%q: want a text in each of %v", line, languages)
		}
		want, _, _ := strings.Cut(cells[0], ":")
		for i, language := range languages {
			m, _ := e.Judge(cells[i+1], language)
			if got := strings.Join(m.Intents, " "); got != want {
				t.Errorf("%s (%s): %q has intents %q at a displeasure of %.2f", language, cells[0], cells[i+1], got, m.Displeasure)
			}
		}
	}
}
