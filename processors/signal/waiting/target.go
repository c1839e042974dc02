package waiting

import (
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/calendar"
	"touchwatch/processors/signal/settings"
)

// target is what one queue and segment may expect, and when somebody is there.
type target struct {
	queue, segment    string // "" is any
	first, next, call time.Duration
	open              *calendar.Calendar
}

// targets are all of them; the last one is for everybody.
type targets []target

func newTargets(s *settings.Settings) targets {
	everybody := target{first: s.UnansweredChat.First, next: s.UnansweredChat.Next, call: s.LongWait.Call, open: s.Service.Calendar()}
	var all targets
	for i := range s.Service.Targets {
		t := &s.Service.Targets[i]
		own := everybody
		own.queue, own.segment, own.open = t.Queue, t.Segment, s.Service.CalendarOf(t)
		for _, limit := range [...]struct {
			to  *time.Duration
			own time.Duration
		}{{&own.first, t.First}, {&own.next, t.Next}, {&own.call, t.Call}} {
			if limit.own != 0 {
				*limit.to = limit.own
			}
		}
		all = append(all, own)
	}
	return append(all, everybody)
}

// of returns the target of a queue and segment: the one that names both, else the one that names the queue, else the
// segment; the first of several in the order of the settings.
func (ts targets) of(queue, segment string) *target {
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

// target returns what the customer may expect of a call or conversation. Its queue is the last one that is known, by
// which a transfer counts.
func (j *judge) target(key string) *target {
	if len(j.targets) == 1 {
		return &j.targets[0]
	}
	queue := ""
	for i := range j.marks {
		if j.marks[i].Key == key && j.marks[i].Place != "" {
			queue = j.marks[i].Place
		}
	}
	return j.targets.of(queue, j.party.Segment)
}

// due says before it is too late that an answer is due: a notice without weight, once From and once Late percent of the
// limit are over. It is silent when the limit is reached, because then a stronger signal speaks.
func (j *judge) due(open *calendar.Calendar, from *signal.Mark, limit time.Duration, what string) {
	set := j.set.AnswerDue
	if !set.On || open.After(from.At, limit) <= j.now {
		return
	}
	for _, percent := range [...]int{set.Late, set.From} {
		at := open.After(from.At, limit*time.Duration(percent)/100)
		if at > j.now {
			j.wakeAt(at)
			continue
		}
		j.out = append(j.out, signal.Signal{
			Name: "answer_due", Family: j.Family(), Episode: string(from.ID), First: from.At, At: at,
			Half: int32(set.Half / time.Second), Channel: channelOf(from.Key),
			Places: signal.Places(signal.PlaceKey("queue", from.Place)), Evidence: []touchpoint.ID{from.ID},
			Reason: words(percent) + " of the " + signal.Words(limit) + " " + what + " are over",
		})
		return
	}
}

func words(percent int) string {
	if percent == 50 {
		return "half"
	}
	return signal.Percent(percent)
}
