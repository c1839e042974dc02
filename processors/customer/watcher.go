package customer

import (
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
)

// Watcher decides which alerts a customer's state calls for. It is declared here and implemented by the alerts stage,
// so that the fold needs to know nothing of rules. A Watcher is immutable and safe for concurrent use.
type Watcher interface {
	// Watch judges s at s.Now (act is the action being applied, or nil), changes s.Episodes in place, and returns the
	// alerts whose version rose, encoded, in a stable order, and the next moment at which the judgement would change by
	// time alone (zero: never). It depends on s and act only.
	Watch(s *State, act *timeline.ActionBody) (changed []episode.Change, wake touchpoint.Millis)
	// Limits are the scores (0–100) that rules compare with, ascending: the fold wakes when the score crosses one.
	Limits() []float64
}
