package decode

import (
	"encoding/json"
	"sync"
	"time"

	"touchwatch/ingest/codec"
	"touchwatch/ingest/touchpoint"
)

// ownEvent is what the events of our own formats share. Every format adds the fields of its channel beside it.
type ownEvent struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	OccurredAt moment          `json:"occurred_at"`
	Customer   ownParty        `json:"customer"`
	Thread     string          `json:"thread"`
	Text       string          `json:"text"`
	Language   string          `json:"language"`
	Campaign   string          `json:"campaign"`
	Product    string          `json:"product"`
	Agent      string          `json:"agent"`
	Outcome    string          `json:"outcome"`
	Rating     *ownRating      `json:"rating"`
	Duration   number          `json:"duration_ms"`
	Attributes pairs           `json:"attributes"`
	Events     json.RawMessage `json:"events"` // instead of all others: several events in one record
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

// ownDecoder makes the decoder of one of our own formats: a record is one event, an array of events, or an object with
// "events". The events it reads into are used again.
func ownDecoder[E any, P interface {
	*E
	batch() *ownEvent
}](read func(P, *touchpoint.Touchpoint) error,
) Decoder {
	each := func(e *E, tp *touchpoint.Touchpoint) error { return read(e, tp) }
	pool := sync.Pool{New: func() any { return new(E) }}
	return func(value []byte, _ Headers) Result {
		if value[0] == '[' {
			return many("", value, each)
		}
		event := pool.Get().(*E)
		defer func() {
			*event = *new(E)
			pool.Put(event)
		}()
		if err := codec.UnmarshalShared(value, event); err != nil {
			return Result{Bad: []Bad{{Invalid: unreadable(err)}}}
		}
		if own := P(event).batch(); own.Type == "" && len(own.Events) > 0 {
			return many("events", own.Events, each)
		}
		return one(event, each)
	}
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
