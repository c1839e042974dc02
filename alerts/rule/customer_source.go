package rule

import (
	"math"
	"slices"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/signal"
)

// test chooses signals.
type test func(*signal.Signal) bool

func negative(g *signal.Signal) bool { return g.Weight < 0 }

func negativeContact(g *signal.Signal) bool {
	return g.OfChannel() && (g.Channel == touchpoint.Chat || g.Channel == touchpoint.Call || g.Channel == touchpoint.Social)
}

func ofChannel(g *signal.Signal) bool { return g.OfChannel() }

func named(name string) test { return func(g *signal.Signal) bool { return g.Name == name } }

// scoreSource is the score. Its moments are the fold's business (Set.Limits); behind it stand all negative signals.
var scoreSource = source[customer.State]{
	value: func(s *customer.State, now touchpoint.Millis) (any, touchpoint.Millis) { return s.Score(now), 0 },
	behind: func(dst []Evidence, s *customer.State, now touchpoint.Millis) []Evidence {
		for i := range s.Signals {
			if g := &s.Signals[i]; g.Weight < 0 && points(g, now) <= -0.5 {
				dst = append(dst, evidence(g, now))
			}
		}
		return dst
	},
}

// counted counts the signals of a window that pass the test.
func counted(window touchpoint.Millis, pass test) source[customer.State] {
	return source[customer.State]{
		value: func(s *customer.State, now touchpoint.Millis) (any, touchpoint.Millis) {
			n, until := 0, touchpoint.Millis(0)
			for i := range s.Signals {
				if g := &s.Signals[i]; within(g.At, now, window) && pass(g) {
					n, until = n+1, sooner(until, g.At+window)
				}
			}
			return n, until
		},
		behind: signalsBehind(window, pass),
	}
}

// existing says whether the window holds a signal that passes the test; it turns when the latest one leaves.
func existing(window touchpoint.Millis, pass test) source[customer.State] {
	return source[customer.State]{
		value: func(s *customer.State, now touchpoint.Millis) (any, touchpoint.Millis) {
			for i := len(s.Signals) - 1; i >= 0; i-- { // sorted by time: the first found is the latest
				if g := &s.Signals[i]; within(g.At, now, window) && pass(g) {
					return true, g.At + window
				}
			}
			return false, 0
		},
		behind: signalsBehind(window, pass),
	}
}

// lasting says whether such a signal began at least so long ago. What goes, such as a chat without an answer once it has one, lasts no longer.
func lasting(name string, least touchpoint.Millis) source[customer.State] {
	return source[customer.State]{
		value: func(s *customer.State, now touchpoint.Millis) (any, touchpoint.Millis) {
			var begins, ends touchpoint.Millis
			for i := range s.Signals {
				g := &s.Signals[i]
				switch {
				case g.Name != name || !within(g.At, now, day):
				case g.First+least <= now:
					ends = max(ends, g.At+day)
				default:
					begins = sooner(begins, g.First+least)
				}
			}
			if ends != 0 {
				return true, ends
			}
			return false, begins
		},
		behind: signalsBehind(day, named(name)),
	}
}

func active(name string) source[customer.State] { return existing(day, named(name)) }

// channelsBad counts the channels with a negative signal in the window; it changes when the latest one of a channel leaves.
func channelsBad(window touchpoint.Millis) source[customer.State] {
	return source[customer.State]{
		value: func(s *customer.State, now touchpoint.Millis) (any, touchpoint.Millis) {
			return countLatest(s, now, window, ofChannel, sameChannel)
		},
		behind: signalsBehind(window, ofChannel),
	}
}

// troubles counts the negative signals in the window that differ in family and in what they rest on.
func troubles(window touchpoint.Millis) source[customer.State] {
	return source[customer.State]{
		value: func(s *customer.State, now touchpoint.Millis) (any, touchpoint.Millis) {
			return countLatest(s, now, window, negative, sameTrouble)
		},
		behind: signalsBehind(window, negative),
	}
}

func sameChannel(a, b *signal.Signal) bool { return a.Channel == b.Channel }

// sameTrouble: one sentence in public is both displeasure and a complaint, and three waits are one trouble.
func sameTrouble(a, b *signal.Signal) bool {
	return a.Family == b.Family || slices.ContainsFunc(a.Evidence, func(id touchpoint.ID) bool { return slices.Contains(b.Evidence, id) })
}

// countLatest counts what eachLatest visits, and says when the first of that leaves the window.
func countLatest(s *customer.State, now, window touchpoint.Millis, is test, same func(a, b *signal.Signal) bool) (any, touchpoint.Millis) {
	n, until := 0, touchpoint.Millis(0)
	eachLatest(s, now, window, is, same, func(g *signal.Signal) { n, until = n+1, sooner(until, g.At+window) })
	return n, until
}

// eachLatest visits, of the signals in the window that are such, the latest of those that are the same, latest first.
func eachLatest(s *customer.State, now, window touchpoint.Millis, is test, same func(a, b *signal.Signal) bool, visit func(*signal.Signal)) {
	for i := len(s.Signals) - 1; i >= 0; i-- {
		g := &s.Signals[i]
		if !is(g) || !within(g.At, now, window) {
			continue
		}
		if !slices.ContainsFunc(s.Signals[i+1:], func(later signal.Signal) bool { return is(&later) && same(g, &later) }) {
			visit(g)
		}
	}
}

var badChannels = source[customer.State]{
	value: func(s *customer.State, now touchpoint.Millis) (any, touchpoint.Millis) {
		var list []string
		var until touchpoint.Millis
		eachLatest(s, now, day, ofChannel, sameChannel, func(g *signal.Signal) {
			list, until = append(list, string(g.Channel)), sooner(until, g.At+day)
		})
		return list, until
	},
	behind: signalsBehind(day, ofChannel),
}

// signalsBehind collects the signals of a window that pass the test.
func signalsBehind(window touchpoint.Millis, pass test) func([]Evidence, *customer.State, touchpoint.Millis) []Evidence {
	return func(dst []Evidence, s *customer.State, now touchpoint.Millis) []Evidence {
		for i := range s.Signals {
			if g := &s.Signals[i]; within(g.At, now, window) && pass(g) {
				dst = append(dst, evidence(g, now))
			}
		}
		return dst
	}
}

// evidence shows a signal by its latest touchpoint.
func evidence(g *signal.Signal, now touchpoint.Millis) Evidence {
	e := Evidence{
		Evidence: alert.Evidence{Channel: g.Channel, At: g.At, Signal: g.Name, Reason: g.Reason},
		Points:   points(g, now), Episode: g.ID(), Touchpoints: g.Evidence,
	}
	if n := len(g.Evidence); n > 0 {
		e.Touchpoint = g.Evidence[n-1]
	}
	return e
}

// points is what the signal adds to the score now, to choose the heaviest by.
func points(g *signal.Signal, now touchpoint.Millis) float64 {
	age := now.Sub(g.At)
	if age <= 0 || g.Half <= 0 {
		return float64(g.Weight) / 100
	}
	return float64(g.Weight) / 100 * math.Exp2(-age.Seconds()/float64(g.Half))
}
