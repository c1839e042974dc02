package handling

import (
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// Who spoke in a turn.
const (
	caller = iota + 1
	agent
)

// longestTurn bounds how long a turn or a hold can be said to last.
const longestTurn = time.Hour

// length returns how long a turn or a hold lasted in ms, zero when nobody knows.
func length(t *touchpoint.Touchpoint) int64 {
	return min(max(int64(t.Duration), 0), longestTurn.Milliseconds())
}

// talk is what the turns of one call show of it. Times on hold and on the way to somebody else are no silence.
type talk struct {
	overlap     touchpoint.Millis
	heard       [agent + 1]bool
	first, last *signal.Mark      // turns: the first one, and the one that lasted longest into the call
	from, until touchpoint.Millis // when they began and ended
	unknown     bool              // somebody spoke after that, nobody knows for how long
	silent      int64             // ms in which nobody spoke, between turns
	gap         measure           // the longest time in which nobody spoke, between two turns
	cuts        []*signal.Mark    // turns of the agent that cut the customer short
	speaking    *signal.Mark      // the customer's turn that lasts longest, nil once it was cut
	pauses      []pause
	paused      bool // on hold or on the way, and not known to be back
}

// pause is a time in which nobody has to speak.
type pause struct{ from, until touchpoint.Millis }

// listen follows the marks of the call that begins with marks[0], which are in order.
func listen(marks []signal.Mark, overlap time.Duration) talk {
	t := talk{overlap: touchpoint.Millis(overlap.Milliseconds())}
	t.pauses, t.paused = pauses(marks)
	for i := range marks {
		if m := &marks[i]; m.Kind == turn && same(m, &marks[0]) {
			t.turn(m)
		}
	}
	return t
}

// pauses finds the times in which nobody has to speak, and whether the last one goes on. A pause without an end lasts until
// somebody speaks; what is said before a hold ends is said to a colleague.
func pauses(marks []signal.Mark) (all []pause, goesOn bool) {
	onHold := false
	for i := range marks {
		m := &marks[i]
		if !same(m, &marks[0]) {
			continue
		}
		n := len(all)
		open := n > 0 && all[n-1].until == 0
		switch m.Kind {
		case held, away:
			if !open {
				all = append(all, pause{from: m.At})
			}
			onHold = m.Kind == held
		case back:
			if onHold {
				all[n-1].until = m.At
			} else {
				all = append(all, pause{m.At - touchpoint.Millis(m.N), m.At})
			}
			onHold = false
		case turn:
			if open {
				all[n-1].until = m.At
			}
		}
	}
	return all, onHold || len(all) > 0 && all[len(all)-1].until == 0
}

// turn takes what somebody said.
func (t *talk) turn(m *signal.Mark) {
	if t.first == nil {
		t.first, t.from = m, m.At
	} else {
		t.pausedUntil(m)
	}
	end := m.At + touchpoint.Millis(m.N)
	switch {
	case m.N == 0:
		t.unknown = t.unknown || t.last == nil || m.At >= t.until
		return
	case t.last == nil || end > t.until:
		t.last, t.until, t.unknown = m, end, false
	}
	t.heard[m.X] = true
	t.cut(m, end)
}

// pausedUntil measures the silence before a turn.
func (t *talk) pausedUntil(m *signal.Mark) {
	if t.unknown || t.last == nil || m.At <= t.until {
		return
	}
	quiet := int64(m.At-t.until) - t.pausedWithin(t.until, m.At)
	if quiet <= 0 {
		return
	}
	t.silent += quiet
	if quiet > t.gap.n {
		t.gap = measure{n: quiet, at: m.At, part: append(t.gap.part[:0], t.last, m)}
	}
}

func (t *talk) pausedWithin(from, until touchpoint.Millis) (ms int64) {
	for _, p := range t.pauses {
		ms += max(int64(min(p.until, until)-max(p.from, from)), 0)
	}
	return ms
}

// cut notes when the agent begins while the customer speaks and goes on when the customer has stopped. Who falls silent
// first, or says 'mm-hm', cuts nobody short; nor does who begins with somebody's last words.
func (t *talk) cut(m *signal.Mark, end touchpoint.Millis) {
	if m.X == caller {
		if t.speaking == nil || end > t.speaking.At+touchpoint.Millis(t.speaking.N) {
			t.speaking = m
		}
		return
	}
	if c := t.speaking; c != nil && m.At > c.At {
		if stopped := c.At + touchpoint.Millis(c.N); stopped-m.At >= t.overlap && end > stopped {
			t.cuts = append(t.cuts, m)
			t.speaking = nil
		}
	}
}

// bothHeard reports whether the turns tell of both sides: of one alone nobody knows when the other spoke.
func (t *talk) bothHeard() bool { return t.heard[caller] && t.heard[agent] }

// quietSince returns when the last words ended, zero when somebody may still be speaking or nobody has to.
func (t *talk) quietSince() touchpoint.Millis {
	if t.unknown || t.paused {
		return 0
	}
	since := t.until
	for _, p := range t.pauses {
		since = max(since, p.until)
	}
	return since
}
