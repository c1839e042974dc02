package answer_test

import (
	"testing"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/answer"
	"touchwatch/processors/signal/settings"
)

func TestNeedOfAMessage(t *testing.T) {
	calm := &touchpoint.Mood{}
	for _, c := range []struct {
		text string
		mood *touchpoint.Mood
		want answer.Need
	}{
		{"where is my parcel?", calm, answer.Pressing},
		{"where is my parcel?", nil, answer.Pressing},
		{"okay, I will do that", calm, answer.Brief},
		{"okay, I will do that", nil, answer.Plain},
		{"order 4711", calm, answer.Plain},
		{"", calm, answer.Plain},
		{"it broke", &touchpoint.Mood{Problem: 0.5}, answer.Pressing},
		{"I am cross", &touchpoint.Mood{Displeasure: 0.2}, answer.Pressing},
		{"thank you", &touchpoint.Mood{Intents: []string{"thanks"}}, answer.None},
		{"thank you. And my invoice?", &touchpoint.Mood{Intents: []string{"thanks"}}, answer.Pressing},
		{"thanks for nothing", &touchpoint.Mood{Displeasure: 0.6, Intents: []string{"thanks"}}, answer.Pressing},
	} {
		if got := answer.NeedOf(&touchpoint.Touchpoint{Text: c.text, Mood: c.mood}); got != c.want {
			t.Errorf("%q needs %d, want %d", c.text, got, c.want)
		}
	}
}

func TestACloseLetsDownWhomItLeavesWithoutAnAnswer(t *testing.T) {
	everybody := answer.NewTargets(settings.Default()).Of("", "", nil)
	ask := func(at touchpoint.Millis) *signal.Mark { return &signal.Mark{At: at} }
	end := &signal.Mark{At: 30_000}
	for name, c := range map[string]struct {
		needs    []answer.Need // asked at 0 s, 1 s …, zero time to wait until the close at 30 s
		answered bool
		resolved bool
		at       touchpoint.Millis
		want     bool
	}{
		"resolved on a question":         {needs: []answer.Need{answer.Pressing}, resolved: true, want: true},
		"left at once":                   {needs: []answer.Need{answer.Pressing}},
		"left after too long":            {needs: []answer.Need{answer.Plain}, at: -60_000, want: true},
		"resolved on plain words":        {needs: []answer.Need{answer.Plain}, resolved: true},
		"resolved after an answer":       {needs: []answer.Need{answer.Pressing}, answered: true, resolved: true},
		"resolved on thanks":             {needs: []answer.Need{answer.None}, resolved: true},
		"resolved on a word, then asked": {needs: []answer.Need{answer.Brief, answer.Pressing}, resolved: true, want: true},
	} {
		var talk answer.Thread
		for i, need := range c.needs {
			talk.Ask(ask(c.at+touchpoint.Millis(i)*1000), need)
		}
		if c.answered {
			talk.Answer()
		}
		if left := talk.Close(everybody, end, c.resolved); (left != nil) != c.want {
			t.Errorf("%s: left %v", name, left)
		}
		if talk.Open != nil || talk.Pressing != nil {
			t.Errorf("%s: something is still open after the close", name)
		}
	}
}
