package simulator

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"touchwatch/ingest/touchpoint"
)

var (
	connectRecord = format{name: "amazon.connect", channel: call, headers: header("amazon.connect"), encode: encodeConnect, key: contactKey, alias: byPhone}
	twilio        = format{name: "twilio.voice", channel: call, headers: header("twilio.voice"), encode: encodeTwilio, key: callSid, alias: byPhone}
)

// contactKey makes a contact id in the form of a UUID.
func contactKey(w *World, s *session) []byte {
	return fmt.Appendf(nil, "%08x-%04x-4%03x-9%03x-%012x", uint32(w.base/1_000_000), s.number&0xffff, s.number>>16&0xfff, s.number>>28&0xfff, w.base/1_000_000_000+s.number)
}

// encodeConnect writes an Amazon Connect contact record: nothing while the call lasts, all of it when it has ended.
func encodeConnect(_ *World, dst []byte, s *session, st *step) ([]byte, bool) {
	if st.kind != touchpoint.CallEnded {
		return dst, false
	}
	c := &s.call
	s.id = append(append(append(s.id, "connect:"...), s.key...), ':')
	s.id = time.UnixMilli(s.at).UTC().AppendFormat(s.id, time.RFC3339)
	dst = append(append(append(dst, `{"ContactId":"`...), s.key...), '"')
	dst = append(dst, `,"InitialContactId":null,"PreviousContactId":null,"NextContactId":null`...)
	dst = str(str(dst, "Channel", "VOICE"), "InitiationMethod", "INBOUND")
	dst = second(dst, "InitiationTimestamp", c.queuedAt-40_000)
	dst = second(dst, "DisconnectTimestamp", c.endedAt)
	dst = second(dst, "LastUpdateTimestamp", s.at)
	dst = str(dst, "DisconnectReason", "CUSTOMER_DISCONNECT")
	dst = append(field(dst, "CustomerEndpoint"), '{')
	dst = append(str(str(dst, "Address", s.p.phone), "Type", "TELEPHONE_NUMBER"), '}')
	dst = append(field(dst, "Queue"), '{')
	dst = second(str(dst, "Name", s.queue), "EnqueueTimestamp", c.queuedAt)
	leftAt := c.answeredAt
	if leftAt == 0 {
		leftAt = c.endedAt
	}
	dst = append(num(second(dst, "DequeueTimestamp", leftAt), "Duration", (leftAt-c.queuedAt)/1000), '}')
	if c.answeredAt == 0 {
		return append(append(field(dst, "Agent"), "null"...), '}'), true
	}
	dst = append(field(dst, "Agent"), '{')
	dst = second(str(dst, "Username", s.agent), "ConnectedToAgentTimestamp", c.answeredAt)
	dst = num(dst, "AgentInteractionDuration", (c.talk(c.endedAt)-c.held)/1000)
	dst = num(num(num(dst, "CustomerHoldDuration", c.held/1000), "LongestHoldDuration", c.longestHold/1000), "NumberOfHolds", int64(c.holds))
	return append(dst, '}', '}'), true
}

// second appends a time in whole seconds, as Amazon writes it.
func second(dst []byte, key string, ms int64) []byte {
	dst = append(field(dst, key), '"')
	return append(time.UnixMilli(ms).UTC().AppendFormat(dst, "2006-01-02T15:04:05Z"), '"')
}

// callSid makes a call's id in Twilio's form: CA and 32 hexadecimal digits.
func callSid(w *World, s *session) []byte { return fmt.Appendf(nil, "CA%016x%016x", w.base, s.number) }

// encodeTwilio writes a voice status callback, which is a form.
func encodeTwilio(_ *World, dst []byte, s *session, st *step) ([]byte, bool) {
	status := ""
	switch st.kind {
	case touchpoint.CallQueued:
		status = "ringing"
	case touchpoint.CallAnswered:
		status = "in-progress"
	case touchpoint.CallEnded:
		if status = "completed"; s.call.answeredAt == 0 {
			status = "canceled"
		}
	default:
		return dst, false
	}
	sequence := s.call.sequence
	s.call.sequence++
	s.id = append(append(append(append(s.id, "twilio:"...), s.key...), ':'), status...)
	dst = append(append(dst, "CallSid="...), s.key...)
	dst = append(dst, "&AccountSid=ACe95c0000000000000000000000000001&Direction=inbound&ApiVersion=2010-04-01&From="...)
	dst = append(dst, url.QueryEscape(s.p.phone)...)
	dst = append(dst, "&To=%2B3120000000&CallStatus="...)
	dst = append(dst, status...)
	if status == "completed" {
		dst = strconv.AppendInt(append(dst, "&CallDuration="...), s.call.talk(s.at)/1000, 10)
	}
	dst = strconv.AppendInt(append(dst, "&SequenceNumber="...), int64(sequence), 10)
	dst = append(dst, "&CallbackSource=call-progress-events&Timestamp="...)
	return append(dst, url.QueryEscape(time.UnixMilli(s.at).UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700"))...), true
}
