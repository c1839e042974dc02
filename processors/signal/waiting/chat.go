package waiting

import (
	"time"

	"touchwatch/processors/signal"
	"touchwatch/processors/signal/answer"
)

// chat judges one conversation: each of the customer's messages that waits for an answer. While it waits too long it is
// an unanswered_chat; once an answer has ended the wait, the time that was lost stays as a long_wait; when the close has
// ended it, nobody answers any more, which is a closed_unanswered. Time counts while somebody is there to answer.
func (j *judge) chat(key string) {
	var talk answer.Thread
	var promise *signal.Mark // an agent asked for a moment and is not heard of since
	late := 0                // waits that were too long so far
	t := j.target(key)
	for i := range j.marks {
		m := &j.marks[i]
		if m.Key != key {
			continue
		}
		switch m.Kind {
		case asked:
			talk.Ask(m, answer.Need(m.X))
			if answer.Need(m.X) != answer.Brief && promise != nil {
				j.silence(t, promise, m)
				promise = nil // from here on an answer is due
			}
		case replied:
			if talk.Open != nil && j.lateAnswer(t, talk.Open, m, talk.Limit(t), late) {
				late++
			}
			j.silence(t, promise, m)
			talk.Answer()
			promise = nil
			if m.X == promised {
				promise = m
			}
		case closed:
			limit := talk.Limit(t)
			if left := talk.Close(t, m, m.Note == "resolved"); left != nil {
				j.closedOn(t, left, m, limit)
			}
			j.silence(t, promise, m)
			promise = nil
		}
	}
	if talk.Open != nil {
		j.unanswered(t, &talk)
	}
	j.silence(t, promise, nil)
}

// lateAnswer reports whether the wait from open to end was too long, and if so adds it. The second late answer of a
// conversation weighs half, the third a third: it is one bad conversation.
func (j *judge) lateAnswer(t *answer.Target, open, end *signal.Mark, limit time.Duration, before int) bool {
	waited := t.Open.Between(open.At, end.At)
	share := shareOf(waited, limit)
	if share == 0 {
		return false
	}
	j.add("long_wait", string(open.ID), j.set.LongWait.Bad, share/float64(before+1), open, end, end.At,
		"waited "+signal.Words(waited)+" for an answer in the chat")
	return true
}

// closedOn judges a close that left a message without an answer, by how long that message had waited.
func (j *judge) closedOn(t *answer.Target, left, end *signal.Mark, limit time.Duration) {
	share := max(shareOf(t.Open.Between(left.At, end.At), limit), 1)
	j.add("closed_unanswered", string(left.ID), j.set.ClosedUnanswered.Bad, share, left, end, end.At,
		"the chat was closed without an answer"+signal.To(left.Note)+" after "+signal.Words(end.At.Sub(left.At)))
}

// unanswered judges a conversation in which the customer waits. It quotes what calls for an answer most, or else what waits longest.
func (j *judge) unanswered(t *answer.Target, talk *answer.Thread) {
	open, limit, said := talk.Open, talk.Limit(t), talk.Open.Note
	if talk.Pressing != nil {
		said = talk.Pressing.Note
	}
	j.due(t.Open, open, limit, "in which an answer is due in the chat")
	due := t.Open.After(open.At, limit)
	if j.set.UnansweredChat.Off() || !j.reached(due) {
		return
	}
	j.add("unanswered_chat", string(open.ID), j.set.UnansweredChat.Bad, 1, open, open, due,
		"no answer in the chat for over "+signal.Words(limit)+signal.To(said))
}

// silence judges the time after an agent asked for a moment: until end, or until now when end is nil.
func (j *judge) silence(t *answer.Target, promise, end *signal.Mark) {
	set := j.set.AgentSilence
	if promise == nil || set.Off() {
		return
	}
	if end != nil {
		waited := t.Open.Between(promise.At, end.At)
		if share := shareOf(waited, set.After); share > 0 {
			j.add("agent_silence", string(promise.ID), set.Bad, share, promise, end, end.At,
				"an agent asked for a moment and was silent for "+signal.Words(waited))
		}
		return
	}
	if due := t.Open.After(promise.At, set.After); j.reached(due) {
		j.add("agent_silence", string(promise.ID), set.Bad, 1, promise, promise, due,
			"an agent asked for a moment and has been silent for over "+signal.Words(set.After))
	}
}
