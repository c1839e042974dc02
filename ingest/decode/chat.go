package decode

import "touchwatch/ingest/touchpoint"

// chatEvent is one event of the format touchwatch.chat; docs/schemas/touchwatch.chat.json describes it.
type chatEvent struct {
	ownEvent
	Queue    string `json:"queue"`
	Platform string `json:"platform"`
	Author   string `json:"author"`
}

var chatKinds = []ownKind{
	{"customer_message", touchpoint.ChatCustomerMessage},
	{"agent_message", touchpoint.ChatAgentMessage},
	{"opened", touchpoint.ChatOpened},
	{"closed", touchpoint.ChatClosed},
	{"rating", touchpoint.ChatRating},
	{"handover", touchpoint.ChatHandover},
	{"updated", touchpoint.ChatUpdated},
}

// readChat reads an event of the format touchwatch.chat.
func readChat(e *chatEvent, tp *touchpoint.Touchpoint) error {
	if err := e.shared(tp, touchpoint.Chat, chatKinds, e.Platform); err != nil {
		return err
	}
	if e.Thread == "" {
		return missing("thread", "the conversation's id")
	}
	tp.Place.Queue, tp.Place.Platform = e.Queue, e.Platform
	// A conversation that names the customer and the chat contact proves that the two are one party.
	tp.Links = e.Customer.ID != "" && e.Customer.Contact != ""
	switch tp.Kind {
	case touchpoint.ChatAgentMessage:
		if err := oneOf("author", e.Author, "agent", "bot"); err != nil {
			return err
		}
		attr(tp, "author", e.Author)
	case touchpoint.ChatClosed:
		if err := oneOf("outcome", e.Outcome, "resolved", "left"); err != nil {
			return err
		}
		attr(tp, "outcome", e.Outcome)
	case touchpoint.ChatRating:
		if tp.Rating == nil {
			return missing("rating", "a metric and a score")
		}
	}
	attrs(tp, e.Attributes)
	return nil
}
