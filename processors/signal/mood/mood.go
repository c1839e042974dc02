// Package mood owns the signals of the family mood: what the customer says about it. It reads the verdict that the text
// engine recorded with each touchpoint, never the text itself, and judges per contact: a conversation, a call, a post.
//
// The detector is immutable and safe for concurrent use.
package mood

import (
	"slices"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/settings"
)

// What a mark stands for. Key is the contact, Place the queue or platform, Note what people are shown of the text.
const (
	said    = iota + 1 // N the displeasure and X the problem in thousandths, Y the intents and, above them, the text's fingerprint
	pressed            // the customer said that it is urgent
)

// Intents that a mark keeps.
const (
	cancels = 1 << iota
	escalates
	intentBits = iota
)

const intentMask = 1<<intentBits - 1

// silent is the displeasure, either way, below which a turn says nothing about the mood: a 'not' or a 'please' is less.
const silent = 0.2

// problemSilent is the problem score below which a turn reports none.
const problemSilent = 0.3

// Detector makes the signals of mood.
type Detector struct {
	negative settings.NegativeText
	problem  settings.ProblemReport
	churn    settings.ChurnThreat
	turned   settings.MoodTurn
	calmed   settings.CalmedDown
	urgent   settings.UrgentRequest
}

// New returns the detector of moods.
func New(s *settings.Settings) *Detector {
	return &Detector{negative: s.NegativeText, problem: s.ProblemReport, churn: s.ChurnThreat, turned: s.MoodTurn, calmed: s.CalmedDown, urgent: s.UrgentRequest}
}

// Family implements signal.Detector.
func (*Detector) Family() string { return "mood" }

// Bounds implements signal.Detector.
func (*Detector) Bounds() signal.Bounds {
	return signal.Bounds{Keep: 24 * time.Hour, Gap: 12 * time.Hour, Most: 40}
}

// Observe implements signal.Detector: a mark for each thing the customer said that shows a mood, a problem or an intent.
func (*Detector) Observe(dst []signal.Mark, t *touchpoint.Touchpoint) []signal.Mark {
	if t.Mood == nil || !t.FromCustomer() {
		return dst
	}
	intents, urgent := int32(0), false
	for _, in := range t.Mood.Intents {
		switch in {
		case "urgent":
			urgent = true
		case "cancel":
			intents |= cancels
		case "escalation":
			intents |= escalates
		}
	}
	m := signal.Mark{
		At: t.OccurredAt, ID: t.ID, Kind: pressed, Channel: t.Channel, Key: contact(t), Place: place(t), Note: signal.Quote(t.Text, t.Mood.Words),
	}
	if urgent {
		dst = append(dst, m)
	}
	d := t.Mood.Displeasure
	if d < silent && d > -silent && t.Mood.Problem < problemSilent && intents == 0 {
		return dst
	}
	m.Kind, m.N, m.X, m.Y = said, thousandths(d), int32(thousandths(t.Mood.Problem)), intents|fingerprint(t.Text)
	return append(dst, m)
}

func thousandths(v float32) int64 { return int64(max(min(v, 1), -1) * 1000) }

// contact names what the text is part of; a text of its own stands alone.
func contact(t *touchpoint.Touchpoint) string {
	if t.Place.Thread != "" {
		return string(t.Channel) + ":" + t.Place.Thread
	}
	return string(t.ID)
}

func place(t *touchpoint.Touchpoint) string {
	switch {
	case t.Place.Queue != "":
		return signal.PlaceKey("queue", t.Place.Queue)
	case t.Place.Platform != "":
		return signal.PlaceKey("platform", t.Place.Platform)
	}
	return signal.PlaceKey("page", t.Place.Page)
}

// Detect implements signal.Detector. Time alone changes nothing here.
func (d *Detector) Detect(marks []signal.Mark, _ touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	marks, out := d.pressing(marks)
	marks = once(marks)
	for i := range marks {
		key := marks[i].Key
		if slices.ContainsFunc(marks[:i], func(m signal.Mark) bool { return m.Key == key }) {
			continue
		}
		out = d.displeased(out, marks[i:], key)
		out = d.problems(out, marks[i:], key)
		out = d.threats(out, marks[i:], key)
		out = d.turns(out, marks[i:], key)
	}
	return out, 0
}
