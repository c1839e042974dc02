package decode

import (
	"encoding/json"

	"touchwatch/ingest/touchpoint"
)

// decodeChatwoot reads the format chatwoot: one webhook body.
func decodeChatwoot(value []byte, _ Headers) Result { return single(value, readChatwoot) }

// chatwootEvent is a webhook of Chatwoot. A message event is a message with its conversation; a conversation event is the
// conversation itself; a contact event is the contact itself. So what ID and CreatedAt belong to depends on Event.
type chatwootEvent struct {
	Event     string          `json:"event"`
	ID        label           `json:"id"`
	CreatedAt moment          `json:"created_at"`
	UpdatedAt moment          `json:"updated_at"`
	Inbox     chatwootInbox   `json:"inbox"`
	Changed   chatwootChanges `json:"changed_attributes"`

	// of messages
	Content           string                  `json:"content"`
	ContentType       string                  `json:"content_type"`
	MessageType       label                   `json:"message_type"`
	Private           truth                   `json:"private"`
	Sender            *chatwootPerson         `json:"sender"`
	ContentAttributes object[chatwootContent] `json:"content_attributes"`
	Conversation      chatwootTalk            `json:"conversation"`

	// of conversations
	Status       string               `json:"status"`
	InboxID      label                `json:"inbox_id"`
	Timestamp    moment               `json:"timestamp"`
	LastActivity moment               `json:"last_activity_at"`
	ContactInbox chatwootContactInbox `json:"contact_inbox"`
	Meta         chatwootMeta         `json:"meta"`
	Additional   pairs                `json:"additional_attributes"`

	// of contacts and of the widget
	Name       label           `json:"name"`
	Email      label           `json:"email"`
	Phone      label           `json:"phone_number"`
	Identifier label           `json:"identifier"`
	Contact    *chatwootPerson `json:"contact"`
}

// chatwootTalk is a conversation.
type chatwootTalk struct {
	ID           label                `json:"id"`
	InboxID      label                `json:"inbox_id"`
	ContactInbox chatwootContactInbox `json:"contact_inbox"`
	Meta         chatwootMeta         `json:"meta"`
	Additional   pairs                `json:"additional_attributes"`
}

type chatwootContactInbox struct {
	ContactID label `json:"contact_id"`
}

type chatwootMeta struct {
	Sender   *chatwootPerson `json:"sender"`
	Assignee *chatwootPerson `json:"assignee"`
}

// chatwootPerson is a contact, an agent ("user") or a bot ("agent_bot").
type chatwootPerson struct {
	ID         label  `json:"id"`
	Name       label  `json:"name"`
	Type       string `json:"type"`
	Email      label  `json:"email"`
	Phone      label  `json:"phone_number"`
	Identifier label  `json:"identifier"`
}

type chatwootInbox struct {
	Name label `json:"name"`
}

// chatwootContent is what a message carries beside its text.
type chatwootContent struct {
	Automation label             `json:"automation_rule_id"`
	Submitted  chatwootSubmitted `json:"submitted_values"`
}

// chatwootSubmitted is an object for a survey and an array for a form, which is of no interest here.
type chatwootSubmitted struct {
	Answer *chatwootAnswer
}

type chatwootAnswer struct {
	Rating   number `json:"rating"`
	Feedback string `json:"feedback_message"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *chatwootSubmitted) UnmarshalJSON(b []byte) error {
	s.Answer = nil
	if b[0] != '{' {
		return nil
	}
	var survey struct {
		Answer *chatwootAnswer `json:"csat_survey_response"`
	}
	err := json.Unmarshal(b, &survey)
	s.Answer = survey.Answer
	return err
}

// chatwootChanges says what changed from what to what; null and {} say nothing.
type chatwootChanges []map[string]chatwootChange

type chatwootChange struct {
	Previous label `json:"previous_value"`
	Current  label `json:"current_value"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *chatwootChanges) UnmarshalJSON(b []byte) error {
	*c = nil
	if b[0] != '[' {
		return nil
	}
	var list []map[string]chatwootChange
	err := json.Unmarshal(b, &list)
	*c = list
	return err
}

// of returns the change of one attribute, the zero change when it did not change.
func (c chatwootChanges) of(name string) chatwootChange {
	for _, change := range c {
		if found, ok := change[name]; ok {
			return found
		}
	}
	return chatwootChange{}
}

// talk returns the conversation that the event is about.
func (e *chatwootEvent) talk() *chatwootTalk {
	if e.Event == "message_created" || e.Event == "message_updated" {
		return &e.Conversation
	}
	return &chatwootTalk{ID: e.ID, InboxID: e.InboxID, ContactInbox: e.ContactInbox, Meta: e.Meta, Additional: e.Additional}
}

// contact returns the contact that a contact event is.
func (e *chatwootEvent) contact() *chatwootPerson {
	return &chatwootPerson{ID: e.ID, Name: e.Name, Email: e.Email, Phone: e.Phone, Identifier: e.Identifier}
}

// complete takes from other what p does not say.
func (p *chatwootPerson) complete(other *chatwootPerson) {
	for _, f := range [...]struct{ to, from *label }{
		{&p.ID, &other.ID},
		{&p.Email, &other.Email},
		{&p.Phone, &other.Phone},
		{&p.Identifier, &other.Identifier},
	} {
		if f.to.text == "" {
			*f.to = *f.from
		}
	}
}

// queue names the inbox.
func (i chatwootInbox) queue(id label) string {
	if i.Name.text == "" && id.text != "" {
		return "inbox:" + id.text
	}
	return clip(i.Name.text, touchpoint.MaxIDBytes)
}
