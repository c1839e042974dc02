package friction

import (
	"strconv"
	"strings"

	"touchwatch/processors/signal"
)

// errors finds clicks that a script error or a failed request of the same page follows at once, together per element.
// The failures they explain are spent. A failed checkout near by speaks for all of them.
func (c *Clicks) errors(out []signal.Signal, marks []signal.Mark, spent *[maxMarks]bool) []signal.Signal {
	var cause [maxMarks]uint8 // clicked mark → 1 + index of its failure
	for i := range marks {
		if marks[i].Kind != scriptError && marks[i].Kind != failedRequest {
			continue
		}
		if explained(marks, i) {
			spent[i] = true
			continue
		}
		if k := c.clickBefore(marks, i); k >= 0 && !c.err.Off() {
			cause[k] = uint8(i + 1)
			spent[i] = true
		}
	}
	var done [maxMarks]bool
	for i := range marks {
		if done[i] || cause[i] == 0 {
			continue
		}
		var b burst
		gather(&b, marks, i, c.err.Gap, &done, func(k int) bool { return cause[k] != 0 })
		out = append(out, c.errorSignal(marks, &b, &marks[cause[i]-1]))
	}
	return out
}

func (c *Clicks) errorSignal(marks []signal.Mark, b *burst, failure *signal.Mark) signal.Signal {
	what := "a script error"
	if failure.Kind == failedRequest {
		what = "a failed request" + status(failure.N)
	}
	reason := "clicked " + label(marks[b.first()].Key) + " and got " + what
	if b.n > 1 {
		reason += ", " + signal.Times(b.n)
	}
	return c.signal(marks, b, "error_click", c.err.Points(1), c.err.HalfSeconds(), reason)
}

// clickBefore returns the latest click on the failure's page that is at most Within before it, or −1.
func (c *Clicks) clickBefore(marks []signal.Mark, failure int) int {
	for k := failure - 1; k >= 0 && marks[failure].At.Sub(marks[k].At) <= c.err.Within; k-- {
		if page, _ := split(marks[k].Key); isClick(&marks[k]) && page == marks[failure].Key {
			return k
		}
	}
	return -1
}

// explained reports whether a failed checkout of the same page is near.
func explained(marks []signal.Mark, i int) bool {
	for k := range marks {
		if marks[k].Kind != checkoutFail || marks[k].Key != marks[i].Key {
			continue
		}
		if d := marks[k].At.Sub(marks[i].At); d <= explains && d >= -explains {
			return true
		}
	}
	return false
}

// failures finds failed requests that no click explains, together per page.
func (c *Clicks) failures(out []signal.Signal, marks []signal.Mark, spent *[maxMarks]bool) []signal.Signal {
	if c.failed.Off() {
		return out
	}
	belongs := func(i int) bool { return marks[i].Kind == failedRequest && !spent[i] }
	var done [maxMarks]bool
	for i := range marks {
		if done[i] || !belongs(i) {
			continue
		}
		var b burst
		gather(&b, marks, i, c.failed.Gap, &done, belongs)
		g := c.signal(marks, &b, "failed_request", c.failed.Points(1), c.failed.HalfSeconds(), failureReason(&marks[i], b.n))
		out = append(out, g)
	}
	return out
}

func failureReason(m *signal.Mark, n int) string {
	var r strings.Builder
	r.WriteString("a request failed")
	if n > 1 {
		r.WriteString(" " + signal.Times(n))
	}
	if m.Key != "" {
		r.WriteString(" on " + m.Key)
	}
	r.WriteString(status(m.N))
	if m.Note != "" {
		r.WriteString(", " + m.Note)
	}
	return r.String()
}

func status(n int64) string {
	if n == 0 {
		return " (no answer)"
	}
	return " (HTTP " + strconv.FormatInt(n, 10) + ")"
}
