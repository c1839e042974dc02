package waiting

import (
	"strings"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// span is a wait or a hold: how long, and the marks that show it.
type span struct {
	length   touchpoint.Millis
	from, to *signal.Mark
}

func (s *span) grow(length touchpoint.Millis, from, to *signal.Mark) {
	if length > s.length {
		*s = span{length, from, to}
	}
}

func (s *span) duration() time.Duration { return time.Duration(s.length) * time.Millisecond }

// story is what the marks of one call say about it.
type story struct {
	first      *signal.Mark
	over       *signal.Mark // the mark that says the call has ended, nil while it runs
	reason     string
	wait, hold span         // the longest, finished
	waiting    *signal.Mark // the queue entry nobody has answered yet
	held       *signal.Mark // the hold nobody has ended yet
	holds      int
	lastHold   *signal.Mark // the mark that ended it
	onHold     bool         // ended while on hold
	passedOn   bool         // to somebody who took it from there
	talkFrom   *signal.Mark // the first answer
	cut        *signal.Mark // the record that tells of a short call
}

// read follows the marks of a call in order.
func (j *judge) read(key string) story {
	var s story
	for i := range j.marks {
		m := &j.marks[i]
		if m.Key != key {
			continue
		}
		if s.first == nil {
			s.first = m
		}
		s.apply(m)
	}
	if s.over != nil {
		s.waiting, s.held = nil, nil
	}
	return s
}

func (s *story) apply(m *signal.Mark) {
	switch m.Kind {
	case queued:
		if s.waiting == nil {
			s.waiting = m
		}
	case transferred:
		s.passedOn = true
	case cutShort:
		s.cut = m
	case answered:
		if s.talkFrom == nil {
			s.talkFrom = m
		}
		s.endWait(m, touchpoint.Millis(m.N))
	case holdStart:
		if s.held == nil {
			s.held = m
		}
	case holdEnd:
		s.endHold(m, touchpoint.Millis(m.N))
	case ended:
		s.onHold = s.held != nil
		s.endWait(m, 0)
		if s.held != nil {
			s.endHold(m, 0)
		}
		s.finish(m)
	case record:
		s.wait.grow(touchpoint.Millis(m.N), m, m)
		if int(m.X) > s.holds {
			s.holds, s.lastHold = int(m.X), m
		}
		s.finish(m)
	case recordHold:
		s.hold.grow(touchpoint.Millis(m.N), m, m)
	}
}

func (s *story) finish(m *signal.Mark) {
	s.over = m
	if m.Note != "" {
		s.reason = m.Note
	}
}

// endWait closes the wait that runs; known is its length if the source says so.
func (s *story) endWait(m *signal.Mark, known touchpoint.Millis) {
	from := m
	if s.waiting != nil {
		from = s.waiting
		if known == 0 {
			known = m.At - from.At
		}
	}
	s.wait.grow(known, from, m)
	s.waiting = nil
}

func (s *story) endHold(m *signal.Mark, known touchpoint.Millis) {
	from := m
	if s.held != nil {
		from = s.held
		if known == 0 {
			known = m.At - from.At
		}
	}
	s.holds++
	s.lastHold = m
	s.hold.grow(known, from, m)
	s.held = nil
}

// call judges one call.
func (j *judge) call(key string) {
	s := j.read(key)
	j.longWait(key, &s)
	j.longHold(key, &s)
	j.gaveUp(key, &s)
	j.shortCall(key, &s)
}

// longWait judges the wait in the queue: an unanswered_call while it goes on, and the time that was lost once it is over.
func (j *judge) longWait(key string, s *story) {
	set, limit := j.set.LongWait, j.target(key).Call
	share, at, from, to := shareOf(s.wait.duration(), limit), touchpoint.Millis(0), s.wait.from, s.wait.to
	reason := "waited " + signal.Words(time.Duration(s.wait.length)*time.Millisecond) + " in the queue"
	if share > 0 {
		at = to.At
	}
	if s.waiting != nil {
		j.due(nil, s.waiting, limit, "that a call may wait in the queue")
		if live, since := j.running(s.waiting.At, limit); live > 0 && !j.set.UnansweredCall.Off() && j.stillThere(key, s.waiting, limit) {
			j.add("unanswered_call", string(s.waiting.ID), j.set.UnansweredCall.Bad, max(live, share), s.waiting, s.waiting, since,
				"has been waiting in the queue for over "+signal.Words(since.Sub(s.waiting.At)))
			return // a call counts once, by its longest wait
		}
	}
	if share > 0 {
		j.add("long_wait", key, set.Bad, share, from, to, at, reason)
	}
}

// endless is after how long nobody waits in a queue any more: the end of the call was lost on the way.
const endless = 2 * time.Hour

// stillThere reports whether the end of a wait would be heard of, and the caller may still be waiting.
func (j *judge) stillThere(key string, from *signal.Mark, limit time.Duration) bool {
	return strings.Contains(key, ":") && !j.reached(from.At.Add(max(endless, 5*limit)))
}

func (j *judge) longHold(key string, s *story) {
	set := j.set.LongHold
	share, at, from, to := shareOf(s.hold.duration(), set.Hold), touchpoint.Millis(0), s.hold.from, s.hold.to
	reason := "was on hold for " + signal.Words(time.Duration(s.hold.length)*time.Millisecond)
	if share > 0 {
		at = to.At
	}
	if s.held != nil {
		if live, since := j.running(s.held.At, set.Hold); live > share {
			share, at, from, to = live, since, s.held, s.held
			reason = "has been on hold for over " + signal.Words(since.Sub(from.At))
		}
	}
	if share == 0 && s.holds >= set.Holds {
		from, to = s.first, s.lastHold
		share, at = 1, to.At
		reason = "was put on hold " + signal.Times(s.holds) + " in one call"
	}
	if share > 0 {
		j.add("long_hold", key, set.Bad, share, from, to, at, reason)
	}
}

func (j *judge) gaveUp(key string, s *story) {
	if s.over == nil {
		return
	}
	switch {
	case s.reason == "abandoned_queue":
		if s.wait.length > 0 && s.wait.length < touchpoint.Millis(j.set.AbandonedCall.AtLeast.Milliseconds()) {
			return
		}
		reason := "hung up in the queue"
		if s.wait.length > 0 {
			reason += " after " + signal.Words(time.Duration(s.wait.length)*time.Millisecond)
		}
		j.add("abandoned_call", key, j.set.AbandonedCall.Bad, 1, s.first, s.over, s.over.At, reason)
	case s.reason == "abandoned_hold" || (s.reason == "" && s.onHold):
		reason := "hung up while on hold"
		if s.hold.length > 0 {
			reason += " for " + signal.Words(time.Duration(s.hold.length)*time.Millisecond)
		}
		j.add("hang_up_on_hold", key, j.set.HangUpOnHold.Bad, 1, s.first, s.over, s.over.At, reason)
	}
}

// shortCall judges a call that somebody answered after a long wait and that was over at once: cut off, sent away, or put
// down. A call that was passed on went on elsewhere.
func (j *judge) shortCall(key string, s *story) {
	if s.over == nil || s.passedOn || (s.reason != "" && s.reason != "completed") {
		return
	}
	talk, end := int64(0), s.over
	switch {
	case s.cut != nil:
		talk, end = s.cut.N, s.cut
	case s.talkFrom != nil && s.over.Kind == ended:
		if talk = s.over.N; talk == 0 {
			talk = int64(s.over.At - s.talkFrom.At)
		}
	}
	wait := max(int64(s.wait.length), int64(end.Y)*1000)
	if end.Kind != cutShort && !j.short(wait, talk) {
		return
	}
	j.add("short_call", key, j.set.ShortCall.Bad, 1, s.first, end, end.At,
		"waited "+signal.Words(time.Duration(wait)*time.Millisecond)+" for a call that was over after "+signal.Words(time.Duration(talk)*time.Millisecond))
}
