package touchpoint

//msgp:ignore Invalid Reason

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// Limits of what ingest accepts. They bound every downstream structure.
const (
	MaxRecordBytes = 1 << 20        // a raw record
	MaxIDBytes     = 256            // any identifier
	MaxTextBytes   = 16 << 10       // text kept of a touchpoint; the rest is cut
	MaxAttrs       = 32             // attributes kept of a touchpoint
	MaxAhead       = 24 * time.Hour // how far a source's clock may run ahead of ours
)

// Reason is why something could not become a touchpoint. The list is closed: it labels a metric.
type Reason string

// The reasons.
const (
	ReasonTooLarge      Reason = "too_large"      // record over MaxRecordBytes
	ReasonNotUTF8       Reason = "invalid_utf8"   // bytes are no UTF-8
	ReasonSyntax        Reason = "invalid_syntax" // no JSON, no form, no such encoding
	ReasonUnknownFormat Reason = "unknown_format" // tw-format names no decoder
	ReasonUnknownType   Reason = "unknown_type"   // the format has no such event type
	ReasonMissingField  Reason = "missing_field"  // a required field is absent
	ReasonBadField      Reason = "invalid_field"  // a field has the wrong type or range
	ReasonIDTooLong     Reason = "id_too_long"    // an identifier over MaxIDBytes
	ReasonFuture        Reason = "time_ahead"     // more than MaxAhead in the future
	ReasonTooOld        Reason = "time_too_old"   // older than the configured limit
	ReasonNoParty       Reason = "no_party"       // no alias says whose it is
)

// Reasons lists every Reason, for metrics that start at zero.
var Reasons = []Reason{
	ReasonTooLarge, ReasonNotUTF8, ReasonSyntax, ReasonUnknownFormat, ReasonUnknownType, ReasonMissingField,
	ReasonBadField, ReasonIDTooLong, ReasonFuture, ReasonTooOld, ReasonNoParty,
}

// Invalid is the error of bytes that cannot become a touchpoint. It is other people's data: never fatal,
// the record goes to the dead topic with this as its label and explanation.
type Invalid struct {
	Reason Reason
	Field  string // JSON path of the field, or ""
	Want   string // what was expected, in words
	Err    error  // cause, or nil
}

// Error implements error: "invalid_field context.page.url: want a string: …".
func (e *Invalid) Error() string {
	s := string(e.Reason)
	if e.Field != "" {
		s += " " + e.Field
	}
	if e.Want != "" {
		s += ": want " + e.Want
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Invalid) Unwrap() error { return e.Err }

// Validate checks the limits that hold for every touchpoint, whatever its format, and returns an *Invalid or nil.
// now is the moment of receipt; oldest is how old a touchpoint may be, zero for no limit. OccurredAt zero is allowed
// (ingest fills in the moment of receipt).
func (t *Touchpoint) Validate(now Millis, oldest time.Duration) error {
	for _, id := range [...]struct{ field, value string }{
		{"id", string(t.ID)},
		{"kind", string(t.Kind)},
		{"place.thread", t.Place.Thread},
		{"place.element", t.Place.Element},
		{"place.queue", t.Place.Queue},
		{"place.campaign", t.Place.Campaign},
	} {
		if len(id.value) > MaxIDBytes {
			return &Invalid{Reason: ReasonIDTooLong, Field: id.field, Want: fmt.Sprintf("at most %d bytes, got %d", MaxIDBytes, len(id.value))}
		}
	}
	if t.Channel == "" || t.Kind == "" {
		return &Invalid{Reason: ReasonMissingField, Field: "channel/kind", Want: "a channel and a kind"}
	}
	if len(t.Aliases) == 0 {
		return &Invalid{Reason: ReasonNoParty, Want: "at least one of customer id, e-mail, phone, handle, contact or cookie"}
	}
	if t.OccurredAt != 0 && t.OccurredAt > now.Add(MaxAhead) {
		return &Invalid{Reason: ReasonFuture, Field: "occurred_at", Want: "a time at most 24 h ahead, got " + t.OccurredAt.At().Format(time.RFC3339)}
	}
	if oldest > 0 && t.OccurredAt != 0 && t.OccurredAt < now.Add(-oldest) {
		return &Invalid{Reason: ReasonTooOld, Field: "occurred_at", Want: fmt.Sprintf("a time within %s, got %s", oldest, t.OccurredAt.At().Format(time.RFC3339))}
	}
	if !utf8.ValidString(t.Text) {
		return &Invalid{Reason: ReasonNotUTF8, Field: "text", Want: "UTF-8"}
	}
	return nil
}
