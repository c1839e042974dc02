package mood

import (
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/settings"
)

const (
	// lasting is the share of the worst moment that stays when the customer calms down: being soothed is good, needing it
	// was not.
	lasting = 0.5
	// rising is how much of a step to the worse is believed at once. A friendly greeting must not hide the anger after it.
	rising = 0.75
	// credit is how much a friendly start can make up for later.
	credit = -0.2
)

// displeased judges how unhappy the customer was in one contact: a moving average over the turns that show a mood, which
// rises fast and falls slowly, but never less than a share of its worst moment.
func (d *Detector) displeased(out []signal.Signal, marks []signal.Mark, key string) []signal.Signal {
	if d.negative.Off() {
		return out
	}
	level, worst := 0.0, 0.0
	var part []*signal.Mark
	turns := 0
	alpha := 2 / (float64(d.negative.Turns) + 1)
	for i := range marks {
		m := &marks[i]
		v := float64(m.N) / 1000
		if m.Key != key || (v < silent && v > -silent) {
			continue
		}
		switch turns++; {
		case turns == 1:
			level = max(v, credit)
		case v > level:
			level += rising * (v - level)
		default:
			level = max(level+max(alpha, 1/float64(turns))*(v-level), credit)
		}
		worst = max(worst, level)
		if v >= d.negative.Threshold {
			part = append(part, m)
		}
	}
	level = max(level, worst*lasting)
	if level < d.negative.Threshold || len(part) == 0 {
		return out
	}
	reason := "is unhappy" + where(part[0].Channel) + quoted(part)
	return append(out, build("negative_text", d.negative.Bad, level, part, reason))
}

// problems notes that the customer reported something that failed, once per contact.
func (d *Detector) problems(out []signal.Signal, marks []signal.Mark, key string) []signal.Signal {
	part := pick(marks, key, func(m *signal.Mark) bool { return float64(m.X)/1000 >= d.problem.Threshold })
	if len(part) == 0 || d.problem.Off() {
		return out
	}
	return append(out, build("problem_report", d.problem.Bad, 1, part, "reports a problem"+where(part[0].Channel)+quoted(part)))
}

// threats notes that the customer threatens to leave or to complain elsewhere, once per contact.
func (d *Detector) threats(out []signal.Signal, marks []signal.Mark, key string) []signal.Signal {
	part := pick(marks, key, func(m *signal.Mark) bool { return m.Y&intentMask != 0 })
	if len(part) == 0 || d.churn.Off() {
		return out
	}
	intents := int32(0)
	for _, m := range part {
		intents |= m.Y & intentMask
	}
	what := "threatens to leave"
	switch intents {
	case escalates:
		what = "threatens to complain elsewhere"
	case cancels | escalates:
		what = "threatens to leave and to complain elsewhere"
	}
	return append(out, build("churn_threat", d.churn.Bad, 1, part, what+where(part[0].Channel)+quoted(part)))
}

func pick(marks []signal.Mark, key string, want func(*signal.Mark) bool) []*signal.Mark {
	var part []*signal.Mark
	for i := range marks {
		if marks[i].Key == key && want(&marks[i]) {
			part = append(part, &marks[i])
		}
	}
	return part
}

func build(name string, effect settings.Bad, share float64, part []*signal.Mark, reason string) signal.Signal {
	first, last := part[0], part[len(part)-1]
	ids := make([]touchpoint.ID, 0, signal.MaxEvidence)
	for _, m := range part[max(len(part)-signal.MaxEvidence, 0):] {
		ids = append(ids, m.ID)
	}
	return signal.Signal{
		Name: name, Family: "mood", Episode: first.Key, First: first.At, At: last.At,
		Weight: effect.Points(share), Half: effect.HalfSeconds(), Channel: first.Channel,
		Places: signal.Places(first.Place, last.Place), Evidence: ids, Reason: reason,
	}
}

func where(c touchpoint.Channel) string {
	switch c {
	case touchpoint.Chat:
		return " in the chat"
	case touchpoint.Call:
		return " on the phone"
	case touchpoint.Social:
		return " on social media"
	case touchpoint.Website:
		return " in a survey" // the only thing that customers write there
	}
	return " (" + string(c) + ")"
}

// quoted shows what the customer said, of the latest part that has a text.
func quoted(part []*signal.Mark) string {
	for i := len(part) - 1; i >= 0; i-- {
		if part[i].Note != "" {
			return ": “" + part[i].Note + "”"
		}
	}
	return ""
}
