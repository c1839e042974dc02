package text

import (
	"testing"
)

func TestLexiconsLoad(t *testing.T) {
	files, _ := shipped.ReadDir("lexicon")
	for _, f := range files {
		b, _ := shipped.ReadFile("lexicon/" + f.Name())
		lex, err := ParseLexicon(f.Name(), b)
		if err != nil {
			t.Error(err)
			continue
		}
		t.Logf("%s: %d entries", f.Name(), len(lex.entries))
	}
}
