package rule

import (
	"testing"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/signal"
)

// told is a signal with a line of its own and what it rests on.
func told(name, family string, channel touchpoint.Channel, weight float64, ago time.Duration, reason string, evidence ...touchpoint.ID) signal.Signal {
	at := start.Add(-ago)
	return signal.Signal{
		Name: name, Family: family, Episode: string(evidence[0]), First: at, At: at, Weight: int32(weight * 100), Half: 86_400, Channel: channel, Reason: reason,
		Evidence: evidence,
	}
}

func TestAStoryTellsEachThingOnce(t *testing.T) {
	said := "“The kettle leaks and nobody answers.”"
	for name, c := range map[string]struct {
		signals []signal.Signal
		story   string
	}{
		"what rests on the same words is one line": {
			[]signal.Signal{
				told("negative_text", "mood", "social", -20, 2*time.Minute, "is unhappy on social media: "+said, "p1"),
				told("problem_report", "mood", "social", -4, 2*time.Minute, "reports a problem on social media: "+said, "p1"),
				told("public_complaint", "social", "social", -3, 2*time.Minute, "complained in public on x, for about 154 readers", "p1"),
				told("unanswered_mention", "social", "social", -6, time.Minute, "no answer on x for over 60 min to "+said, "p1"),
			},
			"is unhappy and reports a problem in public on x, for about 154 readers: " + said + ", still no answer after 60 min",
		},
		"quotations cut around other words are of the same text": {
			[]signal.Signal{
				told("negative_text", "mood", "chat", -20, 2*time.Minute, "is unhappy in the chat: “…in Frankfurt, and the kettle leaks like mad.”", "m2"),
				told("unanswered_chat", "waiting", "chat", -10, time.Minute, "no answer in the chat for over 60 s to “We live in Frankfurt, and the kettle leaks like mad.”", "m1"),
			},
			"is unhappy in the chat: “…in Frankfurt, and the kettle leaks like mad.”, still no answer after 60 s",
		},
		"who threatens need not be called unhappy as well": {
			[]signal.Signal{
				told("mood_turn", "mood", "chat", -4, time.Minute, "became unhappy in the chat: "+said, "m1", "m2"),
				told("negative_text", "mood", "chat", -20, time.Minute, "is unhappy in the chat: "+said, "m2"),
				told("churn_threat", "mood", "chat", -15, time.Minute, "threatens to leave in the chat: "+said, "m2"),
			},
			"threatens to leave in the chat: " + said,
		},
		"what began it stays, and says how old it is": {
			[]signal.Signal{
				told("form_struggle", "form", "website", -6, 26*time.Hour, "postcode was refused 4 times", "w1"),
				told("long_hold", "waiting", "call", -20, 5*time.Hour, "was on hold for 9 min", "c1"),
				told("many_transfers", "waiting", "call", -8, 4*time.Hour, "was passed on twice in one call", "c2"),
				told("hang_up_on_hold", "waiting", "call", -16, 3*time.Hour, "hung up while on hold", "c3"),
				told("negative_text", "mood", "call", -28, 70*time.Minute, "is unhappy on the phone: "+said, "c4"),
				told("unanswered_chat", "waiting", "chat", -10, 0, "no answer in the chat for over 60 s", "m1"),
			},
			"postcode was refused 4 times (26 h earlier); was on hold for 9 min (5 h earlier); is unhappy on the phone: " + said +
				" (70 min earlier); no answer in the chat for over 60 s",
		},
		"a wait that ended in vain is told by its end": {
			[]signal.Signal{
				told("long_wait", "waiting", "call", -10, time.Minute, "waited 4 min in the queue", "call:c1"),
				told("abandoned_call", "waiting", "call", -8, time.Minute, "hung up in the queue after 4 min", "call:c1"),
			},
			"hung up in the queue after 4 min",
		},
	} {
		s := &customer.State{ID: "cus_1", Now: start, Signals: c.signals}
		if got, _ := story.value(s, start); got != c.story {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.story)
		}
	}
}

func TestSomebodyWithoutANameIsCalledByWhereTheyAre(t *testing.T) {
	s := &customer.State{ID: "anon_1", Aliases: []touchpoint.Alias{{Kind: touchpoint.AliasContact, Value: "halden:5000110"}}}
	s.Channels = []customer.ChannelCount{{Channel: "chat", Last: 5}}
	if got := displayName(s); got != "a visitor in the chat" {
		t.Error(got)
	}
	s.Signals = []signal.Signal{{Name: "unanswered_chat", Places: []string{"queue:Web"}}}
	if got := displayName(s); got != "a visitor in queue Web" {
		t.Error(got)
	}
	s.Aliases = append(s.Aliases, touchpoint.Alias{Kind: touchpoint.AliasPhone, Value: "+49"})
	s.Aliases[0], s.Aliases[1] = s.Aliases[1], s.Aliases[0]
	if got := displayName(s); got != "+49" {
		t.Error(got)
	}
}
