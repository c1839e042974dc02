package decode

import (
	"slices"
	"strconv"
	"strings"

	"touchwatch/ingest/touchpoint"
)

// readChatwoot reads a webhook of Chatwoot. The changes that say nothing about the customer (someone is typing, a message was
// delivered) are skipped; other changes of a conversation are chat.updated.
func readChatwoot(e *chatwootEvent, tp *touchpoint.Touchpoint) error {
	tp.Channel, tp.Kind, tp.Place.Platform = touchpoint.Chat, touchpoint.ChatUpdated, "chatwoot"
	var err error
	switch e.Event {
	case "message_created":
		err = e.message(tp)
	case "message_updated":
		err = e.rating(tp)
	case "conversation_created", "conversation_status_changed", "conversation_updated", "conversation_opened", "conversation_resolved":
		err = e.conversation(tp)
	case "contact_created", "contact_updated":
		attr(tp, "update", e.Event)
		tp.OccurredAt, err = e.UpdatedAt.when("updated_at")
		return firstErr(err, e.party(tp, &chatwootTalk{Meta: chatwootMeta{Sender: e.contact()}}))
	case "webwidget_triggered":
		attr(tp, "update", e.Event)
		tp.Place.Queue = e.Inbox.queue(e.InboxID)
		return e.party(tp, &chatwootTalk{Meta: chatwootMeta{Sender: e.Contact}})
	case "conversation_typing_on", "conversation_typing_off":
		return errNothing
	case "":
		return missing("event", "the webhook's event")
	default:
		return unknownType("event", e.Event, "message_created, message_updated, conversation_created, conversation_status_changed, "+
			"conversation_updated, contact_created, contact_updated, webwidget_triggered")
	}
	if err != nil {
		return err
	}
	talk := e.talk()
	if talk.ID.text == "" {
		return missing("conversation.id", "the conversation's id")
	}
	tp.Place.Thread = "chatwoot:" + talk.ID.text
	tp.Place.Queue = e.Inbox.queue(talk.InboxID)
	tp.Language = talk.Additional.get("browser_language")
	if tp.Place.Agent == "" && talk.Meta.Assignee != nil {
		tp.Place.Agent = talk.Meta.Assignee.Name.text
	}
	return e.party(tp, talk)
}

// message reads a new message: from the customer, from an agent, from a bot, or none of these (a private note, an activity).
func (e *chatwootEvent) message(tp *touchpoint.Touchpoint) (err error) {
	if tp.OccurredAt, err = e.CreatedAt.when("created_at"); err != nil {
		return err
	}
	if e.ID.text != "" {
		tp.ID = touchpoint.ID("chatwoot:message:" + e.ID.text)
	}
	if e.Private.on {
		attr(tp, "update", "private_note")
		return nil
	}
	switch e.MessageType.text {
	case "incoming", "0":
		tp.Kind = touchpoint.ChatCustomerMessage
	case "outgoing", "1":
		tp.Kind = touchpoint.ChatAgentMessage
		if e.Sender == nil || e.Sender.Type == "agent_bot" || e.ContentAttributes.members.Automation.text != "" {
			attr(tp, "author", "bot")
		} else {
			tp.Place.Agent = e.Sender.Name.text
		}
	case "template", "3": // greetings, surveys and the like, sent by the system
		tp.Kind = touchpoint.ChatAgentMessage
		attr(tp, "author", "bot")
	case "activity", "2": // "Conversation was marked resolved by …"
		attr(tp, "update", "activity")
		return nil
	case "":
		return missing("message_type", "incoming, outgoing, template or activity")
	default:
		return unknownType("message_type", e.MessageType.text, "incoming, outgoing, template, activity")
	}
	tp.Text = e.Content
	if strings.Contains(tp.Text, "</") {
		tp.Text = plainText(tp.Text)
	}
	return nil
}

