// Package hub owns live delivery to browsers: the WebSocket protocol, the picture every board starts from, and one bounded
// queue per client. It leaves the reading of what the stages publish to whoever calls Publish (alerts/feed) and never
// blocks on a browser: who cannot keep up is disconnected with a reason. A Hub is safe for concurrent use; nothing of it survives
// a restart, the next one starts a new epoch and every client gets a new snapshot.
package hub

import (
	"touchwatch/alerts/alert"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
)

// Topic is one kind of news that a client may subscribe to.
type Topic string

// The topics.
const (
	TopicAlerts   Topic = "alerts"   // []alert.Alert, whole alerts
	TopicRisk     Topic = "risk"     // []RiskRow, rows that changed; a row with Gone leaves the list
	TopicMinutes  Topic = "minutes"  // []Minute, whole minutes that changed
	TopicFeed     Topic = "feed"     // []FeedItem, the newest touchpoints (a sample under load)
	TopicProgress Topic = "progress" // Progress
)

// Message is everything the server sends. Sequence numbers rise by one within an epoch; a client that sees a gap asks to
// resume, and gets either what it missed or a new snapshot, never a partial history.
type Message struct {
	Type     string `json:"type"` // "snapshot", "delta", "error" or "pong"
	Epoch    string `json:"epoch,omitempty"`
	Sequence int64  `json:"sequence"`
	// Now is the server's clock, milliseconds since 1970, so that a browser with a wrong clock shows true ages.
	Now      touchpoint.Millis `json:"now"`
	Resumed  bool              `json:"resumed,omitempty"` // first message after a resume that succeeded
	Snapshot *Snapshot         `json:"snapshot,omitempty"`
	Delta    *Delta            `json:"delta,omitempty"`
	Error    *Problem          `json:"error,omitempty"`
}

// Snapshot is the whole picture, filtered by the client's subscription.
type Snapshot struct {
	Alerts   []alert.Alert `json:"alerts"`  // open ones, and those that ended in the last hour; most urgent first, at most 500
	Risk     []RiskRow     `json:"risk"`    // lowest score first, at most 50
	Minutes  []Minute      `json:"minutes"` // the last 60 minutes
	Feed     []FeedItem    `json:"feed"`    // newest first, at most 30
	Progress Progress      `json:"progress"`
	// AlertsOmitted is how many matching alerts did not fit.
	AlertsOmitted int `json:"alerts_omitted,omitempty"`
}

// Delta carries what changed; absent fields did not change.
type Delta struct {
	Alerts   []alert.Alert `json:"alerts,omitempty"`
	Risk     []RiskRow     `json:"risk,omitempty"`
	Minutes  []Minute      `json:"minutes,omitempty"`
	Feed     []FeedItem    `json:"feed,omitempty"`
	Progress *Progress     `json:"progress,omitempty"`
	// GoneAlerts are ids of alerts to forget: they ended more than an hour ago, or no longer match the filter.
	GoneAlerts []string `json:"gone_alerts,omitempty"`
}

// Codes of a Problem. Those from CodeTooSlow on are followed by the end of the connection and stand in its close frame too.
const (
	CodeBadMessage   = "bad_message"   // not a request, or an unknown field or type; nothing changed
	CodeUnknownTopic = "unknown_topic" // nothing changed
	CodeTooSlow      = "too_slow"      // the client does not read fast enough; resume
	CodeTooLarge     = "too_large"     // a message over 4 KiB
	CodeTooMany      = "too_many_messages"
	CodeUnauthorized = "unauthorized" // no token, or one that does not count (any more)
	CodeNoRequest    = "no_request"   // no subscribe or resume in time
	CodeTimeout      = "timeout"      // no pong in time
	CodeShuttingDown = "shutting_down"
)

// Problem says why a request was refused or the connection will close.
type Problem struct {
	Code   string `json:"code"` // one of the Code constants
	Detail string `json:"detail"`
}

// RiskRow is one customer at risk, as the customers' stage describes it.
type RiskRow = customer.RiskRow

// Minute counts one channel in one minute of event time. A later message about the same (Minute, Channel) replaces it.
type Minute struct {
	Minute     touchpoint.Millis  `json:"minute"` // start of the minute
	Channel    touchpoint.Channel `json:"channel"`
	Total      int64              `json:"total"`     // touchpoints
	Negatives  int64              `json:"negatives"` // touchpoints that brought a negative signal
	Recoveries int64              `json:"recoveries"`
}

// FeedItem is one touchpoint in the live ticker, as the customers' stage describes it.
type FeedItem = customer.FeedItem

// Progress says how far the picture reaches: everything received up to UpTo is in it. Now − UpTo is the age of the data.
type Progress struct {
	UpTo    touchpoint.Millis `json:"up_to"`
	Sources []SourceProgress  `json:"sources"` // per raw topic, and "signals" for what places know; sorted
	// Warnings are what makes the picture look better than things are, in words: silent channels, stalled partitions.
	Warnings []string `json:"warnings,omitempty"`
}

// SourceProgress is how far one raw topic has come. A topic far behind the others has stalled.
type SourceProgress struct {
	Topic string            `json:"topic"`
	UpTo  touchpoint.Millis `json:"up_to"`
}

// Request is everything a client sends.
type Request struct {
	Type     string  `json:"type"`               // "subscribe", "resume" or "ping"
	Topics   []Topic `json:"topics,omitempty"`   // empty: all
	Filter   *Filter `json:"filter,omitempty"`   // nil: everything
	Epoch    string  `json:"epoch,omitempty"`    // with resume
	Sequence int64   `json:"sequence,omitempty"` // with resume: the last one seen
	Token    string  `json:"token,omitempty"`    // with the first message, where the server asks for one
}

// Filter narrows alerts, risk and feed. Empty fields do not narrow.
type Filter struct {
	Severities []alert.Severity     `json:"severities,omitempty"`
	Channels   []touchpoint.Channel `json:"channels,omitempty"`
	Segments   []string             `json:"segments,omitempty"`
	Owner      string               `json:"owner,omitempty"`
	Customer   string               `json:"customer,omitempty"`
	Labels     map[string]string    `json:"labels,omitempty"`
}
