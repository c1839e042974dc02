package place

import (
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
)

// Watcher decides which alerts a place's state calls for; see customer.Watcher for the contract.
type Watcher interface {
	Watch(s *State, act *timeline.ActionBody) (changed []episode.Change, wake touchpoint.Millis)
}
