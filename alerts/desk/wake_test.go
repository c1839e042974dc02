package desk

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/episode"
	"touchwatch/processors/signal"
)

// timedRules depend on time in every way there is, but for the score, whose moments the fold finds.
const timedRules = `
rules:
  - {name: a, title: A, subject: customer, when: active("rage_click"), severity: info, text: "{{ reason(\"rage_click\") }}", cooldown: 1h}
  - {name: b, title: B, subject: customer, when: 'count("rage_click", 6) >= 2', for: 45m, severity: info, text: b, cooldown: 0s}
  - {name: c, title: C, subject: customer, when: channels_bad(12) >= 2, resolve: negatives(12) < 1, severity: info, text: c, cooldown: 3h}
  - {name: d, title: D, subject: customer, when: not negative_contact and negatives_24h >= 1, severity: info, text: d, cooldown: 2h}
  - {name: e, title: E, subject: customer, when: 'negatives(3) < 1 and count("long_wait", 30) >= 1', for: 2h, severity: info, text: e}
  - {name: f, title: F, subject: customer, when: 'negatives(48) == 1 or "call" in bad_channels', resolve: 'count("rage_click", 2) >= 1', severity: info, text: f, cooldown: 10h}
`

// story is what happens to one customer: signals as they come up, and what people do.
type story struct {
	at      []touchpoint.Millis
	signals []signal.Signal // of the same index; nameless ones are actions
	verbs   []string
}

func newStory(random *rand.Rand) *story {
	st := &story{}
	at := start
	for range 4 + random.IntN(12) {
		at += touchpoint.Millis(random.IntN(10*3600)) * 1000
		st.at = append(st.at, at)
		if random.IntN(4) == 0 {
			st.signals, st.verbs = append(st.signals, signal.Signal{}), append(st.verbs, []string{"acknowledge", "resolve"}[random.IntN(2)])
			continue
		}
		name := []string{"rage_click", "long_wait"}[random.IntN(2)]
		channel := []touchpoint.Channel{"website", "call", "chat"}[random.IntN(3)]
		st.signals, st.verbs = append(st.signals, bad(name, channel, 5, at-touchpoint.Millis(random.IntN(7200))*1000)), append(st.verbs, "")
	}
	return st
}

// play lets the story happen and judges at its moments, at every wake, and, if poll is set, once every poll in between.
func (st *story) play(w customer.Watcher, poll time.Duration) []string {
	s := &customer.State{ID: "cus_1", Now: start}
	var told []string
	wake := touchpoint.Millis(0)
	watch := func(at touchpoint.Millis, timer bool, act *timeline.ActionBody) {
		if s.Now = at; timer {
			s.Fired = at
		}
		var changes []episode.Change
		changes, wake = w.Watch(s, act)
		for _, c := range changes {
			told = append(told, fmt.Sprintf("%v %s", c.At.Sub(start), c.Body))
		}
	}
	pass := func(to touchpoint.Millis) {
		next := to + 1
		if poll > 0 {
			next = s.Now.Add(poll)
		}
		for {
			due := next
			if wake != 0 && wake < due {
				due = wake
			}
			if due >= to {
				return
			}
			watch(due, true, nil)
			if due == next {
				next = next.Add(poll)
			}
		}
	}
	for i, at := range st.at {
		pass(at)
		if verb := st.verbs[i]; verb != "" {
			act := &timeline.ActionBody{Verb: verb, By: "kim"}
			for _, e := range s.Episodes {
				if e.Phase.Open() && act.Alert == "" {
					act.Alert = e.Alert
				}
			}
			watch(at, false, act)
			continue
		}
		s.Signals = append(s.Signals, st.signals[i])
		slices.SortFunc(s.Signals, func(a, b signal.Signal) int { return int(a.At - b.At) })
		watch(at, false, nil)
	}
	pass(st.at[len(st.at)-1].Add(100 * time.Hour))
	return told
}

// A watcher that is asked at entries and at the moments it named misses nothing that one sees who asks all the time.
func TestNothingHappensBetweenTheMomentsThatWatchNames(t *testing.T) {
	w := Customers(rules(t, timedRules))
	random := rand.New(rand.NewPCG(3, 9))
	messages := map[string]int{}
	for n := range 40 {
		st := newStory(random)
		seldom, often := st.play(w, 0), st.play(w, 11*time.Minute)
		for _, m := range seldom {
			for _, r := range []string{"a", "b", "c", "d", "e", "f"} {
				if strings.Contains(m, fmt.Sprintf(`"rule":%q`, r)) {
					messages[r]++
				}
			}
		}
		if !slices.Equal(seldom, often) {
			for i := range max(len(seldom), len(often)) {
				if i >= len(seldom) || i >= len(often) || seldom[i] != often[i] {
					t.Fatalf("story %d differs at message %d\nseldom %v\noften  %v", n, i, seldom[min(i, len(seldom)):], often[min(i, len(often)):])
				}
			}
		}
	}
	for _, r := range w.(*customers).book.Rules {
		if messages[r.Name] < 10 {
			t.Errorf("only %d messages of rule %s: the test does not reach what it is for", messages[r.Name], r.Name)
		}
	}
}
