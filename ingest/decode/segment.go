package decode

import (
	"encoding/json"
	"slices"
	"strings"

	"touchwatch/ingest/codec"
	"touchwatch/ingest/touchpoint"
)

// segmentCall is one call of the Segment tracking API, which RudderStack speaks too.
type segmentCall struct {
	Type              string                 `json:"type"`
	MessageID         string                 `json:"messageId"`
	UserID            label                  `json:"userId"`
	AnonymousID       label                  `json:"anonymousId"`
	PreviousID        label                  `json:"previousId"`
	GroupID           label                  `json:"groupId"`
	Event             label                  `json:"event"`
	Name              label                  `json:"name"`
	Properties        pairs                  `json:"properties"`
	Traits            pairs                  `json:"traits"`
	Context           object[segmentContext] `json:"context"`
	Timestamp         moment                 `json:"timestamp"`
	OriginalTimestamp moment                 `json:"originalTimestamp"`
	SentAt            moment                 `json:"sentAt"`
	ReceivedAt        moment                 `json:"receivedAt"`
	Batch             json.RawMessage        `json:"batch"`
}

// segmentContext is what the library knows of where the call came from.
type segmentContext struct {
	Locale   label `json:"locale"`
	Page     pairs `json:"page"`
	Campaign pairs `json:"campaign"`
	App      pairs `json:"app"`
	Traits   pairs `json:"traits"`
}

// decodeSegment reads the format segment: one call, {"batch":[…]} or an array of calls.
func decodeSegment(value []byte, _ Headers) Result {
	if value[0] == '[' {
		return many("", value, readSegment)
	}
	var call segmentCall
	if err := codec.UnmarshalShared(value, &call); err != nil {
		return Result{Bad: []Bad{{Invalid: unreadable(err)}}}
	}
	if call.Type != "" || len(call.Batch) == 0 {
		return one(&call, readSegment)
	}
	return many("batch", call.Batch, func(c *segmentCall, tp *touchpoint.Touchpoint) error {
		// The clock of the whole batch stands for what its calls do not say.
		if c.SentAt.is == absent {
			c.SentAt = call.SentAt
		}
		if c.ReceivedAt.is == absent {
			c.ReceivedAt = call.ReceivedAt
		}
		return readSegment(c, tp)
	})
}

func readSegment(c *segmentCall, tp *touchpoint.Touchpoint) (err error) {
	tp.ID, tp.Channel, tp.Kind = touchpoint.ID(c.MessageID), touchpoint.Website, touchpoint.CustomEvent
	if tp.OccurredAt, err = c.when(); err != nil {
		return err
	}
	c.place(tp)
	switch c.Type {
	case "page", "screen":
		c.page(tp)
	case "track":
		if c.Event.text == "" {
			return missing("event", "the name of the tracked event")
		}
		if err := c.track(tp); err != nil {
			return err
		}
	case "identify", "alias":
		tp.Kind, tp.Links = touchpoint.Identify, true
	case "group":
		attr(tp, "event", "group")
		attr(tp, "group", c.GroupID.text)
	case "":
		return missing("type", "track, page, screen, identify, group or alias")
	default:
		return unknownType("type", c.Type, "track, page, screen, identify, group, alias")
	}
	if err := c.party(tp); err != nil {
		return err
	}
	if tp.Kind == touchpoint.FormField || tp.Kind == touchpoint.FormError {
		c.Properties = slices.DeleteFunc(c.Properties, func(p pair) bool { return strings.Contains(strings.ToLower(p.key), "value") }) // what was typed is nobody's business
	}
	attrs(tp, c.Properties)
	return nil
}

// when prefers timestamp, which the sender or the server has freed of the device's clock error; else it does the same:
// received − (sent − original).
func (c *segmentCall) when() (touchpoint.Millis, error) {
	for _, m := range [...]struct {
		moment moment
		field  string
	}{
		{c.Timestamp, "timestamp"},
		{c.OriginalTimestamp, "originalTimestamp"},
		{c.SentAt, "sentAt"},
		{c.ReceivedAt, "receivedAt"},
	} {
		if _, err := m.moment.when(m.field); err != nil {
			return 0, err
		}
	}
	if c.Timestamp.is == given {
		return c.Timestamp.at, nil
	}
	if c.ReceivedAt.is == given && c.SentAt.is == given && c.OriginalTimestamp.is == given {
		if corrected := c.ReceivedAt.at - (c.SentAt.at - c.OriginalTimestamp.at); corrected > 0 {
			return corrected, nil
		}
	}
	if c.OriginalTimestamp.is == given {
		return c.OriginalTimestamp.at, nil
	}
	return c.SentAt.at, nil
}

// place takes where it happened: a page call is about the page in its properties, any other call happened on the page of the
// context, and its properties may name another address.
func (c *segmentCall) place(tp *touchpoint.Touchpoint) {
	here, there := c.Context.members.Page, c.Properties
	if c.Type == "page" {
		here, there = there, here
	}
	tp.Place = touchpoint.Place{
		URL:      here.get("url"),
		Campaign: c.Context.members.Campaign.get("name"),
		Release:  c.Context.members.App.get("version"),
		Product:  c.Properties.get("order_id", "product_id", "sku"),
	}
	tp.Place.Page = pagePath(first(here.get("path"), tp.Place.URL, there.get("path")))
	if tp.Place.Page == "" && c.Type == "page" {
		tp.Place.URL = there.get("url")
		tp.Place.Page = pagePath(tp.Place.URL)
	}
	tp.Language = c.Context.members.Locale.text
}

// page reads the calls page and screen. A screen of an app has no path, its name stands for it.
func (c *segmentCall) page(tp *touchpoint.Touchpoint) {
	tp.Kind = touchpoint.PageView
	name := first(c.Name.text, c.Properties.get("name"))
	if tp.Place.Page == "" {
		tp.Place.Page = name
	}
	attr(tp, "name", name)
	if c.Type == "screen" {
		attr(tp, "screen", "true")
	}
	c.Properties = slices.DeleteFunc(c.Properties, func(p pair) bool { return p.key == "url" || p.key == "path" || p.key == "search" })
}

// party takes who it was. An alias call names the id so far, which is an anonymous one, beside the one from now on.
func (c *segmentCall) party(tp *touchpoint.Touchpoint) error {
	traits := c.Traits
	if c.Type == "group" { // traits of the group, not of the user
		traits = nil
	}
	return party(
		tp,
		claim{touchpoint.AliasID, c.UserID.text, "userId"},
		claim{touchpoint.AliasEmail, first(traits.get("email"), c.Context.members.Traits.get("email")), "traits.email"},
		claim{touchpoint.AliasPhone, first(traits.get("phone"), c.Context.members.Traits.get("phone")), "traits.phone"},
		claim{touchpoint.AliasCookie, c.AnonymousID.text, "anonymousId"},
		claim{touchpoint.AliasCookie, c.PreviousID.text, "previousId"},
	)
}
