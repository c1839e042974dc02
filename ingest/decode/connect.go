package decode

import (
	"strings"
	"time"

	"touchwatch/ingest/codec"
	"touchwatch/ingest/touchpoint"
)

// connectContact is a contact of Amazon Connect: a contact record as it comes from Kinesis, or the detail of a contact event
// as it comes from EventBridge, whose names differ in case only, or by a suffix.
type connectContact struct {
	EventType       string `json:"eventType"` // contact events only
	ContactID       string `json:"ContactId"`
	InitialContact  string `json:"InitialContactId"`
	PreviousContact string `json:"PreviousContactId"`
	Channel         string `json:"Channel"`
	Method          string `json:"InitiationMethod"`
	Initiated       moment `json:"InitiationTimestamp"`
	Connected       moment `json:"ConnectedToSystemTimestamp"`
	Disconnected    moment `json:"DisconnectTimestamp"`
	Updated         moment `json:"LastUpdateTimestamp"`
	Reason          string `json:"DisconnectReason"`
	Language        string `json:"LanguageCode"`
	Customer        struct {
		Address string `json:"Address"`
		Type    string `json:"Type"`
	} `json:"CustomerEndpoint"`
	Queue      connectQueue `json:"Queue"`
	QueueInfo  connectQueue `json:"queueInfo"`
	Agent      connectAgent `json:"Agent"`
	AgentInfo  connectAgent `json:"agentInfo"`
	Attributes pairs        `json:"Attributes"`
}

type connectQueue struct {
	Name     string `json:"Name"`
	ARN      string `json:"ARN"`
	QueueARN string `json:"queueArn"`
	Enqueued moment `json:"EnqueueTimestamp"`
	Dequeued moment `json:"DequeueTimestamp"`
	Duration number `json:"Duration"` // seconds
}

type connectAgent struct {
	Username    string `json:"Username"`
	ARN         string `json:"agentArn"`
	Connected   moment `json:"ConnectedToAgentTimestamp"`
	Interaction number `json:"AgentInteractionDuration"` // seconds
	LongestHold number `json:"LongestHoldDuration"`      // seconds
	Hold        number `json:"CustomerHoldDuration"`     // seconds, of all holds together
	Holds       number `json:"NumberOfHolds"`
}

// connectEnvelope is EventBridge's wrapping of a contact event.
type connectEnvelope struct {
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Time       moment          `json:"time"`
	Detail     *connectContact `json:"detail"`
	connectContact
}

// decodeConnect reads the format amazon.connect: a contact record, a contact event with or without EventBridge's envelope,
// or an array of these.
func decodeConnect(value []byte, _ Headers) Result {
	if value[0] == '[' {
		return many("", value, readConnect)
	}
	var e connectEnvelope
	if err := codec.UnmarshalShared(value, &e); err != nil {
		return Result{Bad: []Bad{{Invalid: unreadable(err)}}}
	}
	return one(&e, readConnect)
}

func readConnect(e *connectEnvelope, tp *touchpoint.Touchpoint) error {
	contact := &e.connectContact
	if e.DetailType != "" && e.DetailType != "Amazon Connect Contact Event" {
		return unknownType("detail-type", e.DetailType, "Amazon Connect Contact Event")
	}
	if e.Detail != nil {
		contact = e.Detail
	}
	if contact.ContactID == "" {
		return missing("ContactId", "the contact's id")
	}
	tp.Channel = touchpoint.Call
	if !strings.EqualFold(contact.Channel, "VOICE") && contact.Channel != "" {
		return unknownType("Channel", contact.Channel, "VOICE")
	}
	if err := contact.moments(); err != nil {
		return err
	}
	if err := contact.party(tp); err != nil {
		return err
	}
	contact.place(tp)
	if contact.EventType != "" {
		return contact.event(tp, e.Time)
	}
	return contact.record(tp)
}

// moments checks all times at once.
func (c *connectContact) moments() error {
	for _, m := range [...]struct {
		moment moment
		field  string
	}{
		{c.Initiated, "InitiationTimestamp"},
		{c.Connected, "ConnectedToSystemTimestamp"},
		{c.Disconnected, "DisconnectTimestamp"},
		{c.Updated, "LastUpdateTimestamp"},
		{c.Queue.Enqueued, "Queue.EnqueueTimestamp"},
		{c.Queue.Dequeued, "Queue.DequeueTimestamp"},
		{c.Agent.Connected, "Agent.ConnectedToAgentTimestamp"},
		{c.QueueInfo.Enqueued, "queueInfo.enqueueTimestamp"},
		{c.AgentInfo.Connected, "agentInfo.connectedToAgentTimestamp"},
	} {
		if _, err := m.moment.when(m.field); err != nil {
			return err
		}
	}
	return nil
}

// party takes the customer: the CRM id that the contact flow stored, the address at the customer's end, else the contact.
func (c *connectContact) party(tp *touchpoint.Touchpoint) error {
	phone := c.Customer.Address
	if c.Customer.Type != "" && c.Customer.Type != "TELEPHONE_NUMBER" || withheld(phone) {
		phone = ""
	}
	id, email := c.Attributes.get("customerId", "crmId"), c.Attributes.get("email", "customerEmail")
	contact := ""
	if id == "" && email == "" && phone == "" {
		contact = "connect:" + first(c.InitialContact, c.ContactID)
	}
	return party(
		tp,
		claim{touchpoint.AliasID, id, "Attributes.customerId"},
		claim{touchpoint.AliasEmail, email, "Attributes.email"},
		claim{touchpoint.AliasPhone, phone, "CustomerEndpoint.Address"},
		claim{touchpoint.AliasContact, contact, "ContactId"},
	)
}

