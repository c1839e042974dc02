package feed

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"touchwatch/alerts/alert"
	"touchwatch/alerts/hub"
	"touchwatch/ingest/touchpoint"
)

// beat is what an owner tells the boards: the minutes and rows that changed, a sample of touchpoints, how far it has come.
type beat struct {
	Owner    string         `json:"owner"`
	Minutes  []hub.Minute   `json:"minutes"`
	Risk     []hub.RiskRow  `json:"risk"`
	Feed     []hub.FeedItem `json:"feed"`
	Progress *hub.Progress  `json:"progress"`
}

// parseBeat reads an entry of a beat stream.
func parseBeat(e redis.XMessage) (*beat, error) {
	body, ok := e.Values["body"].(string)
	if !ok {
		return nil, fmt.Errorf("beat %s has no body", e.ID)
	}
	b := new(beat)
	if err := json.Unmarshal([]byte(body), b); err != nil {
		return nil, fmt.Errorf("beat %s: %w", e.ID, err)
	}
	return b, nil
}

// parseOut reads an entry of an outbox. Entries that are no alerts give nil.
func parseOut(e redis.XMessage) (*alert.Alert, error) {
	if e.Values["kind"] != "alert" {
		return nil, nil
	}
	body, _ := e.Values["body"].(string)
	a, err := parseAlert(body)
	if err != nil {
		return nil, fmt.Errorf("outbox entry %s: %w", e.ID, err)
	}
	return a, nil
}

func parseAlert(body string) (*alert.Alert, error) {
	a := new(alert.Alert)
	if err := json.Unmarshal([]byte(body), a); err != nil {
		return nil, fmt.Errorf("decode alert: %w", err)
	}
	if a.ID == "" {
		return nil, fmt.Errorf("decode alert: it has no id")
	}
	return a, nil
}

// parseMinute reads a field of a live hash: "<minute ms>|<channel>" → counts.
func parseMinute(field, body string) (hub.Minute, error) {
	var m hub.Minute
	at, channel, ok := strings.Cut(field, "|")
	minute, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil {
		return m, fmt.Errorf("live minute %q: want \"<minute ms>|<channel>\"", field)
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		return m, fmt.Errorf("live minute %q: %w", field, err)
	}
	m.Minute, m.Channel = touchpoint.Millis(minute), touchpoint.Channel(channel)
	return m, nil
}

// streamID is the id of a stream entry. Ids compare as pairs of numbers, not as text.
type streamID struct{ major, minor uint64 }

func parseStreamID(s string) (streamID, error) {
	major, minor, _ := strings.Cut(s, "-")
	a, err1 := strconv.ParseUint(major, 10, 64)
	b, err2 := strconv.ParseUint(minor, 10, 64)
	if err1 != nil || err2 != nil {
		return streamID{}, fmt.Errorf("stream id %q: want two numbers", s)
	}
	return streamID{a, b}, nil
}

func (a streamID) less(b streamID) bool {
	return a.major < b.major || a.major == b.major && a.minor < b.minor
}

func (a streamID) String() string {
	return strconv.FormatUint(a.major, 10) + "-" + strconv.FormatUint(a.minor, 10)
}
