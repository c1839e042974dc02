package detectors

import (
	"slices"
	"strings"
	"testing"
)

// kindsOfScenario are what the scripts must show of every signal. That it fires can be seen; the others are said with "shows". Out of order and with
// duplicates every scenario is played.
var kindsOfScenario = []string{
	"fires",
	"once",       // per burst, contact, run: exactly one signal of much that belongs together
	"look-alike", // something like it, of which it must not be said
	"missing",    // with fields that the source leaves out
}

// shown is one kind of scenario for one signal.
type shown struct{ kind, signal string }

// coverage is what the scripts show.
type coverage map[shown]bool

// note takes in what a scenario shows, and checks that it does.
func (c coverage) note(t *testing.T, file string, sc *scenario, got string) {
	t.Helper()
	for _, name := range names {
		if strings.Contains("\n"+got, "\n-> "+name+" ") {
			c[shown{"fires", name}] = true
		}
	}
	for _, s := range sc.shows {
		n := strings.Count("\n"+got, "\n-> "+s.signal+" ")
		switch {
		case !slices.Contains(names, s.signal) || !slices.Contains(kindsOfScenario, s.kind):
			t.Errorf("%s: %s: shows %s %s: no such kind or signal", file, sc.name, s.kind, s.signal)
		case s.kind == "once" && n != 1, s.kind == "look-alike" && n != 0:
			t.Errorf("%s: %s: %s %s, but it comes up %d times:\n%s", file, sc.name, s.kind, s.signal, n, got)
		}
		c[s] = true
	}
}

// complete fails for what no scenario shows.
func (c coverage) complete(t *testing.T) {
	t.Helper()
	for _, name := range names {
		for _, kind := range kindsOfScenario {
			if !c[shown{kind, name}] {
				t.Errorf("no scenario shows %s: %s", name, kind)
			}
		}
	}
}
