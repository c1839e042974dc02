// Package signal owns the noun Signal, a judgement on touchpoints, and the small interface by which detectors make
// signals. A detector keeps no state of its own: the fold keeps a bounded window of marks per family in the customer's
// state and hands it over, so the outcome depends on the set of marks and never on the order in which they arrived.
//
// Detectors are immutable after construction and safe for concurrent use.
package signal

//go:generate go tool msgp -file=signal.go -o=msgp.go -tests=false -io=false
//go:generate go run touchwatch/ingest/codec/sharing msgp.go

import (
	"time"

	"touchwatch/ingest/touchpoint"
)

// Signal is one judgement. Its identity is Name + Episode: later evidence for the same episode replaces it.
type Signal struct {
	Name    string            `json:"name" msg:"n"`              // such as "rage_click"
	Family  string            `json:"family" msg:"f"`            // the detector family, such as "friction"
	Episode string            `json:"episode" msg:"e"`           // unique within Name: usually the first evidence's id or the contact
	First   touchpoint.Millis `json:"first" msg:"a"`             // event time of the first evidence
	At      touchpoint.Millis `json:"at" msg:"z"`                // event time of the last evidence: decay starts here
	Weight  int32             `json:"weight_hundredths" msg:"w"` // hundredths of a score point; negative is bad, positive a recovery
	Half    int32             `json:"half_life_seconds" msg:"h"` // half-life in seconds, > 0
	// Cap is how many hundredths the bad signals of the family take at most together, and how many the good ones give;
	// zero: no bound. It travels with the signal as weight and half-life do, so that a score can be read without settings.
	Cap     int32              `json:"cap_hundredths,omitempty" msg:"u,omitempty"`
	Channel touchpoint.Channel `json:"channel" msg:"c"`
	// Places are the places it speaks about, most specific first, at most 3, as made by PlaceKey.
	Places   []string        `json:"places,omitempty" msg:"p,omitempty"`
	Evidence []touchpoint.ID `json:"evidence" msg:"v"` // oldest first, at most MaxEvidence (the latest are kept)
	Reason   string          `json:"reason" msg:"r"`   // one line in plain words, such as "clicked 'Pay now' 6 times in 3 s without effect"
}

// MaxEvidence bounds Signal.Evidence.
const MaxEvidence = 6

// ID returns what identifies the signal within a customer.
func (s *Signal) ID() string { return s.Name + "/" + s.Episode }

// Negative reports whether the signal speaks against the experience.
func (s *Signal) Negative() bool { return s.Weight < 0 }

// OfChannel reports whether the signal speaks against its channel. That a customer comes back, or stays away, does not: the
// channel only happens to be the one they were last seen on.
func (s *Signal) OfChannel() bool {
	return s.Weight < 0 && s.Family != "repeat" && s.Family != "loyalty"
}

// PlaceKey names a place: kind is "page", "element", "form", "queue", "platform", "campaign" or "product". "" for an empty value.
func PlaceKey(kind, value string) string {
	if value == "" {
		return ""
	}
	return kind + ":" + value
}

// Mark is what a family keeps of one touchpoint: just enough to judge again when earlier or later ones arrive.
type Mark struct {
	At      touchpoint.Millis  `msg:"t"`           // occurred_at
	ID      touchpoint.ID      `msg:"i"`           // touchpoint
	Kind    uint8              `msg:"k"`           // private to the family
	Channel touchpoint.Channel `msg:"c,omitempty"` //
	Key     string             `msg:"g,omitempty"` // what the family groups by: element, form, conversation, call
	Place   string             `msg:"p,omitempty"` // place key, or private to the family
	Note    string             `msg:"o,omitempty"` // words for the reason; keep it short
	X       int32              `msg:"x,omitempty"`
	Y       int32              `msg:"y,omitempty"`
	N       int64              `msg:"n,omitempty"` // a number: duration in ms, status, thousandths of a value
}

// Bounds say how much of the past a family needs.
type Bounds struct {
	Keep time.Duration // marks older than the newest by more than this may go …
	Gap  time.Duration // … when no newer mark of the same Key is within this of them, so that a burst is never cut in two …
	Near time.Duration // … nor any newer mark within this: what explains each other goes together
	Most int           // hard cap; the oldest go first
}

// Detector makes the signals of one family.
type Detector interface {
	// Family is the stable name under which its window is stored.
	Family() string
	Bounds() Bounds
	// Observe appends the marks that tp leaves in this family's window, none when it does not concern the family.
	// Marks of one touchpoint differ in Kind. tp is not changed.
	Observe(dst []Mark, tp *touchpoint.Touchpoint) []Mark
	// Detect returns all signals that the window shows at now, and the earliest later moment at which, without any new mark,
	// the result would change (zero: never). marks are sorted by (At, ID, Kind); they are not changed. It depends on the
	// SET of marks and on now only, so that a shuffled arrival gives the same result. Signals are built new each time.
	Detect(marks []Mark, now touchpoint.Millis) (signals []Signal, wake touchpoint.Millis)
}

// Report is a customer's signal as other stages hear of it: the payload of a signal entry and a row of the archive.
type Report struct {
	Customer touchpoint.CustomerID `json:"customer" msg:"c"`
	Place    string                `json:"place,omitempty" msg:"p,omitempty"` // the place this copy is for; "" when the signal names none
	Gone     bool                  `json:"gone,omitempty" msg:"g,omitempty"`  // later evidence took the signal back
	// Since is the first evidence it had before, where that is earlier: what counted then counts otherwise now. Zero: not earlier.
	Since  touchpoint.Millis `json:"since,omitempty" msg:"f,omitempty"`
	Signal Signal            `json:"signal" msg:"s"`
}
