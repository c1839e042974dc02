package place

import (
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// Watcher decides which alerts a place's state calls for; see customer.Watcher for the contract.
type Watcher interface {
	Watch(s *State, act *timeline.ActionBody) (changed [][]byte, wake touchpoint.Millis)
}
