package hub

import (
	"encoding/json"
	"fmt"
	"slices"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/touchpoint"
)

// allTopics are the topics, in the order of their constants.
var allTopics = []Topic{TopicAlerts, TopicRisk, TopicMinutes, TopicFeed, TopicProgress}

// subscription is what one client wants to hear. Clients with equal keys share every message.
type subscription struct {
	topics map[Topic]bool
	filter Filter
	key    string
}

// unknownTopicError names a topic that does not exist.
type unknownTopicError struct{ topic Topic }

func (e *unknownTopicError) Error() string {
	return fmt.Sprintf("there is no topic %q; the topics are %v", e.topic, allTopics)
}

// newSubscription checks what a client asked for. The only error is an *unknownTopicError.
func newSubscription(topics []Topic, filter *Filter) (*subscription, error) {
	s := &subscription{topics: map[Topic]bool{}}
	for _, t := range topics {
		if !slices.Contains(allTopics, t) {
			return nil, &unknownTopicError{t}
		}
		s.topics[t] = true
	}
	if len(topics) == 0 {
		for _, t := range allTopics {
			s.topics[t] = true
		}
	}
	if filter != nil {
		s.filter = *filter
		slices.Sort(s.filter.Severities)
		slices.Sort(s.filter.Channels)
		slices.Sort(s.filter.Segments)
	}
	key, err := json.Marshal(struct {
		Topics map[Topic]bool
		Filter Filter
	}{s.topics, s.filter})
	if err != nil {
		return nil, fmt.Errorf("encode subscription: %w", err)
	}
	s.key = string(key)
	return s, nil
}

// matchAlert reports whether the client wants to hear of a. Every criterion narrows alerts.
func (s *subscription) matchAlert(a *alert.Alert) bool {
	f := &s.filter
	if !s.topics[TopicAlerts] || !among(f.Severities, a.Severity) || !among(f.Segments, a.Subject.Segment) {
		return false
	}
	if f.Owner != "" && a.Subject.Owner != f.Owner || len(f.Channels) > 0 && !onChannel(f.Channels, a) || f.Customer != "" && !concerns(f.Customer, a) {
		return false
	}
	for name, value := range f.Labels {
		if a.Labels[name] != value {
			return false
		}
	}
	return true
}

// matchRow reports whether the client wants to hear of a customer at risk. Rows have no severity and no labels, so these do not narrow them.
func (s *subscription) matchRow(r *RiskRow) bool {
	f := &s.filter
	return s.topics[TopicRisk] && among(f.Segments, r.Segment) && (f.Owner == "" || f.Owner == r.Owner) &&
		(f.Customer == "" || f.Customer == string(r.Customer)) &&
		(len(f.Channels) == 0 || slices.ContainsFunc(r.Channels, func(c touchpoint.Channel) bool { return slices.Contains(f.Channels, c) }))
}

// matchItem reports whether the client wants to hear of a touchpoint. Items carry channel and customer, so only these narrow them.
func (s *subscription) matchItem(i *FeedItem) bool {
	f := &s.filter
	return s.topics[TopicFeed] && among(f.Channels, i.Channel) && (f.Customer == "" || f.Customer == string(i.Customer))
}

// among reports whether v is wanted: an empty list wants everything.
func among[T comparable](wanted []T, v T) bool { return len(wanted) == 0 || slices.Contains(wanted, v) }

func onChannel(wanted []touchpoint.Channel, a *alert.Alert) bool {
	for _, c := range a.Channels {
		if slices.Contains(wanted, c) {
			return true
		}
	}
	return slices.ContainsFunc(a.Evidence, func(e alert.Evidence) bool { return slices.Contains(wanted, e.Channel) })
}

// concerns reports whether a is about the customer, or about a place where the customer was hurt.
func concerns(customer string, a *alert.Alert) bool {
	if a.Subject.Kind == "customer" {
		return a.Subject.ID == customer
	}
	return slices.ContainsFunc(a.Evidence, func(e alert.Evidence) bool { return e.Customer == customer })
}
