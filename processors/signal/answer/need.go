package answer

import (
	"strings"
	"unicode/utf8"

	"touchwatch/ingest/touchpoint"
)

// Need is what a customer's chat message calls for.
type Need int32

// The needs. The zero value is a message that wants an answer and no more is known.
const (
	Plain    Need = iota
	Brief         // a remark rather than a question: once somebody has answered it waits for nothing
	Pressing      // a question or a complaint
	None          // thanks, or 'it works now', without a new question or complaint
)

// From these displeasure and problem on a message without a question mark wants an answer as well.
const (
	upset  = 0.2
	broken = 0.5
)

// fine is how much problem a message shows at most that needs no answer; a displeasure below upset is a 'not' or an 'again'.
const fine = 0.3

// remarkLetters is how many characters a remark has at most.
const remarkLetters = 48

// NeedOf says what a customer's message calls for.
func NeedOf(t *touchpoint.Touchpoint) Need {
	question := strings.Contains(t.Text, "?")
	quiet := t.Mood != nil && t.Mood.Displeasure < upset && t.Mood.Problem <= fine
	switch {
	case quiet && !question && thanks(t.Mood.Intents):
		return None
	case quiet && t.Text != "" && len(t.Mood.Intents) == 0 && utf8.RuneCountInString(t.Text) <= remarkLetters && !strings.ContainsAny(t.Text, "?0123456789"):
		return Brief
	case question, t.Mood != nil && (t.Mood.Displeasure >= upset || t.Mood.Problem >= broken):
		return Pressing
	}
	return Plain
}

func thanks(intents []string) bool {
	for _, intent := range intents {
		if intent == "thanks" || intent == "solved" {
			return true
		}
	}
	return false
}
