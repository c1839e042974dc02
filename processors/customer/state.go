// Package customer owns the noun State, what is known about one customer now, and the pure fold that changes it:
// (state, entry) → state and effects. It leaves storage and ownership to processors/keyed, detectors to
// processors/signal and rules to whoever implements Watcher. It reads no clock and iterates no map.
//
// A State belongs to one goroutine at a time.
package customer

//msgp:tuple ChannelCount HourCount

//go:generate go tool msgp -file=state.go -o=msgp.go -tests=false -io=false
//go:generate go run touchwatch/ingest/codec/sharing msgp.go

import (
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
	"touchwatch/processors/signal"
)

// State is the hot state of a customer, about 1 kB. Its 50 latest touchpoints stand beside it, not in it.
type State struct {
	ID      touchpoint.CustomerID `json:"id" msg:"id"`
	Profile touchpoint.Profile    `json:"profile" msg:"pf"`
	Aliases []touchpoint.Alias    `json:"aliases,omitempty" msg:"al,omitempty"` // at most MaxAliases, the strongest stay

	First touchpoint.Millis `json:"first_seen" msg:"fs"` // occurred_at of the earliest touchpoint
	Last  touchpoint.Millis `json:"last_seen" msg:"ls"`  // occurred_at of the latest touchpoint
	Now   touchpoint.Millis `json:"now" msg:"nw"`        // latest moment of receipt seen: the fold's clock
	Total int64             `json:"touchpoints" msg:"to"`

	Channels []ChannelCount    `json:"channels,omitempty" msg:"ch,omitempty"`  // sorted by channel
	Hours    []HourCount       `json:"hours,omitempty" msg:"hr,omitempty"`     // the latest 24 hours with touchpoints, oldest first
	Seen     []uint64          `json:"-" msg:"sn,omitempty"`                   // hashes of the latest touchpoint ids, for duplicates
	Windows  []Window          `json:"windows,omitempty" msg:"wi,omitempty"`   // per detector family, sorted by family
	Signals  []signal.Signal   `json:"signals,omitempty" msg:"sg,omitempty"`   // contributions, sorted by (At, ID)
	Episodes []episode.Episode `json:"episodes,omitempty" msg:"ep,omitempty"`  // sorted by rule
	WakeAt   touchpoint.Millis `json:"wake_at,omitempty" msg:"wk,omitempty"`   // armed: when time alone changes something next
	ForgetAt touchpoint.Millis `json:"forget_at,omitempty" msg:"fg,omitempty"` // armed: when to look whether the party is forgotten
	Fired    touchpoint.Millis `json:"fired,omitempty" msg:"fi,omitempty"`     // due time of the latest timer applied: the detectors' clock
	CrossAt  touchpoint.Millis `json:"-" msg:"ca,omitempty"`                   // when the score next crosses a limit by decay alone, zero: never
	CrossKey uint32            `json:"-" msg:"ck,omitempty"`                   // the limits that CrossAt was found for, zero: not known
	Ranked   bool              `json:"ranked,omitempty" msg:"rk,omitempty"`    // listed among the customers at risk
	Language string            `json:"language,omitempty" msg:"lg,omitempty"`  // last language the customer wrote in
}

// ChannelCount counts one channel over the customer's life.
type ChannelCount struct {
	Channel  touchpoint.Channel `json:"channel" msg:"c"`
	Total    int64              `json:"total" msg:"t"`
	Negative int64              `json:"negative" msg:"n"` // negative signals that came up on it
	Last     touchpoint.Millis  `json:"last" msg:"l"`
}

// HourCount counts one channel in one hour.
type HourCount struct {
	Hour    int32              `json:"hour" msg:"h"` // hours since 1970
	Channel touchpoint.Channel `json:"channel" msg:"c"`
	Total   int32              `json:"total" msg:"t"`
}

// Window is what one detector family remembers.
type Window struct {
	Family string            `json:"family" msg:"f"`
	Wake   touchpoint.Millis `json:"wake,omitempty" msg:"w,omitempty"` // when its signals change by time alone
	Marks  []signal.Mark     `json:"marks" msg:"m"`                    // sorted by (At, ID, Kind)
}