// rating reads the answer to a satisfaction survey, which arrives as a change of the survey's message: first the stars,
// then once more with the comment.
func (e *chatwootEvent) rating(tp *touchpoint.Touchpoint) (err error) {
	answer := e.ContentAttributes.members.Submitted.Answer
	if e.ContentType != "input_csat" || answer == nil || answer.Rating.is == absent {
		return errNothing
	}
	if tp.OccurredAt, err = e.UpdatedAt.when("updated_at"); err != nil {
		return err
	}
	score, err := answer.Rating.within(1, 5, "content_attributes.submitted_values.csat_survey_response.rating")
	if err != nil {
		return err
	}
	tp.Kind = touchpoint.ChatRating
	tp.Rating = &touchpoint.Rating{Metric: "csat", Score: score, Min: 1, Max: 5}
	tp.Text = answer.Feedback
	if e.ID.text != "" {
		tp.ID = touchpoint.ID("chatwoot:rating:" + e.ID.text)
		if tp.Text != "" {
			tp.ID = touchpoint.ID("chatwoot:feedback:" + e.ID.text)
		}
	}
	return nil
}

// conversation reads what happened to a conversation as a whole.
func (e *chatwootEvent) conversation(tp *touchpoint.Touchpoint) (err error) {
	at, field := e.UpdatedAt, "updated_at"
	if e.Event == "conversation_created" {
		at, field = e.CreatedAt, "created_at"
	}
	if at.is == absent {
		at, field = e.LastActivity, "last_activity_at"
	}
	if at.is == absent {
		at, field = e.Timestamp, "timestamp"
	}
	if tp.OccurredAt, err = at.when(field); err != nil {
		return err
	}
	switch e.Event {
	case "conversation_created":
		tp.Kind = touchpoint.ChatOpened
	case "conversation_updated":
		e.updated(tp)
	default:
		e.status(tp)
	}
	if at.is == given && e.ID.text != "" {
		tp.ID = touchpoint.ID("chatwoot:conversation:" + e.InboxID.text + "/" + e.ID.text + ":" + e.Event + ":" + e.Status + ":" +
			strconv.FormatInt(int64(at.at), 10))
	}
	return nil
}

// status reads a change of the status. From pending to open is a bot that hands over to people.
func (e *chatwootEvent) status(tp *touchpoint.Touchpoint) {
	switch {
	case e.Status == "resolved" || e.Event == "conversation_resolved":
		tp.Kind = touchpoint.ChatClosed
		attr(tp, "outcome", "resolved")
	case e.Status == "open" && e.Changed.of("status").Previous.text == "pending":
		tp.Kind = touchpoint.ChatHandover
	default:
		attr(tp, "update", "status")
		attr(tp, "status", e.Status)
	}
}

// updated reads a change of anything else. From one agent or team to another is a handover.
func (e *chatwootEvent) updated(tp *touchpoint.Touchpoint) {
	for _, name := range [...]string{"assignee_id", "team_id"} {
		if c := e.Changed.of(name); c.Previous.text != "" && c.Current.text != "" && c.Previous != c.Current {
			tp.Kind = touchpoint.ChatHandover
		}
	}
	var names []string
	for _, change := range e.Changed {
		for name := range change {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	attr(tp, "update", first(strings.Join(slices.Compact(names), ","), "conversation"))
}

// party takes the contact of the conversation: its id in Chatwoot and what Chatwoot knows of it. With the CRM's identifier
// beside the contact's id the two are proven to be one party.
func (e *chatwootEvent) party(tp *touchpoint.Touchpoint, talk *chatwootTalk) error {
	contact := chatwootPerson{}
	if talk.Meta.Sender != nil {
		contact = *talk.Meta.Sender
	}
	if e.Sender != nil && e.Sender.Type == "contact" {
		contact.complete(e.Sender)
	}
	id := first(contact.ID.text, talk.ContactInbox.ContactID.text)
	tp.Links = id != "" && contact.Identifier.text != ""
	return party(
		tp,
		claim{touchpoint.AliasID, contact.Identifier.text, "meta.sender.identifier"},
		claim{touchpoint.AliasEmail, contact.Email.text, "meta.sender.email"},
		claim{touchpoint.AliasPhone, contact.Phone.text, "meta.sender.phone_number"},
		claim{touchpoint.AliasContact, onPlatform("chatwoot", id), "meta.sender.id"},
	)
}

// firstErr returns the first error that is one.
func firstErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
