package desk

import (
	"net/url"
	"strings"

	"touchwatch/alerts/alert"
	"touchwatch/alerts/rule"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
	"touchwatch/processors/place"
)

// Places returns the watcher that judges places by the rules of a set.
func Places(set *rule.Set) place.Watcher { return newDesk(placeKind{}, set.Places()) }

// noScore stands where a place has no experience score.
const noScore = -1

// placeKind implements kind for places.
type placeKind struct{}

func (placeKind) head(s *place.State) (string, touchpoint.Millis, bool) { return s.ID, s.Now, false }

func (placeKind) episodes(s *place.State) *[]episode.Episode { return &s.Episodes }

func (placeKind) describe(s *place.State, a *alert.Alert) {
	name := s.ID
	if _, after, ok := strings.Cut(s.ID, ":"); ok {
		name = after
	}
	a.Subject = alert.Subject{Kind: string(rule.Place), ID: s.ID, Name: name, Link: "/places/" + url.PathEscape(s.ID)}
	a.Score = noScore
	for i := range a.Evidence {
		a.Channels = addChannel(a.Channels, a.Evidence[i].Channel)
	}
}

func addChannel(channels []touchpoint.Channel, ch touchpoint.Channel) []touchpoint.Channel {
	for _, have := range channels {
		if have == ch {
			return channels
		}
	}
	return append(channels, ch)
}

// recall shows the latest signals that the place remembers.
func (placeKind) recall(s *place.State, _ *episode.Episode) []alert.Evidence {
	shown := []alert.Evidence{}
	for i := max(0, len(s.Hits)-maxEvidence); i < len(s.Hits); i++ {
		h := &s.Hits[i]
		shown = append(shown, alert.Evidence{Customer: string(h.Customer), Channel: h.Channel, At: h.At, Signal: h.Signal, Reason: h.Reason})
	}
	return shown
}
