// Package timeline owns the entries of the topic customer.timeline, the one log of all that happens to a customer,
// and their wire form: one version byte and MessagePack. Everything that changes a customer is an entry: a touchpoint,
// a person's action on an alert, a timer that came due, a change of the settings.
//
// The topic signals, keyed by place, carries the same envelope. Entries are plain values, safe to share while nobody changes them.
package timeline

//go:generate go tool msgp -file=entry.go -o=msgp.go -tests=false -io=false
//go:generate go run touchwatch/ingest/codec/sharing msgp.go

import (
	"errors"
	"fmt"

	"touchwatch/ingest/touchpoint"
)

// Version is the first byte of every entry. A reader that meets another one stops with ErrVersion.
const Version = 1

// ErrVersion is returned by Decode for an entry that a newer (or broken) program wrote.
var ErrVersion = errors.New("unknown timeline entry version")

// Kind is what an entry is about.
type Kind string

// The kinds of entry.
const (
	Touchpoint Kind = "touchpoint"
	Action     Kind = "action"  // a person acted on an alert
	Timer      Kind = "timer"   // an armed timer came due
	Config     Kind = "config"  // settings take effect from here on in this partition
	Opinion    Kind = "opinion" // a model outside thinks otherwise of a text: Touchpoint with another mood, after the one with the rules'
	Signal     Kind = "signal"  // on the topic signals: a customer's signal, for a place
)

// Entry is one record of the timeline. Exactly the pointer that Kind names is set.
type Entry struct {
	Kind Kind `json:"kind" msg:"k"`
	// Subject is the key: the customer's id, or the place on the topic signals. Empty for Config.
	Subject string `json:"subject" msg:"s"`
	// At is the moment of receipt (touchpoints), of the click (actions) or the due time (timers). The fold's 'now' is
	// the latest At it has seen.
	At touchpoint.Millis `json:"at" msg:"at"`
	// ID makes entries without a raw record idempotent; empty for touchpoints and signals, whose Source does that.
	ID string `json:"id,omitempty" msg:"id,omitempty"`
	// Source are the coordinates that are compared with the last applied ones; an empty topic means none.
	Source touchpoint.Source `json:"source" msg:"so"`

	// Touchpoint travels without its customer, receipt and source: Decode fills them in from Subject, At and Source, or Origin.
	Touchpoint *touchpoint.Touchpoint `json:"touchpoint,omitempty" msg:"tp,omitempty"`
	// Origin, of an Opinion, is where its touchpoint came from: At and Source are the opinion's own.
	Origin *Origin     `json:"origin,omitempty" msg:"or,omitempty"`
	Action *ActionBody `json:"action,omitempty" msg:"ac,omitempty"`
	Timer  *TimerBody  `json:"timer,omitempty" msg:"ti,omitempty"`
	Config *ConfigBody `json:"config,omitempty" msg:"co,omitempty"`
	// Payload is the body of a Signal entry, encoded by the stage that owns it.
	Payload []byte `json:"payload,omitempty" msg:"pa,omitempty"`
}

// Origin is receipt and source of a touchpoint that comes a second time.
type Origin struct {
	ReceivedAt touchpoint.Millis `json:"received_at" msg:"r"`
	Source     touchpoint.Source `json:"source" msg:"s"`
}

// ActionBody is what a person did with an alert.
type ActionBody struct {
	Verb    string `json:"verb" msg:"v"`                        // "acknowledge" or "resolve"
	Alert   string `json:"alert" msg:"a"`                       // alert id
	By      string `json:"by,omitempty" msg:"b,omitempty"`      // who
	Note    string `json:"note,omitempty" msg:"n,omitempty"`    // free text
	Outcome string `json:"outcome,omitempty" msg:"o,omitempty"` // on resolve: "handled", "false_alarm" or ""
}

// TimerBody names the arming that came due. The fold applies it only if that very arming still stands.
type TimerBody struct {
	Name string            `json:"name" msg:"n"`
	Due  touchpoint.Millis `json:"due" msg:"d"`
}

// ConfigBody activates a set of settings (signals and rules) in one partition.
type ConfigBody struct {
	Sequence int64  `json:"sequence" msg:"q"` // rises with every activation; a lower one than the active is ignored
	Hash     string `json:"hash" msg:"h"`     // hex SHA-256 of Content
	Content  []byte `json:"content" msg:"c"`  // the settings file, YAML
}

// Encode appends the wire form of e to dst.
func Encode(dst []byte, e *Entry) ([]byte, error) {
	dst = append(dst, Version)
	out, err := e.MarshalMsg(dst)
	if err != nil {
		return nil, fmt.Errorf("encode timeline entry subject=%s: %w", e.Subject, err)
	}
	return out, nil
}

// Decode reads the wire form. The entry's strings share b's memory, so b must not change afterwards. It returns ErrVersion for another version.
func Decode(b []byte) (*Entry, error) {
	if len(b) == 0 || b[0] != Version {
		return nil, ErrVersion
	}
	e := new(Entry)
	if _, err := e.UnmarshalMsg(b[1:]); err != nil {
		return nil, fmt.Errorf("decode timeline entry: %w", err)
	}
	if t := e.Touchpoint; t != nil {
		t.Customer, t.ReceivedAt, t.Source = touchpoint.CustomerID(e.Subject), e.At, e.Source
		if e.Origin != nil {
			t.ReceivedAt, t.Source = e.Origin.ReceivedAt, e.Origin.Source
		}
	}
	return e, nil
}
