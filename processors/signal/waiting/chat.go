package waiting

import (
	"time"

	"touchwatch/processors/signal"
)

// chat judges one conversation: each of the customer's messages that waits for an answer. While it waits too long it is
// an unanswered_chat; once an answer has ended the wait, the time that was lost stays as a long_wait; when the close has
// ended it, nobody answers any more, which is a closed_unanswered. Time counts while somebody is there to answer.
func (j *judge) chat(key string) {
	var open *signal.Mark     // the oldest message nobody has answered
	var pressing *signal.Mark // the oldest one since the last answer that asks or complains
	var promise *signal.Mark  // an agent asked for a moment and is not heard of since
	spoken := false           // somebody has answered in this conversation before
	late := 0                 // waits that were too long so far
	t := j.target(key)
	for i := range j.marks {
		m := &j.marks[i]
		if m.Key != key {
			continue
		}
		switch m.Kind {
		case asked:
			if open == nil && !(spoken && m.X == brief) {
				open = m
			}
			if pressing == nil && m.X == urging {
				pressing = m
			}
			if m.X != brief && promise != nil {
				j.silence(t, promise, m)
				promise = nil // from here on an answer is due
			}
		case answer:
			if open != nil && j.lateAnswer(t, open, m, spoken, late) {
				late++
			}
			j.silence(t, promise, m)
			open, pressing, promise, spoken = nil, nil, nil, true
			if m.X == promised {
				promise = m
			}
		case closed:
			j.closedOn(t, open, pressing, m, spoken)
			j.silence(t, promise, m)
			open, pressing, promise = nil, nil, nil
		}
	}
	if open != nil {
		j.unanswered(t, open, spoken)
	}
	j.silence(t, promise, nil)
}

func (t *target) answer(spoken bool) time.Duration {
	if spoken {
		return t.next
	}
	return t.first
}

// lateAnswer reports whether the wait from open to end was too long, and if so adds it. The second late answer of a
// conversation weighs half, the third a third: it is one bad conversation.
func (j *judge) lateAnswer(t *target, open, end *signal.Mark, spoken bool, before int) bool {
	waited := t.open.Between(open.At, end.At)
	share := shareOf(waited, t.answer(spoken))
	if share == 0 {
		return false
	}
	j.add("long_wait", string(open.ID), j.set.LongWait.Bad, share/float64(before+1), open, end, end.At,
		"waited "+signal.Words(waited)+" for an answer in the chat")
	return true
}

// closedOn judges a close: on a message that had waited too long already, or as resolved on one that asks or complains. A
// customer who leaves before an answer was due has not been let down.
func (j *judge) closedOn(t *target, open, pressing, end *signal.Mark, spoken bool) {
	if open == nil {
		return
	}
	waited := t.open.Between(open.At, end.At)
	share := shareOf(waited, t.answer(spoken))
	if share == 0 {
		if pressing == nil || end.Note != "resolved" {
			return
		}
		open, share = pressing, 1
	}
	j.add("closed_unanswered", string(open.ID), j.set.ClosedUnanswered.Bad, share, open, end, end.At,
		"the chat was closed without an answer after "+signal.Words(end.At.Sub(open.At)))
}

func (j *judge) unanswered(t *target, open *signal.Mark, spoken bool) {
	limit := t.answer(spoken)
	j.due(t.open, open, limit, "in which an answer is due in the chat")
	due := t.open.After(open.At, limit)
	if j.set.UnansweredChat.Off() || !j.reached(due) {
		return
	}
	j.add("unanswered_chat", string(open.ID), j.set.UnansweredChat.Bad, 1, open, open, due,
		"no answer in the chat for over "+signal.Words(limit))
}

// silence judges the time after an agent asked for a moment: until end, or until now when end is nil.
func (j *judge) silence(t *target, promise, end *signal.Mark) {
	set := j.set.AgentSilence
	if promise == nil || set.Off() {
		return
	}
	if end != nil {
		waited := t.open.Between(promise.At, end.At)
		if share := shareOf(waited, set.After); share > 0 {
			j.add("agent_silence", string(promise.ID), set.Bad, share, promise, end, end.At,
				"an agent asked for a moment and was silent for "+signal.Words(waited))
		}
		return
	}
	if due := t.open.After(promise.At, set.After); j.reached(due) {
		j.add("agent_silence", string(promise.ID), set.Bad, 1, promise, promise, due,
			"an agent asked for a moment and has been silent for over "+signal.Words(set.After))
	}
}
