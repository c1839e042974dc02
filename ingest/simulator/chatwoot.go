package simulator

import (
	"fmt"
	"strconv"

	"touchwatch/ingest/touchpoint"
)

// chatwoot sends its webhooks as they are; a conversation's number is the key.
var chatwoot = format{name: "chatwoot", channel: chat, headers: header("chatwoot"), encode: encodeChatwoot, key: conversationKey, alias: chatwootContact}

// conversationNumber is the session's number in a range that no other run's conversations share, as a chat system that
// goes on counting would give it.
func (w *World) conversationNumber(s *session) uint64 { return w.base + s.number }

func conversationKey(w *World, s *session) []byte {
	return strconv.AppendUint(nil, w.conversationNumber(s), 10)
}

func chatwootContact(p *person) touchpoint.CustomerID {
	return derived(touchpoint.AliasContact, "chatwoot:"+strconv.FormatUint(p.contact, 10))
}

// encodeChatwoot writes message_created and conversation_* events.
func encodeChatwoot(w *World, dst []byte, s *session, st *step) ([]byte, bool) {
	dst = append(dst, '{')
	switch st.kind {
	case touchpoint.ChatOpened:
		return append(w.chatwootConversation(dst, s, "conversation_created", "open"), '}'), true
	case touchpoint.ChatClosed:
		if st.outcome != "resolved" {
			return dst, false // a customer who leaves tells Chatwoot nothing
		}
		dst = w.chatwootConversation(dst, s, "conversation_status_changed", "resolved")
		dst = append(field(dst, "changed_attributes"), `[{"status":{"previous_value":"open","current_value":"resolved"}}]`...)
		return append(dst, '}'), true
	case touchpoint.ChatCustomerMessage, touchpoint.ChatAgentMessage:
		return append(w.chatwootMessage(dst, s, st), '}'), true
	}
	return dst, false
}

// chatwootMessage appends a message with its conversation.
func (w *World) chatwootMessage(dst []byte, s *session, st *step) []byte {
	w.serial++
	number := w.base + w.serial
	s.id = strconv.AppendUint(append(s.id, "chatwoot:message:"...), number, 10)
	dst = num(str(dst, "event", "message_created"), "id", int64(number))
	dst = str(dst, "content", st.text)
	fromCustomer := st.kind == touchpoint.ChatCustomerMessage
	if fromCustomer {
		dst = str(dst, "message_type", "incoming")
	} else {
		dst = str(dst, "message_type", "outgoing")
	}
	dst = stamp(str(dst, "content_type", "text"), "created_at", s.at)
	dst = append(field(dst, "private"), "false"...)
	dst = append(field(dst, "sender"), '{')
	if fromCustomer {
		dst = str(chatwootPerson(dst, s.p), "type", "contact")
	} else {
		dst = str(num(dst, "id", int64(len(s.agent))), "name", s.agent)
		if st.author == "bot" {
			dst = str(dst, "type", "agent_bot")
		} else {
			dst = str(dst, "type", "user")
		}
	}
	dst = append(dst, `},"inbox":{"id":3,"name":"`...)
	dst = append(append(dst, s.queue...), `"},"account":{"id":1,"name":"Halden"},"conversation":{`...)
	return append(w.chatwootTalk(dst, s, "open"), '}')
}

// chatwootConversation appends a conversation event.
func (w *World) chatwootConversation(dst []byte, s *session, event, status string) []byte {
	number := w.conversationNumber(s)
	s.id = fmt.Appendf(s.id, "chatwoot:conversation:3/%d:%s:%s:%d", number, event, status, s.at/1000*1000)
	return w.chatwootTalk(str(dst, "event", event), s, status)
}

// chatwootTalk appends the fields of a conversation.
func (w *World) chatwootTalk(dst []byte, s *session, status string) []byte {
	dst = str(num(dst, "id", int64(w.conversationNumber(s))), "status", status)
	dst = num(str(dst, "channel", "Channel::WebWidget"), "inbox_id", 3)
	dst = num(num(dst, "timestamp", s.at/1000), "last_activity_at", s.at/1000)
	dst = append(field(dst, "contact_inbox"), '{')
	dst = num(dst, "contact_id", int64(s.p.contact))
	dst = append(dst, `},"meta":{"sender":{`...)
	dst = chatwootPerson(dst, s.p)
	return append(dst, `},"assignee":null,"hmac_verified":false}`...)
}

// chatwootPerson appends the fields of a contact: of a customer, the identifier or the e-mail address that was given in the form.
func chatwootPerson(dst []byte, p *person) []byte {
	dst = num(dst, "id", int64(p.contact))
	if !p.known() {
		return str(dst, "name", "visitor")
	}
	dst = str(dst, "name", p.name)
	if p.contact%3 == 0 {
		return str(dst, "email", p.email)
	}
	return str(dst, "identifier", string(p.id))
}
