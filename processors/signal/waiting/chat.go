package waiting

import (
	"time"

	"touchwatch/processors/signal"
)

// chat judges one conversation: each of the customer's messages that waits for an answer. While it waits too long it is
// an unanswered_chat; once an answer or the close has ended the wait, the time that was lost stays as a long_wait.
func (j *judge) chat(key string) {
	var open *signal.Mark // the oldest message nobody has answered
	spoken := false       // somebody has answered in this conversation before
	late := 0             // waits that were too long so far
	for i := range j.marks {
		m := &j.marks[i]
		if m.Key != key {
			continue
		}
		switch {
		case m.Kind == asked && open == nil && !(spoken && m.X == brief):
			open = m
		case m.Kind == answer || m.Kind == closed:
			if open != nil && j.lateAnswer(open, m, spoken, late) {
				late++
			}
			open = nil
			spoken = spoken || m.Kind == answer
		}
	}
	if open != nil {
		j.unanswered(open, spoken)
	}
}

func (j *judge) limit(spoken bool) time.Duration {
	if spoken {
		return j.set.UnansweredChat.Next
	}
	return j.set.UnansweredChat.First
}

// lateAnswer reports whether the wait from open to end was too long, and if so adds it. The second late answer of a
// conversation weighs half, the third a third: it is one bad conversation.
func (j *judge) lateAnswer(open, end *signal.Mark, spoken bool, before int) bool {
	share := shareOf(end.At-open.At, j.limit(spoken))
	if share == 0 {
		return false
	}
	reason := "waited " + signal.Words(end.At.Sub(open.At)) + " for an answer in the chat"
	if end.Kind == closed {
		reason = "the chat was closed without an answer after " + signal.Words(end.At.Sub(open.At))
	}
	j.add("long_wait", string(open.ID), j.set.LongWait.Bad, share/float64(before+1), open, end, end.At, reason)
	return true
}

func (j *judge) unanswered(open *signal.Mark, spoken bool) {
	limit := j.limit(spoken)
	due := open.At.Add(limit)
	if j.set.UnansweredChat.Off() || !j.reached(due) {
		return
	}
	j.add("unanswered_chat", string(open.ID), j.set.UnansweredChat.Bad, 1, open, open, due,
		"no answer in the chat for over "+signal.Words(limit))
}
