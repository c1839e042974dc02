// Package alert owns the noun Alert: the full snapshot of one alert that is sent to browsers, notifiers and the Kafka
// topic alerts. Every message carries the whole alert and a version, so a duplicate changes nothing and the
// highest version wins. It is a plain value.
package alert

import (
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
)

// Severity is how urgent an alert is.
type Severity string

// The severities, most urgent first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Warning  Severity = "warning"
	Info     Severity = "info"
)

// Severities lists them, most urgent first.
var Severities = []Severity{Critical, High, Warning, Info}

// Subject is whom or what an alert is about.
type Subject struct {
	Kind         string             `json:"kind"` // "customer" or "place"
	ID           string             `json:"id"`   // customer id or place key
	Name         string             `json:"name,omitempty"`
	Segment      string             `json:"segment,omitempty"`
	Value        float64            `json:"value,omitempty"` // yearly value
	Owner        string             `json:"owner,omitempty"`
	Language     string             `json:"language,omitempty"`
	Relationship string             `json:"relationship,omitempty"`
	Reach        []touchpoint.Alias `json:"reach,omitempty"` // ways to reach them: e-mail, phone, handle
	Link         string             `json:"link"`            // path of the board's page, such as "/customers/cus_17"
}

// Evidence is one touchpoint (customer) or one customer's signal (place) behind an alert.
type Evidence struct {
	Touchpoint touchpoint.ID      `json:"touchpoint,omitempty"`
	Customer   string             `json:"customer,omitempty"`
	Channel    touchpoint.Channel `json:"channel,omitempty"`
	At         touchpoint.Millis  `json:"at"`
	Signal     string             `json:"signal,omitempty"`
	Reason     string             `json:"reason,omitempty"` // the signal's line in plain words
}

// Alert is one alert as it stands.
type Alert struct {
	ID             string               `json:"id"`
	Version        int64                `json:"version"`
	Rule           string               `json:"rule"`
	RuleVersion    string               `json:"rule_version"` // hash of the rule's text
	Title          string               `json:"title"`
	Severity       Severity             `json:"severity"`
	Phase          episode.Phase        `json:"phase"`
	Subject        Subject              `json:"subject"`
	Since          touchpoint.Millis    `json:"since"`      // when the condition began to hold
	UpdatedAt      touchpoint.Millis    `json:"updated_at"` // when this version came about
	Reason         string               `json:"reason"`     // in plain words, from the rule's text
	Evidence       []Evidence           `json:"evidence"`
	Channels       []touchpoint.Channel `json:"channels,omitempty"` // bad channels
	Score          float64              `json:"score"`              // 0–100 at UpdatedAt; −1 for places
	Affected       int                  `json:"affected,omitempty"` // places: how many customers
	AcknowledgedBy string               `json:"acknowledged_by,omitempty"`
	Note           string               `json:"note,omitempty"`
	Outcome        string               `json:"outcome,omitempty"` // "handled", "false_alarm", or how it ended by itself: "recovered"
	Late           bool                 `json:"late,omitempty"`    // found in a backlog
	Labels         map[string]string    `json:"labels,omitempty"`
	Route          string               `json:"route,omitempty"`
}
