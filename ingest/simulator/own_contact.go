package simulator

import (
	"fmt"
	"strconv"
	"strings"

	"touchwatch/ingest/touchpoint"
)

var (
	ownChat   = format{name: "touchwatch.chat", channel: chat, encode: encodeChat, key: threadKey("c"), alias: ownContact}
	ownSocial = format{name: "touchwatch.social", channel: social, encode: encodeSocial, key: authorKey, alias: onX}
	ownCall   = format{name: "touchwatch.call", channel: call, encode: encodeCall, key: threadKey("k"), alias: byPhone}
)

// threadKey makes keys from the number of a conversation or call.
func threadKey(prefix string) func(*World, *session) []byte {
	return func(w *World, s *session) []byte { return fmt.Appendf(nil, "%s-%s-%d", prefix, w.tag, s.number) }
}

func ownContact(p *person) touchpoint.CustomerID {
	return derived(touchpoint.AliasContact, "halden:"+strconv.FormatUint(p.contact, 10))
}

func onX(p *person) touchpoint.CustomerID { return derived(touchpoint.AliasHandle, "x:"+p.handle) }

func byPhone(p *person) touchpoint.CustomerID { return derived(touchpoint.AliasPhone, p.phone) }

// encodeChat writes the format touchwatch.chat. A customer who is signed in is named by id and contact, one of three by
// the e-mail address of the chat form instead; anybody else by the contact that the chat made up.
func encodeChat(w *World, dst []byte, s *session, st *step) ([]byte, bool) {
	dst = w.event(dst, s, strings.TrimPrefix(string(st.kind), "chat."))
	dst = append(field(dst, "customer"), '{')
	contact := true
	switch {
	case s.p.known() && s.number%3 == 0:
		dst, contact = str(dst, "email", s.p.email), false
	case s.p.known():
		dst = str(dst, "id", string(s.p.id))
	}
	if contact {
		dst = append(field(dst, "contact"), `"halden:`...)
		dst = append(strconv.AppendUint(dst, s.p.contact, 10), '"')
	}
	dst = append(dst, '}')
	dst = append(append(append(field(dst, "thread"), '"'), s.key...), '"')
	dst = str(str(dst, "queue", s.queue), "platform", "halden")
	dst = str(dst, "text", st.text)
	switch st.kind {
	case touchpoint.ChatCustomerMessage, touchpoint.ChatOpened:
		if s.number%4 != 0 { // not every widget says which language it is
			dst = str(dst, "language", languages[s.p.language])
		}
	case touchpoint.ChatAgentMessage:
		dst = str(dst, "author", st.author)
		if st.author == "agent" {
			dst = str(dst, "agent", s.agent)
		}
	case touchpoint.ChatClosed:
		dst = str(dst, "outcome", st.outcome)
	case touchpoint.ChatRating:
		dst = rating(dst, st)
	}
	return append(dst, '}'), true
}

// encodeSocial writes the format touchwatch.social.
func encodeSocial(w *World, dst []byte, s *session, st *step) ([]byte, bool) {
	dst = w.event(dst, s, strings.TrimPrefix(string(st.kind), "social."))
	dst = append(field(dst, "customer"), '{')
	platform := "x"
	if st.kind == touchpoint.SocialReview {
		platform = "trustpilot"
	}
	switch {
	case s.p.known() && (s.p.handle == "" || platform != "x"):
		dst = str(dst, "email", s.p.email)
	default:
		dst = append(field(dst, "handle"), `"x:`...)
		dst = append(append(dst, s.p.handle...), '"')
	}
	dst = append(dst, '}')
	dst = str(dst, "platform", platform)
	dst = append(field(dst, "thread"), '"', 'p')
	dst = append(strconv.AppendUint(dst, s.number, 36), '"')
	dst = str(dst, "text", st.text)
	if st.kind != touchpoint.SocialReply {
		dst = num(str(dst, "language", languages[s.p.language]), "reach", s.p.reach)
	}
	if st.kind == touchpoint.SocialReview {
		dst = rating(dst, st)
	}
	if st.kind == touchpoint.SocialReview || s.tagged && st.kind != touchpoint.SocialReply {
		dst = str(dst, "product", s.product.slug)
	}
	return append(dst, '}'), true
}

// encodeCall writes the format touchwatch.call. The hotline knows the caller's number and no more.
func encodeCall(w *World, dst []byte, s *session, st *step) ([]byte, bool) {
	dst = w.event(dst, s, strings.TrimPrefix(string(st.kind), "call."))
	dst = append(field(dst, "customer"), '{')
	dst = append(str(dst, "phone", s.p.phone), '}')
	dst = append(append(append(field(dst, "thread"), '"'), s.key...), '"')
	dst = str(str(dst, "queue", s.queue), "direction", "inbound")
	dst = str(dst, "text", st.text)
	switch st.kind {
	case touchpoint.CallTurn:
		dst = str(str(dst, "role", st.author), "language", languages[s.p.language])
	case touchpoint.CallAnswered:
		dst = num(str(dst, "agent", s.agent), "duration_ms", int64(st.n))
	case touchpoint.CallHoldEnd:
		dst = num(dst, "duration_ms", int64(st.n))
	case touchpoint.CallTransferred:
		dst = str(dst, "to", st.field)
	case touchpoint.CallEnded:
		dst = num(str(dst, "reason", st.outcome), "duration_ms", s.call.talk(s.at))
	case touchpoint.CallSurvey:
		dst = rating(dst, st)
	}
	return append(dst, '}'), true
}
