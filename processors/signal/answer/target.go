package answer

import (
	"time"

	"touchwatch/processors/signal"
	"touchwatch/processors/signal/calendar"
	"touchwatch/processors/signal/settings"
)

// Target is what one queue and segment may expect, and when somebody is there. Open is nil when somebody always is.
type Target struct {
	queue, segment string        // "" is any
	First, Next    time.Duration // in which a chat message is answered: the first of a conversation, each later one
	Call           time.Duration // in which a call is answered
	Open           *calendar.Calendar
}

// Targets are all of them; the last one is for everybody. They are immutable and safe for concurrent use.
type Targets []Target

// NewTargets returns the targets of the settings.
func NewTargets(s *settings.Settings) Targets {
	everybody := Target{First: s.UnansweredChat.First, Next: s.UnansweredChat.Next, Call: s.LongWait.Call, Open: s.Service.Calendar()}
	var all Targets
	for i := range s.Service.Targets {
		t := &s.Service.Targets[i]
		own := everybody
		own.queue, own.segment, own.Open = t.Queue, t.Segment, s.Service.CalendarOf(t)
		for _, limit := range [...]struct {
			to  *time.Duration
			own time.Duration
		}{{&own.First, t.First}, {&own.Next, t.Next}, {&own.Call, t.Call}} {
			if limit.own != 0 {
				*limit.to = limit.own
			}
		}
		all = append(all, own)
	}
	return append(all, everybody)
}

// Of returns what somebody of a segment may expect of a call or conversation, the marks of which have this Key. Its queue
// is the last Place that is known, by which a transfer counts.
func (ts Targets) Of(segment, key string, marks []signal.Mark) *Target {
	if len(ts) == 1 {
		return &ts[0]
	}
	queue := ""
	for i := range marks {
		if marks[i].Key == key && marks[i].Place != "" {
			queue = marks[i].Place
		}
	}
	return ts.named(queue, segment)
}

// named returns the target of a queue and segment: the one that names both, else the one that names the queue, else the
// segment; the first of several in the order of the settings.
func (ts Targets) named(queue, segment string) *Target {
	best, points := &ts[len(ts)-1], 0
	for i := range ts[:len(ts)-1] {
		t := &ts[i]
		if (t.queue != "" && t.queue != queue) || (t.segment != "" && t.segment != segment) {
			continue
		}
		own := 0
		if t.queue != "" {
			own += 2
		}
		if t.segment != "" {
			own++
		}
		if own > points {
			best, points = t, own
		}
	}
	return best
}
