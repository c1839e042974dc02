package decode

import (
	"encoding/json"
	"time"

	"touchwatch/ingest/codec"
	"touchwatch/ingest/touchpoint"
)

// ownEvent is what the events of our own formats share. Every format adds the fields of its channel beside it.
type ownEvent struct {
	ID         string           `json:"id"`
	Type       string           `json:"type"`
	OccurredAt moment           `json:"occurred_at"`
	Customer   ownParty         `json:"customer"`
	Thread     string           `json:"thread"`
	Text       string           `json:"text"`
	Language   string           `json:"language"`
	Campaign   string           `json:"campaign"`
	Product    string           `json:"product"`
	Agent      string           `json:"agent"`
	Outcome    string           `json:"outcome"`
	Rating     *ownRating       `json:"rating"`
	Duration   number           `json:"duration_ms"`
	Attributes map[string]label `json:"attributes"`
	Events     json.RawMessage  `json:"events"` // instead of all others: several events in one record
}

// ownParty is whom it happened to.
type ownParty struct {
	ID      string `json:"id"`
	Email   string `json:"email"`
	Phone   string `json:"phone"`
	Handle  string `json:"handle"`
	Contact string `json:"contact"`
	Cookie  string `json:"cookie"`
}

// ownRating is a survey answer.
type ownRating struct {
	Metric string `json:"metric"`
	Score  number `json:"score"`
	Min    number `json:"min"`
	Max    number `json:"max"`
}

// batch is how the shared part of an event is reached.
func (e *ownEvent) batch() *ownEvent { return e }

// decodeOwn reads a record of one of our own formats: one event, an array of events, or an object with "events".
func decodeOwn[E any, P interface {
	*E
	batch() *ownEvent
}](value []byte, read func(P, *touchpoint.Touchpoint) error,
) Result {
	each := func(e *E, tp *touchpoint.Touchpoint) error { return read(P(e), tp) }
	if value[0] == '[' {
		return many("", value, each)
	}
	var event E
	if err := codec.Unmarshal(value, &event); err != nil {
		var r Result
		r.put(0, "", nil, unreadable(err))
		return r
	}
	if own := P(&event).batch(); own.Type == "" && len(own.Events) > 0 {
		return many("events", own.Events, each)
	}
	r := Result{Touchpoints: make([]touchpoint.Touchpoint, 0, 1)}
	var tp touchpoint.Touchpoint
	r.put(0, "", &tp, read(P(&event), &tp))
	return r
}

// ownKind is an event type of one of our own formats.
type ownKind struct {
	name string
	kind touchpoint.Kind
}

// kindOf finds the kind of an event type in a format's list.
func kindOf(kinds []ownKind, name string) (touchpoint.Kind, error) {
	for i := range kinds {
		if kinds[i].name == name {
			return kinds[i].kind, nil
		}
	}
	known := ""
	for i, k := range kinds {
		if i > 0 {
			known += ", "
		}
		known += k.name
	}
	if name == "" {
		return "", missing("type", "one of "+known)
	}
	return "", unknownType("type", name, known)
}

// shared fills what all own formats have in common. platform completes a handle that names none.
func (e *ownEvent) shared(tp *touchpoint.Touchpoint, channel touchpoint.Channel, kinds []ownKind, platform string) (err error) {
	if tp.Kind, err = kindOf(kinds, e.Type); err != nil {
		return err
	}
	tp.ID, tp.Channel = touchpoint.ID(e.ID), channel
	if tp.OccurredAt, err = e.OccurredAt.when("occurred_at"); err != nil {
		return err
	}
	if tp.Duration, err = e.Duration.millis(time.Millisecond, "duration_ms"); err != nil {
		return err
	}
	if e.Rating != nil {
		if tp.Rating, err = e.Rating.rating(channel); err != nil {
			return err
		}
	}
	tp.Text, tp.Language = e.Text, e.Language
	tp.Place.Thread, tp.Place.Campaign, tp.Place.Product, tp.Place.Agent = e.Thread, e.Campaign, e.Product, e.Agent
	return e.Customer.fill(tp, platform)
}

// fill gives tp the party's aliases.
func (p *ownParty) fill(tp *touchpoint.Touchpoint, platform string) error {
	return party(
		tp,
		claim{touchpoint.AliasID, p.ID, "customer.id"},
		claim{touchpoint.AliasEmail, p.Email, "customer.email"},
		claim{touchpoint.AliasPhone, p.Phone, "customer.phone"},
		claim{touchpoint.AliasHandle, onPlatform(platform, p.Handle), "customer.handle"},
		claim{touchpoint.AliasContact, p.Contact, "customer.contact"},
		claim{touchpoint.AliasCookie, p.Cookie, "customer.cookie"},
	)
}

// oneOf checks a word from a closed list; "" is allowed.
func oneOf(field, value string, words ...string) error {
	if value == "" {
		return nil
	}
	list := ""
	for i, w := range words {
		if w == value {
			return nil
		}
		if i > 0 {
			list += ", "
		}
		list += w
	}
	return wrong(field, "one of "+list)
}
