package handling

import (
	"slices"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// wantsPerson reports whether the customer asks for a person, or for somebody who may decide.
func wantsPerson(t *touchpoint.Touchpoint) bool {
	return t.Mood != nil && t.FromCustomer() && slices.Contains(t.Mood.Intents, "human")
}

// wantsPerson judges the contact that begins with marks[0]: once, however often it is said. It weighs more when a bot answered before.
func (d *Detector) wantsPerson(out []signal.Signal, marks []signal.Mark) []signal.Signal {
	var part []*signal.Mark
	spoken, bot, afterBot := false, false, false // the customer wrote, a bot answered, and then the customer asked
	for i := range marks {
		m := &marks[i]
		if !same(m, &marks[0]) {
			continue
		}
		switch m.Kind {
		case wrote:
			spoken = true
		case botSaid:
			bot = bot || spoken
		case human:
			part = append(part, m)
			afterBot = afterBot || bot
		}
	}
	if len(part) == 0 {
		return out
	}
	effect, reason := d.asks.Bad, "asks for a person after a bot's answer"
	if !afterBot {
		effect.Weight, reason = d.asks.Light, "asks for a person or a superior"
	}
	if d.asks.Off() {
		return out
	}
	if part[0].Channel == touchpoint.Chat {
		reason += " in the chat"
	} else {
		reason += " on the phone"
	}
	if said := part[len(part)-1].Note; said != "" {
		reason += ": “" + said + "”"
	}
	return d.add(out, "asks_for_human", effect, part, reason)
}
