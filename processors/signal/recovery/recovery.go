// Package recovery owns the signals of the family recovery, which speak for the experience: problem_solved and purchase.
// Good ratings belong to the package feedback.
//
// The detector is immutable and safe for concurrent use.
package recovery

import (
	"slices"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/answer"
	"touchwatch/processors/signal/settings"
)

// What a mark stands for. Key is the contact, Place the queue.
const (
	unhappy  = iota + 1 // the customer wrote something unhappy
	said                // the customer says it is solved
	resolved            // an agent closed the conversation as resolved
	bought
	asked   // the customer wrote in a chat and wants an answer; X: the answer.Need
	replied // and got one
	closed  // the conversation was closed, but not as resolved
)

// displeased is the displeasure from which an agent's 'resolved' is not believed. It is the default threshold of
// negative_text.
const displeased = 0.35

// A text says that something is solved only when it is not unhappy (doubtful) and reports no new problem (stillBroken):
// 'I thought this was fixed' is the opposite.
const (
	doubtful    = 0.1
	stillBroken = 0.5
)

// Detector makes the signals of recovery.
type Detector struct {
	solved   settings.ProblemSolved
	purchase settings.Purchase
	bots     bool // a bot's answer counts
	targets  answer.Targets
}

// New returns the detector of recoveries.
func New(s *settings.Settings) *Detector {
	return &Detector{solved: s.ProblemSolved, purchase: s.Purchase, bots: s.UnansweredChat.BotAnswers, targets: answer.NewTargets(s)}
}

// Family implements signal.Detector.
func (*Detector) Family() string { return "recovery" }

// Bounds implements signal.Detector.
func (d *Detector) Bounds() signal.Bounds {
	return signal.Bounds{Keep: 24 * time.Hour, Gap: max(24*time.Hour, d.purchase.Gap), Most: 48}
}

// Observe implements signal.Detector. What the customer writes in a chat may be unhappy and want an answer as well.
func (d *Detector) Observe(dst []signal.Mark, t *touchpoint.Touchpoint) []signal.Mark {
	m := signal.Mark{At: t.OccurredAt, ID: t.ID, Channel: t.Channel}
	if m.Kind = kindOf(t); m.Kind == bought {
		m.Key, m.Place = "purchase", t.Place.Campaign
		return append(dst, m)
	}
	if m.Kind == 0 && t.Kind != touchpoint.ChatCustomerMessage && t.Kind != touchpoint.ChatAgentMessage && t.Kind != touchpoint.ChatClosed {
		return dst
	}
	m.Key, m.Place = contact(t), t.Place.Queue
	if m.Kind != 0 {
		dst = append(dst, m)
	}
	switch t.Kind {
	case touchpoint.ChatCustomerMessage:
		if need := answer.NeedOf(t); need != answer.None {
			m.Kind, m.X = asked, int32(need)
			dst = append(dst, m)
		}
	case touchpoint.ChatAgentMessage:
		if t.Attrs["author"] != "bot" || d.bots {
			m.Kind = replied
			dst = append(dst, m)
		}
	case touchpoint.ChatClosed:
		if m.Kind != resolved {
			m.Kind = closed
			dst = append(dst, m)
		}
	}
	return dst
}

// kindOf says what a touchpoint means to a recovery, zero for nothing.
func kindOf(t *touchpoint.Touchpoint) uint8 {
	switch {
	case t.Kind == touchpoint.Purchase:
		return bought
	case t.Kind == touchpoint.ChatClosed && t.Attrs["outcome"] == "resolved":
		return resolved
	case t.Mood == nil || !t.FromCustomer():
	case t.Mood.Displeasure >= displeased:
		return unhappy
	case t.Place.Thread != "" && t.Mood.Displeasure < doubtful && t.Mood.Problem < stillBroken && slices.Contains(t.Mood.Intents, "solved"):
		return said
	}
	return 0
}

func contact(t *touchpoint.Touchpoint) string {
	if t.Place.Thread != "" {
		return string(t.Channel) + ":" + t.Place.Thread
	}
	return string(t.ID)
}

// Detect implements signal.Detector, for somebody of whom nothing is known. Time alone changes nothing here.
func (d *Detector) Detect(marks []signal.Mark, now touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	return d.DetectFor(signal.Party{}, marks, now)
}

// DetectFor implements signal.Personal: a segment may have targets of its own, by which a close lets it down.
func (d *Detector) DetectFor(party signal.Party, marks []signal.Mark, _ touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	var kinds uint8
	for i := range marks {
		kinds |= 1 << (marks[i].Kind & 7)
	}
	out := d.purchases(nil, marks)
	if d.solved.Off() || kinds&(1<<said|1<<resolved) == 0 {
		return out, 0
	}
	for i := range marks {
		key := marks[i].Key
		if marks[i].Kind == bought || slices.ContainsFunc(marks[:i], func(m signal.Mark) bool { return m.Key == key }) {
			continue
		}
		if by := settled(marks[i:], key, d.targets.Of(party.Segment, key, marks[i:])); by != nil {
			out = append(out, d.solvedSignal(by))
		}
	}
	return out, 0
}

// settled returns the mark by which the contact's matter was settled, nil when it was not. The last word decides: after
// a new complaint it is open again, and so it is after a close that leaves the customer without an answer. An agent's
// 'resolved' straight after a complaint does not count.
func settled(marks []signal.Mark, key string, t *answer.Target) *signal.Mark {
	var by *signal.Mark
	var talk answer.Thread
	angry, letDown := false, false // letDown: closed on a question, and nobody has answered since
	for i := range marks {
		m := &marks[i]
		if m.Key != key {
			continue
		}
		switch m.Kind {
		case unhappy:
			by, angry = nil, true
		case said:
			angry, letDown = false, false
			if by == nil {
				by = m
			}
		case asked:
			talk.Ask(m, answer.Need(m.X))
		case replied:
			talk.Answer()
			letDown = false
		case resolved, closed:
			switch left := talk.Close(t, m, m.Kind == resolved); {
			case left != nil:
				by, letDown = nil, true
			case m.Kind == resolved && by == nil && !angry && !letDown:
				by = m
			}
		}
	}
	return by
}

func (d *Detector) solvedSignal(by *signal.Mark) signal.Signal {
	reason := "says the problem is solved"
	if by.Kind == resolved {
		reason = "the conversation was closed as resolved"
	}
	return signal.Signal{
		Name: "problem_solved", Family: d.Family(), Episode: by.Key, First: by.At, At: by.At,
		Weight: d.solved.Points(1), Half: d.solved.HalfSeconds(), Channel: by.Channel,
		Places: signal.Places(signal.PlaceKey("queue", by.Place)), Evidence: []touchpoint.ID{by.ID}, Reason: reason,
	}
}

// purchases finds orders; several within the gap are one.
func (d *Detector) purchases(out []signal.Signal, marks []signal.Mark) []signal.Signal {
	if d.purchase.Off() {
		return out
	}
	var last *signal.Mark
	for i := range marks {
		m := &marks[i]
		if m.Kind != bought {
			continue
		}
		if last == nil || m.At.Sub(last.At) > d.purchase.Gap {
			out = append(out, signal.Signal{
				Name: "purchase", Family: d.Family(), Episode: string(m.ID), First: m.At, At: m.At,
				Weight: d.purchase.Points(1), Half: d.purchase.HalfSeconds(), Channel: m.Channel,
				Places: signal.Places(signal.PlaceKey("campaign", m.Place)), Evidence: []touchpoint.ID{m.ID}, Reason: "bought something",
			})
		}
		last = m
	}
	return out
}
