package customer

import (
	"encoding/json"
	"time"
	"unicode/utf8"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// RiskRow is one customer at risk, as the boards list it.
type RiskRow struct {
	Customer touchpoint.CustomerID `json:"customer"`
	Name     string                `json:"name,omitempty"`
	Segment  string                `json:"segment,omitempty"`
	Value    float64               `json:"value,omitempty"`
	Owner    string                `json:"owner,omitempty"`
	Score    float64               `json:"score"` // at At
	At       touchpoint.Millis     `json:"at"`
	Reason   string                `json:"reason"`         // the heaviest contribution's line
	Channels []touchpoint.Channel  `json:"channels"`       // bad channels in the last 24 h
	Alerts   int                   `json:"alerts"`         // open alerts
	Gone     bool                  `json:"gone,omitempty"` // no longer at risk
}

// FeedItem is one touchpoint in the live ticker.
type FeedItem struct {
	ID       touchpoint.ID         `json:"id"`
	At       touchpoint.Millis     `json:"at"`
	Channel  touchpoint.Channel    `json:"channel"`
	Kind     touchpoint.Kind       `json:"kind"`
	Customer touchpoint.CustomerID `json:"customer"`
	Name     string                `json:"name,omitempty"`
	Text     string                `json:"text,omitempty"` // first 140 characters
	Place    string                `json:"place,omitempty"`
	Score    float64               `json:"score"`             // the customer's score after it
	Signals  []string              `json:"signals,omitempty"` // names of the signals it brought
	Mood     float32               `json:"mood,omitempty"`    // displeasure −1 … 1
}

// feedText is how many bytes of a text the ticker shows.
const feedText = 140

// Risk describes the customer for the list of those at risk, at a moment.
func (s *State) Risk(at touchpoint.Millis) RiskRow {
	row := RiskRow{
		Customer: s.ID, Name: s.Profile.Name, Segment: s.Profile.Segment, Value: s.Profile.Value, Owner: s.Profile.Owner,
		Score: s.Score(at), At: at, Channels: s.BadChannels(at, 24*time.Hour),
	}
	if g := s.Heaviest(at); g != nil {
		row.Reason = g.Reason
	}
	for i := range s.Episodes {
		if s.Episodes[i].Phase.Open() {
			row.Alerts++
		}
	}
	return row
}

// Heaviest returns the contribution that takes most from the score at a moment, or nil.
func (s *State) Heaviest(at touchpoint.Millis) *signal.Signal {
	var heaviest *signal.Signal
	for i := range s.Signals {
		if p := points(&s.Signals[i], at); p < 0 && (heaviest == nil || p < points(heaviest, at)) {
			heaviest = &s.Signals[i]
		}
	}
	return heaviest
}

// BadChannels lists the channels with a negative signal of their own within the last d before at, in the order of their first signal.
func (s *State) BadChannels(at touchpoint.Millis, d time.Duration) []touchpoint.Channel {
	bad := []touchpoint.Channel{}
	for i := range s.Signals {
		g := &s.Signals[i]
		if !g.OfChannel() || at.Sub(g.At) > d {
			continue
		}
		listed := false
		for _, ch := range bad {
			listed = listed || ch == g.Channel
		}
		if !listed {
			bad = append(bad, g.Channel)
		}
	}
	return bad
}

// Card is the JSON of the customer's row at risk; a nil state says that the customer left the list.
func (f *Fold) Card(subject string, s *State) []byte {
	row := RiskRow{Customer: touchpoint.CustomerID(subject), Channels: []touchpoint.Channel{}, Gone: true}
	if s != nil {
		row = s.Risk(s.Now)
	}
	body, _ := json.Marshal(row) // strings and finite numbers always encode
	return body
}

// feedItem is the JSON of a touchpoint in the ticker.
func feedItem(s *State, t *touchpoint.Touchpoint, fresh []signal.Signal) []byte {
	item := FeedItem{
		ID: t.ID, At: t.OccurredAt, Channel: t.Channel, Kind: t.Kind, Customer: s.ID, Name: s.Profile.Name,
		Text: Clip(t.Text, feedText), Place: t.Place.Where(), Score: s.Score(s.Now),
	}
	for i := range fresh {
		item.Signals = append(item.Signals, fresh[i].Name)
	}
	if t.Mood != nil {
		item.Mood = t.Mood.Displeasure
	}
	body, _ := json.Marshal(item)
	return body
}

// Clip cuts text to at most n bytes, on a rune's edge, and marks the cut.
func Clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}
