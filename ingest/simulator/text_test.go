package simulator

import (
	"strings"
	"testing"
)

func TestEveryLanguageHasSomethingToSayOnEveryOccasion(t *testing.T) {
	texts, err := readPhrases()
	if err != nil {
		t.Fatal(err)
	}
	for language := range texts {
		seen := map[string]topic{}
		for occasion := range topicCount {
			lines := texts[language][occasion]
			if len(lines) == 0 && (occasion < janaChat || language == german) {
				t.Errorf("%s has no text for %s", languages[language], topicNames[occasion])
			}
			for _, p := range lines {
				line := p.text
				if other, again := seen[line]; again {
					t.Errorf("%s says %q for %s and for %s", languages[language], line, topicNames[other], topicNames[occasion])
				}
				seen[line] = occasion
				filled := fill(line, words{order: "O", product: "P", sum: "S", name: "N"})
				if strings.ContainsAny(filled, "{}") {
					t.Errorf("%s: %q has a place that nothing fills: %q", languages[language], line, filled)
				}
			}
		}
	}
}

func TestFillPutsWordsInTheirPlaces(t *testing.T) {
	got := fill("{name} sends {order} ({product}) for {sum}.", words{order: "A-1", product: "Lamp", sum: "3,00 €", name: "Mira"})
	if want := "Mira sends A-1 (Lamp) for 3,00 €."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTextFilesWithMistakesAreRefused(t *testing.T) {
	for file, want := range map[string]string{
		"[chat.aks]\nHello\n":   "line 1: no topic is called [chat.aks]",
		"# words\nHello\n[x]\n": "line 2: a text before the first topic",
	} {
		var p phrases
		if err := p.parse(file); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", file, err, want)
		}
	}
}

func TestTheAgendaGivesTasksInTheOrderOfTimeThenOfAdding(t *testing.T) {
	var a agenda
	for i, at := range []int64{5, 3, 9, 3, 1, 5, 3, 7, 1, 0} {
		a.add(task{at: at, s: &session{number: uint64(i)}})
	}
	var order []uint64
	for len(a.tasks) > 0 {
		order = append(order, a.next().s.number)
	}
	for i, want := range []uint64{9, 4, 8, 1, 3, 6, 0, 5, 7, 2} {
		if order[i] != want {
			t.Fatalf("order %v", order)
		}
	}
}

func TestStringsAreQuotedAsJSON(t *testing.T) {
	got := string(quote(nil, "a \"b\" \\ c\nd\x01 é €"))
	if want := `"a \"b\" \\ c\nd\u0001 é €"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWhatIsSaidFitsItsCause(t *testing.T) {
	texts, err := readPhrases()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, c := range causes {
		known[c.word] = true
	}
	complaints := []topic{chatProblem, chatComplain, chatAngry, callComplain, callAngry, postComplain, postAngry, reviewBad, surveyBad}
	for language := range texts {
		for occasion := range topicCount {
			for _, p := range texts[language][occasion] {
				for c := range strings.SplitSeq(p.causes, ",") {
					if c != "" && !known[c] {
						t.Errorf("%s: %q is about the unknown cause %s", languages[language], p.text, c)
					}
				}
			}
		}
		for word := range known {
			site := word == "form" || word == "button"
			for _, occasion := range append([]topic{siteProblem, siteComplain, siteAngry, siteCall, sitePost}, complaints...) {
				about := occasion >= siteProblem && occasion <= sitePost
				if about != site && (about || occasion == chatProblem || occasion == postComplain) {
					continue
				}
				if n := fitting(texts[language][occasion], word); n == 0 {
					t.Errorf("%s has nothing for %s of somebody with the cause %s", languages[language], topicNames[occasion], word)
				}
			}
		}
	}
}

func fitting(lines []phrase, cause string) (n int) {
	for i := range lines {
		if lines[i].fits(cause) {
			n++
		}
	}
	return n
}
