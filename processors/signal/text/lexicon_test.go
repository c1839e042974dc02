package text

import (
	"strings"
	"testing"
)

func TestEveryShippedEntryIsAlive(t *testing.T) {
	e := shippedEngine()
	for _, lex := range Lexicons() {
		tongue := e.none
		if i := indexOf(e.tongues, lex.Language); i >= 0 {
			tongue = e.tongues[i]
		}
		values := 0
		for _, l := range lex.entries {
			if !l.value.says() {
				continue
			}
			values++
			text := strings.ReplaceAll(strings.Join(l.words, " "), "#", "73")
			var s scratch
			s.tokenise(text)
			tongue.score(&s)
			found := l.value.hints() && s.hints != 0
			for _, h := range s.hits[:s.hitCount] {
				found = found || (h.first == 0 && int(h.last) == s.n-1)
			}
			if !found {
				t.Errorf("%s: %q is never found", lex.Language, text)
			}
		}
		t.Logf("%s: %d entries, %d of them say something", lex.Language, len(lex.entries), values)
	}
}

func TestALexiconFileIsReadStrictly(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"[displeasure 1]\nbad\n", "own.txt:1: want a line such as: language en"},
		{"language english\n", "own.txt:1: want a line such as: language en"},
		{"", "own.txt:1: want a line such as"},
		{"language en\nbad\n", "own.txt:2: want a section"},
		{"language en\n[anger 2]\nbad\n", `own.txt:2: want displeasure, pleasure, problem, intent or a class, got "anger 2"`},
		{"language en\n[displeasure 4]\nbad\n", `own.txt:2: want a value from 0.25 to 3 in quarters, got "4"`},
		{"language en\n[displeasure 0.3]\nbad\n", "in quarters"},
		{"language en\n[intent leave]\nbad\n", "want an intent of cancel, escalation, urgent, thanks, solved, human"},
		{"language en\n[displeasure 1]\nbad, worse, bad\n", `own.txt:3: "bad" is there twice, first in line 3`},
		{"language en\n[displeasure 1]\nbad\n[problem 1]\nbad\n", `own.txt:5: "bad" is there twice, first in line 3`},
		{"language en\n[displeasure 1]\none two three four five\n", "want one to 4 words, got 5"},
		{"language en\n[displeasure 1]\nre*ally bad\n", "want * at the end only"},
		{"language en\n[displeasure 1]\nreally?\n", "without ? and !"},
		{"language en\n[negation]\nnot*\n", "want a single word in this section"},
		{"language en\n[displeasure 1]\n...\n", "want one to 4 words, got 0"},
	} {
		_, err := ParseLexicon("own.txt", []byte(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want …%s…", c.file, err, c.want)
		}
	}
}

func TestAnOperatorsFileAddsAndOverrules(t *testing.T) {
	own, err := ParseLexicon("own.txt", []byte("language en\n// ours\n[displeasure 3, intent cancel]\nkettlegate, moving to acme\n[neutral]\nterrible\n"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(append(Lexicons(), own)...)
	if err != nil {
		t.Fatal(err)
	}
	if m, _ := e.Judge("this kettlegate, I am moving to ACME", "en"); m.Displeasure < 0.6 || len(m.Intents) != 1 || m.Intents[0] != "cancel" {
		t.Errorf("added entries: %+v", m)
	}
	if m, _ := e.Judge("terrible", "en"); m.Displeasure != 0 {
		t.Errorf("an overruled entry: %+v", m)
	}
}

func TestANewLanguageIsOneFile(t *testing.T) {
	fr, err := ParseLexicon("fr.txt", []byte("language fr\n[stop]\nle, la, est, je, ma\n[displeasure 2]\nnul, scandaleux\n[negation]\npas\n"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(append(Lexicons(), fr)...)
	if err != nil {
		t.Fatal(err)
	}
	if m, language := e.Judge("la livraison est scandaleux", ""); language != "fr" || m.Displeasure < 0.35 {
		t.Errorf("%s %+v", language, m)
	}
}

func TestTooManyLanguages(t *testing.T) {
	var all []*Lexicon
	for _, l := range []string{"aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh", "ii"} {
		all = append(all, &Lexicon{Language: l})
	}
	if _, err := New(all...); err == nil {
		t.Error("want an error for nine languages")
	}
}

func FuzzParseLexicon(f *testing.F) {
	f.Add("language en\n[displeasure 2, problem 1, intent cancel]\nbad*, not good\n[can]\nload\n")
	f.Fuzz(func(t *testing.T, file string) {
		lex, err := ParseLexicon("fuzz.txt", []byte(file))
		if err != nil {
			return
		}
		e, err := New(lex)
		if err != nil {
			t.Fatal(err)
		}
		e.Judge(file, lex.Language)
	})
}

// TestLexiconsLoad names what is wrong with a shipped file; everything else only panics.
func TestLexiconsLoad(t *testing.T) {
	files, err := shipped.ReadDir("lexicon")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := shipped.ReadFile("lexicon/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseLexicon(f.Name(), b); err != nil {
			t.Error(err)
		}
	}
}