// place takes the call, the queue and the agent. All contacts of one call, before and after a transfer, are one thread.
func (c *connectContact) place(tp *touchpoint.Touchpoint) {
	tp.Place.Platform = "amazon.connect"
	tp.Place.Thread = "connect:" + first(c.InitialContact, c.ContactID)
	tp.Place.Queue = first(c.Queue.Name, afterSlash(c.Queue.ARN), c.QueueInfo.Name, afterSlash(first(c.QueueInfo.QueueARN, c.QueueInfo.ARN)))
	tp.Place.Agent = first(c.Agent.Username, afterSlash(c.Agent.ARN), c.AgentInfo.Username, afterSlash(c.AgentInfo.ARN))
	tp.Language = c.Language
	direction := "inbound"
	if strings.Contains(c.Method, "OUTBOUND") || c.Method == "CALLBACK" {
		direction = "outbound"
	}
	attr(tp, "direction", direction)
}

// event reads a contact event. What happens between the system and itself is skipped.
func (c *connectContact) event(tp *touchpoint.Touchpoint, sent moment) error {
	var at moment
	switch c.EventType {
	case "QUEUED":
		tp.Kind, at = touchpoint.CallQueued, c.QueueInfo.Enqueued
	case "CONNECTED_TO_AGENT":
		tp.Kind, at = touchpoint.CallAnswered, c.AgentInfo.Connected
		tp.Duration = between(c.QueueInfo.Enqueued, c.AgentInfo.Connected)
	case "DISCONNECTED":
		tp.Kind, at = touchpoint.CallEnded, c.Disconnected
		tp.Duration = between(c.AgentInfo.Connected, c.Disconnected)
		attr(tp, "reason", c.ended(c.QueueInfo, c.AgentInfo))
	case "INITIATED", "CONNECTED_TO_SYSTEM", "CONTACT_DATA_UPDATED", "COMPLETED", "AMD_DISABLED", "PAUSED", "RESUMED":
		return errNothing
	default:
		return unknownType("eventType", c.EventType, "QUEUED, CONNECTED_TO_AGENT, DISCONNECTED, INITIATED, CONNECTED_TO_SYSTEM, COMPLETED")
	}
	if at.is == absent {
		at = sent
	}
	tp.ID = touchpoint.ID("connect:" + c.ContactID + ":" + c.EventType)
	if c.EventType == "QUEUED" && at.is == given { // a contact may be queued again
		tp.ID += touchpoint.ID(":" + at.at.At().Format(time.RFC3339))
	}
	tp.OccurredAt = at.at
	return nil
}

// record reads a contact record, which is delivered at least once and sent again with each later change: contact and moment
// of the change together make its id, and the contact makes all of them one call.
func (c *connectContact) record(tp *touchpoint.Touchpoint) (err error) {
	tp.ID, tp.Kind = touchpoint.ID("connect:"+c.ContactID), touchpoint.CallRecord
	if c.Updated.is == given {
		tp.ID += touchpoint.ID(":" + c.Updated.at.At().Format(time.RFC3339))
	}
	tp.OccurredAt = c.Disconnected.at
	if c.Disconnected.is == absent {
		tp.OccurredAt = c.Initiated.at
	}
	if tp.Duration, err = c.Agent.Interaction.millis(time.Second, "Agent.AgentInteractionDuration"); err != nil {
		return err
	}
	wait, err := c.Queue.Duration.millis(time.Second, "Queue.Duration")
	if err != nil {
		return err
	}
	if c.Queue.Duration.is == absent {
		wait = between(c.Queue.Enqueued, c.Queue.Dequeued)
	}
	hold, err := c.Agent.LongestHold.millis(time.Second, "Agent.LongestHoldDuration")
	if err != nil {
		return err
	}
	held, err := c.Agent.Hold.millis(time.Second, "Agent.CustomerHoldDuration")
	if err != nil {
		return err
	}
	holds, err := c.Agent.Holds.within(0, 1e6, "Agent.NumberOfHolds")
	if err != nil {
		return err
	}
	attrCount(tp, "wait_ms", int64(wait))
	attrCount(tp, "longest_hold_ms", int64(hold))
	attrCount(tp, "hold_ms", int64(held))
	attrCount(tp, "holds", int64(holds))
	if c.Method == "TRANSFER" || c.Method == "QUEUE_TRANSFER" {
		attr(tp, "transfers", "1")
	}
	attr(tp, "previous_contact", c.PreviousContact)
	attr(tp, "reason", c.ended(c.Queue, c.Agent))
	return nil
}

// ended says in our words how the contact ended.
func (c *connectContact) ended(queue connectQueue, agent connectAgent) string {
	switch {
	case strings.Contains(c.Reason, "BUSY"):
		return "busy"
	case strings.Contains(c.Reason, "UNANSWERED") || strings.Contains(c.Reason, "NO_ANSWER"):
		return "no_answer"
	case strings.Contains(c.Reason, "TELECOM") || strings.HasPrefix(c.Reason, "OUTBOUND_"):
		return "failed"
	case queue.Enqueued.is == given && agent.Connected.is == absent:
		return "abandoned_queue"
	}
	return "completed"
}

// between returns the time from one moment to the next, 0 when either is unknown or they are the wrong way round.
func between(from, to moment) touchpoint.Millis {
	if from.is != given || to.is != given || to.at < from.at {
		return 0
	}
	return to.at - from.at
}

// afterSlash returns the last part of an ARN.
func afterSlash(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
