package decode

import (
	"strconv"
	"time"

	"touchwatch/ingest/touchpoint"
)

// callEvent is one event of the format touchwatch.call; docs/schemas/touchwatch.call.json describes it.
type callEvent struct {
	ownEvent
	Queue           string `json:"queue"`
	Direction       string `json:"direction"`
	To              string `json:"to"`
	Role            string `json:"role"`
	Reason          string `json:"reason"`
	Wait            number `json:"wait_ms"`
	LongestHold     number `json:"longest_hold_ms"`
	Hold            number `json:"hold_ms"`
	Holds           number `json:"holds"`
	Transfers       number `json:"transfers"`
	PreviousContact string `json:"previous_contact"`
	LongestSilence  number `json:"longest_silence_ms"`
	NonTalk         number `json:"non_talk_ms"`
	Interruptions   number `json:"interruptions"`
}

var callKinds = []ownKind{
	{"turn", touchpoint.CallTurn},
	{"queued", touchpoint.CallQueued},
	{"answered", touchpoint.CallAnswered},
	{"hold_start", touchpoint.CallHoldStart},
	{"hold_end", touchpoint.CallHoldEnd},
	{"transferred", touchpoint.CallTransferred},
	{"ended", touchpoint.CallEnded},
	{"survey", touchpoint.CallSurvey},
	{"record", touchpoint.CallRecord},
}

// readCall reads an event of the format touchwatch.call.
func readCall(e *callEvent, tp *touchpoint.Touchpoint) error {
	if err := e.shared(tp, touchpoint.Call, callKinds, ""); err != nil {
		return err
	}
	if e.Thread == "" {
		return missing("thread", "the call's id")
	}
	if err := oneOf("direction", e.Direction, "inbound", "outbound"); err != nil {
		return err
	}
	tp.Place.Queue = e.Queue
	attr(tp, "direction", e.Direction)
	if err := e.details(tp); err != nil {
		return err
	}
	attrs(tp, e.Attributes)
	return nil
}

// details fills and checks what belongs to one kind.
func (e *callEvent) details(tp *touchpoint.Touchpoint) error {
	switch tp.Kind {
	case touchpoint.CallTransferred:
		attr(tp, "to", e.To)
	case touchpoint.CallTurn:
		if e.Role == "" {
			return missing("role", "customer or agent")
		}
		attr(tp, "role", e.Role)
		return oneOf("role", e.Role, "customer", "agent")
	case touchpoint.CallEnded:
		if err := e.reason(tp); err != nil {
			return err
		}
		return e.speech(tp)
	case touchpoint.CallSurvey:
		if tp.Rating == nil {
			return missing("rating", "a metric and a score")
		}
	case touchpoint.CallRecord:
		if err := e.reason(tp); err != nil {
			return err
		}
		return e.record(tp)
	}
	return nil
}

// reason takes how the call ended.
func (e *callEvent) reason(tp *touchpoint.Touchpoint) error {
	attr(tp, "reason", e.Reason)
	return oneOf("reason", e.Reason, "completed", "abandoned_queue", "abandoned_hold", "failed", "no_answer", "busy", "canceled")
}

// speech takes how the two sides spoke with each other.
func (e *callEvent) speech(tp *touchpoint.Touchpoint) error {
	for _, d := range [...]struct {
		key string
		n   number
	}{{"longest_silence_ms", e.LongestSilence}, {"non_talk_ms", e.NonTalk}} {
		ms, err := d.n.millis(time.Millisecond, d.key)
		if err != nil {
			return err
		}
		attrCount(tp, d.key, int64(ms))
	}
	interruptions, err := e.Interruptions.within(0, 1e6, "interruptions")
	attrCount(tp, "interruptions", int64(interruptions))
	return err
}

// record takes what a whole call in one event counts up.
func (e *callEvent) record(tp *touchpoint.Touchpoint) error {
	attr(tp, "previous_contact", e.PreviousContact)
	for _, d := range [...]struct {
		key string
		n   number
	}{{"wait_ms", e.Wait}, {"longest_hold_ms", e.LongestHold}, {"hold_ms", e.Hold}} {
		ms, err := d.n.millis(time.Millisecond, d.key)
		if err != nil {
			return err
		}
		attrCount(tp, d.key, int64(ms))
	}
	for _, c := range [...]struct {
		key string
		n   number
	}{{"holds", e.Holds}, {"transfers", e.Transfers}} {
		count, err := c.n.within(0, 1e6, c.key)
		if err != nil {
			return err
		}
		attrCount(tp, c.key, int64(count))
	}
	return e.speech(tp)
}

// attrCount sets an attribute to a whole number; zero sets none.
func attrCount(tp *touchpoint.Touchpoint, key string, n int64) {
	if n != 0 {
		attr(tp, key, strconv.FormatInt(n, 10))
	}
}
