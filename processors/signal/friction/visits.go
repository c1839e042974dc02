package friction

import (
	"time"

	"touchwatch/processors/signal"
)

// twin is how near two views of one address are that are one view told twice: by a router and by a library.
const twin = 500 * time.Millisecond

// visits finds pages left by the way one came (u_turn) and pages opened over and over (page_loop). Both look at one list:
// the views, without those that are told twice.
func (c *Clicks) visits(out []signal.Signal, marks []signal.Mark) []signal.Signal {
	if c.turn.Off() && c.loop.Off() {
		return out
	}
	var views burst
	for i := range marks {
		if marks[i].Kind != pageView || marks[i].Key == "" {
			continue
		}
		if views.n > 0 && sameView(&marks[views.last()], &marks[i]) {
			continue
		}
		views.add(i)
	}
	if views.n < 3 {
		return out
	}
	return c.loops(c.turns(out, marks, &views), marks, &views)
}

// sameView reports whether b shows nothing that a did not: the same page again without an address that proves a reload, a
// list turned over or filtered (another address of the page), or one view told twice.
func sameView(a, b *signal.Mark) bool {
	if a.Key != b.Key {
		return false
	}
	return a.N == 0 || a.N != b.N || b.At.Sub(a.At) < twin
}

// turns finds runs of short visits between two views of the same page.
func (c *Clicks) turns(out []signal.Signal, marks []signal.Mark, views *burst) []signal.Signal {
	if c.turn.Off() {
		return out
	}
	var run burst
	flush := func() {
		if run.n >= c.turn.Turns {
			first := &marks[run.first()]
			out = append(out, c.signal(marks, &run, "u_turn", c.turn.Points(1), c.turn.HalfSeconds(),
				"turned back at once "+signal.Times(run.n)+", the first time from "+first.Key))
		}
		run = burst{}
	}
	for k := 1; k+1 < views.n; k++ {
		from, at, back := &marks[views.members[k-1]], &marks[views.members[k]], &marks[views.members[k+1]]
		if from.Key != back.Key || at.Key == from.Key || back.At.Sub(at.At) > c.turn.Within || touched(marks, int(views.members[k]), int(views.members[k+1])) {
			continue
		}
		if run.n > 0 && at.At.Sub(marks[run.last()].At) > c.turn.Gap {
			flush()
		}
		run.add(int(views.members[k]))
	}
	flush()
	return out
}

// touched reports whether the customer clicked anything between two marks: then a click brought them back, not regret.
func touched(marks []signal.Mark, from, to int) bool {
	for i := from + 1; i < to; i++ {
		if isClick(&marks[i]) || marks[i].Kind == linkClick {
			return true
		}
	}
	return false
}

// loops finds pages of which there are too many views within the time, reloaded or by turns with one other page.
func (c *Clicks) loops(out []signal.Signal, marks []signal.Mark, views *burst) []signal.Signal {
	if c.loop.Off() {
		return out
	}
	var done [maxMarks]bool
	for i := range views.n {
		if done[i] {
			continue
		}
		var run burst
		counted := 0 // views of run within the time before its last
		longest, page, other := 0, marks[views.members[i]].Key, ""
		for k := i; k < views.n; k++ {
			m := &marks[views.members[k]]
			if m.Key != page {
				if other != "" && other != m.Key {
					break // from a list to one thing after the other: that is comparing
				}
				other = m.Key
				continue
			}
			if run.n > 0 && m.At.Sub(marks[run.last()].At) > c.loop.Within {
				break
			}
			run.add(int(views.members[k]))
			done[k] = true
			for counted = 1; counted < run.n && m.At.Sub(marks[run.members[run.n-1-counted]].At) <= c.loop.Within; counted++ {
			}
			longest = max(longest, counted)
		}
		if longest >= c.loop.Visits {
			out = append(out, c.signal(marks, &run, "page_loop", c.loop.Points(1), c.loop.HalfSeconds(),
				"opened "+marks[run.first()].Key+" "+signal.Times(run.n)+" in "+signal.Words(marks[run.last()].At.Sub(marks[run.first()].At))))
		}
	}
	return out
}
