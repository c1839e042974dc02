// Package place owns the noun State of a place (a page, an element, a queue, a campaign): which customers had trouble there
// in the last minutes, and the pure fold that changes it. The runtime of processors/keyed runs it on the topic signals.
// It reads no clock and iterates no map. A State belongs to one goroutine at a time.
package place

//msgp:ignore Fold

//go:generate go tool msgp -file=state.go -o=msgp.go -tests=false -io=false
//go:generate go run touchwatch/ingest/codec/sharing msgp.go

import (
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
)

// State is what is known about one place now.
type State struct {
	ID       string            `json:"id" msg:"id"` // place key, such as "page:/checkout"
	Now      touchpoint.Millis `json:"now" msg:"nw"`
	Total    int64             `json:"signals" msg:"to"`
	Hits     []Hit             `json:"hits,omitempty" msg:"hi,omitempty"` // sorted by (At, Customer, Signal); the latest MaxHits within Keep
	Episodes []episode.Episode `json:"episodes,omitempty" msg:"ep,omitempty"`
	WakeAt   touchpoint.Millis `json:"wake_at,omitempty" msg:"wk,omitempty"`   // armed: when time alone changes something next
	ForgetAt touchpoint.Millis `json:"forget_at,omitempty" msg:"fg,omitempty"` // armed: when to look whether the place is forgotten
}

// Hit is one customer's signal at this place; a later one of the same signal and customer replaces it.
type Hit struct {
	Customer touchpoint.CustomerID `json:"customer" msg:"c"`
	Signal   string                `json:"signal" msg:"s"`
	Channel  touchpoint.Channel    `json:"channel" msg:"h"`
	At       touchpoint.Millis     `json:"at" msg:"a"`
	Reason   string                `json:"reason" msg:"r"`
}
