package handling

import (
	"strconv"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// liveTalks is how many times the talk that a share needs a call must have lasted before its share counts while it goes
// on: early on a pause or two make any share.
const liveTalks = 3

// measure is the worst of one thing in a call, and what shows it.
type measure struct {
	n    int64
	at   touchpoint.Millis
	part []*signal.Mark
}

func (w *measure) raise(n int64, at touchpoint.Millis, part ...*signal.Mark) {
	if n > w.n {
		*w = measure{n, at, part}
	}
}

// call judges how the call that begins with marks[0] is spoken, and returns when time alone changes that.
func (d *Detector) call(out []signal.Signal, marks []signal.Mark, now touchpoint.Millis) (_ []signal.Signal, wake touchpoint.Millis) {
	var silence, share, cuts measure
	var over *signal.Mark
	held := onHoldPercent(marks)
	queue := ""
	turns, live := false, false // live: the source tells of the call while it goes on, so it will tell of its end
	for i := range marks {
		m := &marks[i]
		if !same(m, &marks[0]) || m.Kind == human {
			continue
		}
		if m.Place != "" {
			queue = m.Place
		}
		switch {
		case m.Kind == turn:
			turns = turns || m.N > 0
		case m.Kind == recorded || m.Kind == ended:
			if over == nil || over.Kind == recorded {
				over = m
			}
			silence.raise(m.N, m.At, m)
			share.raise(int64(m.X)-held, m.At, m)
			cuts.raise(int64(m.Y), m.At, m)
		default:
			live = true
		}
	}
	soFar := ""
	if turns {
		if talk := listen(marks, d.interrupted.Overlap); talk.bothHeard() {
			d.measured(&talk, over, &silence, &share, &cuts)
			if live && over == nil {
				soFar, wake = d.silent(&talk, &silence, now)
			}
		}
	}
	if share.n < int64(d.deadAir.Percent) {
		share = measure{}
	}
	known := len(out)
	out = d.spokenBadly(out, silence, share, cuts, soFar)
	for i := known; i < len(out); i++ {
		out[i].Places = signal.Places(signal.PlaceKey("queue", queue))
	}
	return out, wake
}

// onHoldPercent is the share of a call that was on hold, by its events, when its end says how long nobody spoke but not why.
func onHoldPercent(marks []signal.Mark) int64 {
	var from, over *signal.Mark
	held := touchpoint.Millis(0)
	for i := range marks {
		m := &marks[i]
		if !same(m, &marks[0]) {
			continue
		}
		switch m.Kind {
		case answered:
			from = m
		case ended:
			over = m
		}
	}
	if from == nil || over == nil || over.X == 0 || over.At <= from.At {
		return 0
	}
	all, _ := pauses(marks)
	for _, p := range all {
		if p.until == 0 {
			p.until = over.At
		}
		held += max(min(p.until, over.At)-max(p.from, from.At), 0)
	}
	return int64(held * 100 / (over.At - from.At))
}

// silent adds the silence that goes on, and says in which words it is told; else when it is worth telling.
func (d *Detector) silent(talk *talk, silence *measure, now touchpoint.Millis) (words string, wake touchpoint.Millis) {
	since := talk.quietSince()
	if since == 0 {
		return "", 0
	}
	if due := since.Add(d.deadAir.Live); due > now {
		return "", due
	} else if live := d.deadAir.Live.Milliseconds(); live > silence.n {
		silence.raise(live, due, talk.last)
		return "nobody has spoken in the call for over ", 0
	}
	return "", 0
}

// measured adds what the turns show, as far as it is worth telling.
func (d *Detector) measured(talk *talk, over *signal.Mark, silence, share, cuts *measure) {
	if talk.gap.n >= d.deadAir.Silence.Milliseconds() {
		silence.raise(talk.gap.n, talk.gap.at, talk.gap.part...)
	}
	least := d.deadAir.Talk.Milliseconds()
	if over == nil {
		least *= liveTalks
	} else if since := talk.quietSince(); since != 0 && over.Kind == ended && over.At.Sub(since) >= d.deadAir.Live {
		silence.raise(int64(over.At-since), over.At, talk.last, over) // and then they hung up
	}
	length := int64(talk.until - talk.from)
	if percent := talk.silent * 100 / max(length, 1); length >= least && percent >= int64(d.deadAir.Percent) {
		share.raise(percent, talk.last.At, talk.first, talk.last)
	}
	if n := int64(len(talk.cuts)); d.often(n, length) {
		cuts.raise(n, talk.cuts[n-1].At, talk.cuts...)
	}
}

// spokenBadly makes the signals of a call; so far says how a silence is told that goes on.
func (d *Detector) spokenBadly(out []signal.Signal, silence, share, cuts measure, soFar string) []signal.Signal {
	long := signal.Words(time.Duration(silence.n) * time.Millisecond)
	switch {
	case soFar != "":
		out = d.addAt(out, "dead_air", d.deadAir.Bad, silence.part, silence.at, soFar+long)
	case silence.n > 0:
		out = d.addAt(out, "dead_air", d.deadAir.Bad, silence.part, silence.at, "nobody spoke for "+long+" of the call")
	case share.n > 0:
		out = d.addAt(out, "dead_air", d.deadAir.Bad, share.part, share.at, "nobody spoke for "+strconv.FormatInt(share.n, 10)+" % of the call")
	}
	if cuts.n > 0 {
		out = d.addAt(out, "interrupted", d.interrupted.Bad, cuts.part, cuts.at, "was interrupted "+signal.Times(int(cuts.n))+" in one call")
	}
	return out
}
