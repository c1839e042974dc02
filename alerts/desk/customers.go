package desk

import (
	"net/url"
	"slices"
	"time"

	"touchwatch/alerts/alert"
	"touchwatch/alerts/rule"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/episode"
)

// Customers returns the watcher that judges customers by the rules of a set.
func Customers(set *rule.Set) customer.Watcher {
	return &customers{newDesk(customerKind{}, set.Customers()), set.Limits()}
}

type customers struct {
	*desk[customer.State]
	limits []float64
}

// Limits implements customer.Watcher.
func (c *customers) Limits() []float64 { return slices.Clone(c.limits) }

// customerKind implements kind for customers.
type customerKind struct{}

func (customerKind) head(s *customer.State) (string, touchpoint.Millis, bool) {
	return string(s.ID), s.Now, s.Now == s.Fired
}

func (customerKind) episodes(s *customer.State) *[]episode.Episode { return &s.Episodes }

func (customerKind) describe(s *customer.State, a *alert.Alert) {
	a.Subject = alert.Subject{
		Kind: string(rule.Customer), ID: string(s.ID), Name: s.Profile.Name, Segment: s.Profile.Segment, Value: s.Profile.Value,
		Owner: s.Profile.Owner, Language: s.Profile.Language, Relationship: s.Profile.Relationship, Reach: reach(s.Aliases),
		Link: "/customers/" + url.PathEscape(string(s.ID)),
	}
	if a.Subject.Language == "" {
		a.Subject.Language = s.Language
	}
	a.Score = s.Score(a.UpdatedAt)
	a.Channels = s.BadChannels(a.UpdatedAt, 24*time.Hour)
	a.Affected = 0
}

// reach lists the aliases by which a person can write to or call the customer; of somebody who is in a chat only, the contact there.
func reach(aliases []touchpoint.Alias) []touchpoint.Alias {
	var ways []touchpoint.Alias
	for _, a := range aliases {
		if a.Kind == touchpoint.AliasEmail || a.Kind == touchpoint.AliasPhone || a.Kind == touchpoint.AliasHandle {
			ways = append(ways, a)
		}
	}
	if len(ways) > 0 {
		return ways
	}
	for _, a := range aliases {
		if a.Kind == touchpoint.AliasContact {
			ways = append(ways, a)
		}
	}
	return ways
}

// recall names the touchpoints the episode remembers, with the signals they still belong to.
func (customerKind) recall(s *customer.State, e *episode.Episode) []alert.Evidence {
	shown := []alert.Evidence{}
	for _, id := range e.Evidence {
		shown = append(shown, recalled(s, id, e.Since))
	}
	return shown
}

func recalled(s *customer.State, id touchpoint.ID, since touchpoint.Millis) alert.Evidence {
	for i := range s.Signals {
		if g := &s.Signals[i]; slices.Contains(g.Evidence, id) {
			return alert.Evidence{Touchpoint: id, Channel: g.Channel, At: g.At, Signal: g.Name, Reason: g.Reason}
		}
	}
	return alert.Evidence{Touchpoint: id, At: since}
}
