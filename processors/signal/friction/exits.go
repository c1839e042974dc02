package friction

import (
	"strings"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// broken is the status from which a failure is the server's: what the customer entered is no reason to leave.
const broken = 500

// exits finds pages on which a request broke, that were left right after, and after which nothing more came. The wake is
// when the next one of these would be certain.
func (c *Clicks) exits(out []signal.Signal, marks []signal.Mark, now touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	if c.exit.Off() {
		return out, 0
	}
	var wake touchpoint.Millis
	for i := range marks {
		if marks[i].Kind != pageLeave || c.comesBack(marks, i) {
			continue
		}
		failure := c.failureBefore(marks, i)
		if failure < 0 {
			continue
		}
		if due := marks[i].At.Add(c.exit.Settled); due > now {
			if wake == 0 || due < wake {
				wake = due
			}
			continue
		}
		out = append(out, c.exitSignal(marks, failure, i))
	}
	return out, wake
}

// comesBack reports whether the customer did anything within the time in which people come back, or had left before.
func (c *Clicks) comesBack(marks []signal.Mark, leave int) bool {
	return follows(marks, leave, c.exit.Settled, func(m *signal.Mark) bool {
		return m.Kind == pageView || m.Kind == pageLeave || m.Kind == linkClick || isClick(m)
	})
}

// failureBefore returns the latest broken request on the page that was left, or −1.
func (c *Clicks) failureBefore(marks []signal.Mark, leave int) int {
	for k := leave - 1; k >= 0 && marks[leave].At.Sub(marks[k].At) <= c.exit.Within; k-- {
		if m := &marks[k]; m.Kind == failedRequest && m.N >= broken && m.Key == marks[leave].Key {
			return k
		}
	}
	return -1
}

func (c *Clicks) exitSignal(marks []signal.Mark, failure, leave int) signal.Signal {
	var b burst
	b.add(failure)
	b.add(leave)
	after := marks[leave].At.Sub(marks[failure].At)
	where := marks[failure].Key
	if where == "" {
		where = "the site"
	}
	return c.signal(marks, &b, "failure_exit", c.exit.Points(1), c.exit.HalfSeconds(),
		"left "+where+" "+signal.Words(after)+" after a request failed"+status(marks[failure].N)+" and did not come back")
}

// noise is 1 for a script error that says nothing about the page: another site's script, a browser's extension.
func (c *Clicks) noise(message string) int64 {
	lower := strings.ToLower(signal.Brief(message, 400))
	for _, part := range c.script.Ignore {
		if strings.Contains(lower, part) {
			return 1
		}
	}
	return 0
}

// scripts finds script errors that no click explains, together per page.
func (c *Clicks) scripts(out []signal.Signal, marks []signal.Mark, spent *[maxMarks]bool) []signal.Signal {
	if c.script.Off() {
		return out
	}
	belongs := func(i int) bool { return marks[i].Kind == scriptError && marks[i].N == 0 && !spent[i] }
	var done [maxMarks]bool
	for i := range marks {
		if done[i] || !belongs(i) {
			continue
		}
		var b burst
		gather(&b, marks, i, c.script.Gap, &done, belongs)
		if b.n < c.script.Errors {
			continue
		}
		reason := "scripts broke " + signal.Times(b.n)
		if marks[i].Key != "" {
			reason += " on " + marks[i].Key
		}
		if marks[i].Note != "" {
			reason += ": " + marks[i].Note
		}
		out = append(out, c.signal(marks, &b, "script_error", c.script.Points(1), c.script.HalfSeconds(), reason))
	}
	return out
}
