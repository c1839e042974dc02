// Package episode owns what a subject (a customer or a place) remembers of its alerts: one Episode per rule,
// kept in the subject's state and changed only by the fold. It leaves the judging to the rules and the
// words to the desk. Episodes are plain values.
package episode

//msgp:ignore Change

//go:generate go tool msgp -file=episode.go -o=msgp.go -tests=false -io=false
//go:generate go run touchwatch/ingest/codec/sharing msgp.go

import "touchwatch/ingest/touchpoint"

// Phase is where an alert stands.
type Phase string

// The phases. Pending and Idle alerts are nobody's business yet: no one is told.
const (
	Idle         Phase = ""        // resolved long ago, kept only for its cool-down
	Pending      Phase = "pending" // the condition holds, but not yet for the rule's 'for'
	Firing       Phase = "firing"
	Acknowledged Phase = "acknowledged"
	Resolved     Phase = "resolved"
)

// Open reports whether somebody has, or had, to look at it and it is not over.
func (p Phase) Open() bool { return p == Firing || p == Acknowledged }

// Episode is one rule's alert on one subject. At most one per rule exists in a state.
type Episode struct {
	Rule     string            `json:"rule" msg:"r"`
	Alert    string            `json:"alert" msg:"a"` // id of the alert: rule + subject + since, the same in every replay
	Phase    Phase             `json:"phase" msg:"p"`
	Since    touchpoint.Millis `json:"since" msg:"s"`   // when the condition began to hold
	Changed  touchpoint.Millis `json:"changed" msg:"c"` // last change of phase
	Version  int64             `json:"version" msg:"v"` // rises with every message about this alert
	By       string            `json:"by,omitempty" msg:"b,omitempty"`
	Note     string            `json:"note,omitempty" msg:"n,omitempty"`
	Outcome  string            `json:"outcome,omitempty" msg:"o,omitempty"`
	Severity string            `json:"severity" msg:"y"`
	Late     bool              `json:"late,omitempty" msg:"l,omitempty"` // found in a backlog
	Reason   string            `json:"reason,omitempty" msg:"e,omitempty"`
	RuleHash string            `json:"rule_version" msg:"h"`
	Evidence []touchpoint.ID   `json:"evidence,omitempty" msg:"i,omitempty"`
	Size     int32             `json:"size,omitempty" msg:"z,omitempty"` // how many pieces of evidence the last message counted
}

// Find returns the episode of a rule, or nil. The pointer is into the slice.
func Find(all []Episode, rule string) *Episode {
	for i := range all {
		if all[i].Rule == rule {
			return &all[i]
		}
	}
	return nil
}

// Change is one message about an alert whose version rose: what goes to the outbox and to the list of current alerts.
type Change struct {
	Alert string            // alert id
	Over  bool              // the alert is resolved
	At    touchpoint.Millis // when it changed
	Body  []byte            // the whole alert, JSON of alerts/alert.Alert
}
