// Package scenario runs alert rules on short stories written as text: what customers do, how time passes, and which alerts
// the author expects. docs/rules.md describes the format for authors. The package owns the format and a World in memory
// made of the same folds that run in production; it leaves files and output to its caller.
//
// A Memory belongs to one goroutine. Nothing here reads a clock: a scenario has its own.
package scenario

import (
	"fmt"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// World is where a scenario takes place. Each method returns the alerts that were told, in order. Time never runs back:
// a moment before the world's own is an error.
type World interface {
	// Apply lets a touchpoint happen, received at t.ReceivedAt.
	Apply(t *touchpoint.Touchpoint) ([]alert.Alert, error)
	// Advance lets time pass, with all timers that come due on the way.
	Advance(to touchpoint.Millis) ([]alert.Alert, error)
	// Act lets a person act on an alert of a subject.
	Act(subject string, at touchpoint.Millis, act timeline.ActionBody) ([]alert.Alert, error)
}

// Failure is an expectation that was not met, or a line that makes no sense.
type Failure struct {
	File string
	Line int
	What string
}

// String is the failure in the form that editors jump to.
func (f Failure) String() string { return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.What) }

// Result is the outcome of one scenario.
type Result struct {
	File     string
	Checks   int // expectations that were checked
	Failures []Failure
}

// OK reports whether the scenario went as expected.
func (r *Result) OK() bool { return len(r.Failures) == 0 }
