package keyed

import (
	"context"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// Logic is the pure part: what an entry does to a state. An implementation is immutable; the runtime calls it from one
// goroutine per partition.
type Logic[S any] interface {
	// New returns the state of a subject that was never seen.
	New(subject string) *S
	// Decode reads what Encode wrote. The state may share b's memory, which nobody changes. An unknown version is an error that stops the
	// partition.
	Decode(b []byte) (*S, error)
	// Encode appends the stored form to dst.
	Encode(dst []byte, s *S) ([]byte, error)
	// Fold applies e to s and tells fx what else it calls for. It depends on s and e only.
	Fold(s *S, e *timeline.Entry, fx *Effects)
	// Card describes a ranked state in JSON, for the boards.
	Card(subject string, s *S) []byte
}

// Build makes the Logic for a set of settings, the content of a config entry. nil content means that no settings were
// ever activated.
type Build[S any] func(content []byte) (Logic[S], error)

// Progress tells how far the entries that reach this topic are complete: everything received up to UpTo is in the topic.
type Progress struct {
	UpTo    touchpoint.Millis `json:"up_to"`
	Sources []SourceProgress  `json:"sources"`
}

// SourceProgress is the progress of one topic or partition upstream.
type SourceProgress struct {
	Topic string            `json:"topic"`
	UpTo  touchpoint.Millis `json:"up_to"`
}

// ReadProgress asks upstream for its progress. UpTo zero means that a source has not reported yet.
type ReadProgress func(ctx context.Context) (Progress, error)

// Stored-state version: the first byte before the MessagePack of a state or a remembered touchpoint.
const StateVersion = 1
