// Package text owns the engine that reads what customers write. It gives two signals that are never one: displeasure (the
// customer is unhappy) and problem (something failed); and the intents behind a text. It works by word lists and a few
// rules in English, German, Dutch and Russian; with no known language it reads only what is the same in all of them.
//
// What a verdict weighs in a customer's score is not decided here, but in package mood.
// An *Engine is immutable and safe for concurrent use. Rate allocates nothing; Judge allocates the list of words that decided,
// for texts that have some.
package text

import (
	"cmp"
	"embed"
	"fmt"
	"slices"
	"sync"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal/text/linear"
)

//go:embed lexicon/*.txt
var shipped embed.FS

// Engine judges texts by its lexicons.
type Engine struct {
	tongues []*tongue // sorted by language
	russian *tongue   // nil when no lexicon speaks it
	none    *tongue   // what is the same in all languages
	ballot  ballot
	intents [1 << len(intentNames)][]string
	pool    sync.Pool
	model   *linear.Model // nil: the rules alone
}

// Lexicons returns the lexicons that are part of the program.
func Lexicons() []*Lexicon {
	files, err := shipped.ReadDir("lexicon")
	if err != nil {
		panic(err) // the folder is embedded
	}
	var all []*Lexicon
	for _, f := range files {
		b, err := shipped.ReadFile("lexicon/" + f.Name())
		if err != nil {
			panic(err)
		}
		lex, err := ParseLexicon(f.Name(), b)
		if err != nil {
			panic(err) // the files are embedded and covered by this package's tests
		}
		all = append(all, lex)
	}
	return all
}

// Default returns an engine with the shipped lexicons.
func Default() *Engine {
	e, err := New(Lexicons()...)
	if err != nil {
		panic(err)
	}
	return e
}

// New returns an engine with these lexicons. Of several for one language the later ones add to and overrule the earlier
// ones, so that an operator's file goes last. It fails only when there are more than eight languages.
func New(lexicons ...*Lexicon) (*Engine, error) {
	var common []*Lexicon
	byLanguage := map[string][]*Lexicon{}
	var languages []string
	for _, lex := range lexicons {
		if lex.Language == "any" {
			common = append(common, lex)
			continue
		}
		if byLanguage[lex.Language] == nil {
			languages = append(languages, lex.Language)
		}
		byLanguage[lex.Language] = append(byLanguage[lex.Language], lex)
	}
	if len(languages) > maxLanguages {
		return nil, fmt.Errorf("text engine: %d languages, at most %d are possible", len(languages), maxLanguages)
	}
	slices.Sort(languages)
	e := &Engine{none: newTongue("", common)}
	for _, l := range languages {
		e.tongues = append(e.tongues, newTongue(l, append(slices.Clone(common), byLanguage[l]...)))
	}
	if i := indexOf(e.tongues, "ru"); i >= 0 {
		e.russian = e.tongues[i]
	}
	e.ballot = newBallot(e.tongues, lexicons)
	for set := range e.intents {
		for i, name := range intentNames {
			if set&(1<<i) != 0 {
				e.intents[set] = append(e.intents[set], name)
			}
		}
	}
	e.pool.New = func() any { return new(scratch) }
	return e, nil
}

// Judge reads a text. lang is what its source says it is written in, or the language the customer used last; "" when
// nobody knows. It returns the language the text was judged by, "" when none could be told: then only emoji and
// expressions that are the same everywhere count. The intents of a mood are shared and must not be changed.
func (e *Engine) Judge(text, lang string) (touchpoint.Mood, string) {
	return e.judge(text, lang, true)
}

// Rate is Judge without the words that decided: it allocates nothing.
func (e *Engine) Rate(text, lang string) (touchpoint.Mood, string) {
	return e.judge(text, lang, false)
}

func (e *Engine) judge(text, lang string, explained bool) (touchpoint.Mood, string) {
	s := e.pool.Get().(*scratch)
	s.tokenise(text)
	t, language := e.choose(s, lang)
	mood := e.mood(s, t, text, language, explained)
	e.pool.Put(s)
	return mood, language
}

// mood judges the tokens of a text by one language, and names the words that decided when they are wanted.
func (e *Engine) mood(s *scratch, t *tongue, text, language string, explained bool) touchpoint.Mood {
	v := t.score(s)
	mood := touchpoint.Mood{Confidence: s.confidence(t, &v), Intents: e.intents[v.intents]}
	if explained {
		mood.Words = s.words(text)
	}
	if chance, ok := e.refine(s, &v, language); ok {
		mood.Confidence = certain(chance, e.model.Limit())
		if explained && v.displeasure >= unhappy && len(mood.Words) == 0 {
			mood.Words = e.learnedWords(s, text)
		}
	}
	mood.Displeasure, mood.Problem = v.displeasure, v.problem
	return mood
}

// maxUnsure is how many words a text may have whose language cannot be told and that is read in several: a longer one is
// written in a language that is not spoken here.
const maxUnsure = 8

// readings judges a short text in each language of its script that finds something in it to go by.
func (e *Engine) readings(text string) []touchpoint.Reading {
	s := e.pool.Get().(*scratch)
	defer e.pool.Put(s)
	var all []touchpoint.Reading
	for _, t := range e.tongues {
		s.tokenise(text)
		if s.n > maxUnsure || s.cyrillic > 0 || t == e.russian {
			continue
		}
		m := e.mood(s, t, text, t.language, true)
		if len(m.Words) == 0 && len(m.Intents) == 0 {
			continue
		}
		all = append(all, touchpoint.Reading{Language: t.language, Displeasure: m.Displeasure, Problem: m.Problem, Confidence: m.Confidence, Intents: m.Intents, Words: m.Words})
	}
	return all
}

// Read is Judge for whoever knows nothing about the author: when the language cannot be told, the mood is the strongest of
// its readings, in whose language the text then counts as written.
func (e *Engine) Read(text, lang string) (touchpoint.Mood, string) {
	mood, language := e.Judge(text, lang)
	if language != "" {
		return mood, language
	}
	readings := e.readings(text)
	if len(readings) == 0 {
		return mood, ""
	}
	best := slices.MaxFunc(readings, func(a, b touchpoint.Reading) int { return cmp.Compare(strength(a), strength(b)) })
	return touchpoint.Mood{
		Displeasure: best.Displeasure, Problem: best.Problem, Confidence: best.Confidence,
		Intents: best.Intents, Words: best.Words, Readings: readings,
	}, best.Language
}

// strength is how much a reading found.
func strength(r touchpoint.Reading) float32 {
	return max(r.Displeasure, -r.Displeasure) + r.Problem/2
}

// Annotate fills in the mood and the language of what a customer wrote. A mood that the source gave stays. When the language
// cannot be told, the mood says how each language would read the text, for whoever knows more about the customer.
func (e *Engine) Annotate(t *touchpoint.Touchpoint) {
	if t.Text == "" || t.Mood != nil || !t.FromCustomer() {
		return
	}
	mood, language := e.Judge(t.Text, t.Language)
	if language != "" {
		t.Language = language
	} else {
		mood.Readings = e.readings(t.Text)
	}
	t.Mood = &mood
}
