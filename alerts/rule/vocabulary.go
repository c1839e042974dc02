package rule

import (
	"slices"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/touchpoint"
)

// fading says how time alone changes a value.
type fading int

const (
	steady  fading = iota // not at all, or, as with the score, somebody else watches it
	falling               // it only shrinks, or turns from true to false, when evidence leaves a window
	moving                // in some other way
)

// Word is a name that conditions and texts may use, as the documentation shows it.
type Word struct {
	Name  string
	Args  []Arg
	Gives string // type and unit, such as "number, 0 to 100"
	Doc   string
}

// Arg is a parameter of a Word. Arguments are written out in the rule, never computed.
type Arg struct {
	Name string
	Kind ArgKind
	Most int // for numbers: 1 to Most
}

// ArgKind is what an argument must be.
type ArgKind int

// The kinds of argument.
const (
	Number     ArgKind = iota // a whole number from 1 to Most
	SignalName                // the name of a signal, in quotes
	SignalList                // the name of a signal, or a list of names
)

// literal is the value of an argument as written.
type literal struct {
	number int
	names  []string
}

// word is a Word with the code behind it, for states of type S.
type word[S any] struct {
	Word
	zero  any // a value of its type, for the checker
	quiet any // its value for a quiet subject; nil when that says nothing about it
	fades fading
	input func(args []literal) source[S]
}

// source computes a value from a state.
type source[S any] struct {
	// value returns the value at now and the earliest later moment at which time alone changes it (zero: never).
	value func(s *S, now touchpoint.Millis) (any, touchpoint.Millis)
	// behind appends what the value rests on, nil when there is nothing to show.
	behind func(dst []Evidence, s *S, now touchpoint.Millis) []Evidence
}

// Evidence is one thing behind an alert, with what is needed to choose among many.
type Evidence struct {
	alert.Evidence
	// Points is how much it takes from the score now; the heaviest are shown.
	Points float64
	// Episode tells pieces of evidence apart: later touchpoints of the same episode are the same evidence.
	Episode string
	// Touchpoints are the evidence's own, oldest first; empty where a customer is the evidence.
	Touchpoints []touchpoint.ID
}

// input is a word with its arguments, as one or more rules of a set use it. Its key stands in the compiled expression.
type input[S any] struct {
	key string
	source[S]
}

// vocabulary is all words for one kind of subject.
type vocabulary[S any] struct {
	subject Subject
	words   []word[S] // sorted by name
	quiet   func(*S) bool
}

func (v *vocabulary[S]) find(name string) *word[S] {
	for i := range v.words {
		if v.words[i].Name == name {
			return &v.words[i]
		}
	}
	return nil
}

// names lists the words, with those that take arguments only, or without any.
func (v *vocabulary[S]) names(calls bool) []string {
	var names []string
	for i := range v.words {
		if calls == (len(v.words[i].Args) > 0) {
			names = append(names, v.words[i].Name)
		}
	}
	slices.Sort(names)
	return names
}

// Words lists the names that rules about a subject may use, in the order of the documentation.
func Words(subject Subject) []Word {
	var words []Word
	if subject == Place {
		for _, w := range placeWords {
			words = append(words, w.Word)
		}
		return words
	}
	for _, w := range customerWords {
		words = append(words, w.Word)
	}
	return words
}

// SignalNames are the signals that rules may name.
var SignalNames = []string{
	"abandoned_call", "agent_silence", "answer_due", "asks_for_human", "bot_loop", "called_back", "calmed_down", "checkout_failed", "churn_threat",
	"closed_unanswered", "company_replied", "dead_air", "dead_click", "detractor", "error_click", "failed_request",
	"failure_exit", "form_abandoned", "form_struggle", "fruitless_search", "good_rating", "handed_over",
	"hang_up_on_hold", "interrupted", "long_hold", "long_wait", "low_ces", "low_csat", "low_stars", "many_transfers",
	"mood_turn", "negative_text", "page_loop", "payment_declined", "problem_report", "problem_solved", "public_complaint", "purchase",
	"rage_click", "repeat_contact", "script_error", "short_call", "silent_customer", "slow_page", "u_turn",
	"unanswered_call", "unanswered_chat", "unanswered_mention", "unhappy_loyal", "urgent_request",
}

// within reports whether something at a moment lies in the window of d milliseconds that ends at now. It leaves the
// window at at+d.
func within(at, now, d touchpoint.Millis) bool { return now < at+d }

// sooner returns the earlier of two moments, where zero means never.
func sooner(a, b touchpoint.Millis) touchpoint.Millis {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}

const (
	second touchpoint.Millis = 1000
	minute                   = 60 * second
	hour                     = 60 * minute
	day                      = 24 * hour
)
