package rule

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/signal"
)

// What a reason says of a customer.

// old is from which age on a line says how old it is.
const old = time.Hour

// earlier says how long before the reason was written something happened.
func earlier(at, now touchpoint.Millis) string {
	if age := now.Sub(at); age >= old {
		return " (" + signal.Words(age) + " earlier)"
	}
	return ""
}

// older is when earlier says something else.
func older(at, now touchpoint.Millis) touchpoint.Millis {
	step := hour
	switch age := now.Sub(at); {
	case age < old:
		return at.Add(old)
	case age < 2*time.Hour:
		step = minute
	case age >= 48*time.Hour:
		step = day
	}
	return at + ((now-at)/step+1)*step
}

const (
	storyLines  = 4
	storyWindow = 3 * day
	spellGap    = day // a day without anything bad begins a new spell
	lightest    = 400 // hundredths of a point: less is no cause
)

// story is what happened within 72 hours: what began it, a threat, what goes on now, and the heaviest of the rest, in their order.
var story = source[customer.State]{
	value: func(s *customer.State, now touchpoint.Millis) (any, touchpoint.Millis) {
		all := lines(s, now, storyWindow, negative)
		began := cause(s, now)
		slices.SortStableFunc(all, func(a, b line) int {
			return cmp.Or(cmp.Compare(a.class(began), b.class(began)), cmp.Compare(a.points, b.points))
		})
		all = all[:min(len(all), storyLines)]
		slices.SortStableFunc(all, func(a, b line) int { return cmp.Compare(a.at, b.at) })
		told := make([]string, len(all))
		for i := range all {
			told[i] = all[i].words(now, true)
		}
		return strings.Join(told, "; "), 0
	},
}

// class puts first what a story must not leave out.
func (l *line) class(began string) int {
	if slices.ContainsFunc(l.signals, func(g *signal.Signal) bool {
		return g.Name == began || g.Name == "churn_threat" || goesOn(g)
	}) {
		return 0
	}
	return 1
}

// goesOn reports whether somebody waits now: such a signal is gone once somebody answers.
func goesOn(g *signal.Signal) bool {
	return g.Name == "unanswered_chat" || g.Name == "unanswered_call"
}

// cause names the signal that began the bad spell the customer is in, "" when there is none.
func cause(s *customer.State, now touchpoint.Millis) string {
	began := ""
	var until, first touchpoint.Millis
	for i := range s.Signals { // sorted by their ends
		g := &s.Signals[i]
		if g.Weight > -lightest || !within(g.At, now, storyWindow) {
			continue
		}
		if began == "" || g.First >= until+spellGap || g.First < first {
			began, first = g.Name, g.First
		}
		until = max(until, g.At)
	}
	return began
}

// byChannel is one line of each bad channel within 24 hours, the latest channel first: a threat or who waits there now, else the heaviest.
var byChannel = source[customer.State]{
	value: func(s *customer.State, now touchpoint.Millis) (any, touchpoint.Millis) {
		var told []string
		eachLatest(s, now, day, ofChannel, sameChannel, func(g *signal.Signal) {
			own := lines(s, now, day, func(o *signal.Signal) bool { return o.OfChannel() && o.Channel == g.Channel })
			first := slices.MinFunc(own, func(a, b line) int {
				return cmp.Or(cmp.Compare(a.class(""), b.class("")), cmp.Compare(a.points, b.points))
			})
			told = append(told, string(g.Channel)+": "+first.words(now, false))
		})
		return strings.Join(told, "; "), 0
	},
}

var worst = source[customer.State]{
	value: func(s *customer.State, now touchpoint.Millis) (any, touchpoint.Millis) {
		if g := s.Heaviest(now); g != nil {
			return g.Reason + earlier(g.At, now), 0
		}
		return "", 0
	},
}

// latestLine is the reason of the latest signal within 24 hours that passes the test.
func latestLine(pass test) source[customer.State] {
	return source[customer.State]{
		value: func(s *customer.State, now touchpoint.Millis) (any, touchpoint.Millis) {
			for i := len(s.Signals) - 1; i >= 0; i-- {
				if g := &s.Signals[i]; within(g.At, now, day) && pass(g) {
					return g.Reason + earlier(g.At, now), sooner(g.At+day, older(g.At, now))
				}
			}
			return "", 0
		},
		behind: signalsBehind(day, pass),
	}
}
