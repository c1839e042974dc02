package decode

import (
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"touchwatch/ingest/touchpoint"
)

// decodeTwilio reads the format twilio.voice: the form that Twilio posts when the status of a call changes.
func decodeTwilio(value []byte, _ Headers) Result {
	form, err := url.ParseQuery(string(value))
	if err != nil {
		return Result{Bad: []Bad{{Invalid: &touchpoint.Invalid{Reason: touchpoint.ReasonSyntax, Want: "an URL-encoded form", Err: err}}}}
	}
	for name, values := range form {
		if !utf8.ValidString(name) || !utf8.ValidString(strings.Join(values, "")) {
			return whole(touchpoint.ReasonNotUTF8, "", "UTF-8 behind the percent signs of every parameter")
		}
	}
	return one(&form, readTwilio)
}

// twilioKinds maps a call's status; "" makes no touchpoint. Of a call that the company makes, the customer notices nothing
// before it is answered.
var twilioKinds = map[string]struct {
	inbound, outbound touchpoint.Kind
	reason            string
}{
	"queued":      {},
	"initiated":   {},
	"ringing":     {inbound: touchpoint.CallQueued},
	"in-progress": {inbound: touchpoint.CallAnswered, outbound: touchpoint.CallAnswered},
	"completed":   {touchpoint.CallEnded, touchpoint.CallEnded, "completed"},
	"busy":        {touchpoint.CallEnded, touchpoint.CallEnded, "busy"},
	"failed":      {touchpoint.CallEnded, touchpoint.CallEnded, "failed"},
	"no-answer":   {touchpoint.CallEnded, touchpoint.CallEnded, "no_answer"},
	"canceled":    {touchpoint.CallEnded, touchpoint.CallEnded, "canceled"},
}

func readTwilio(form *url.Values, tp *touchpoint.Touchpoint) (err error) {
	sid, status := form.Get("CallSid"), form.Get("CallStatus")
	if sid == "" {
		return missing("CallSid", "the call's id in a URL-encoded form")
	}
	if status == "" {
		return missing("CallStatus", "the call's status")
	}
	known, ok := twilioKinds[status]
	if !ok {
		return unknownType("CallStatus", status, "queued, initiated, ringing, in-progress, completed, busy, failed, no-answer, canceled")
	}
	direction := form.Get("Direction")
	if direction == "outbound-dial" && form.Get("ParentCallSid") != "" {
		return errNothing // the leg to an agent or another line; the call it belongs to reports itself
	}
	tp.Kind, tp.Channel = known.inbound, touchpoint.Call
	if strings.HasPrefix(direction, "outbound") {
		tp.Kind = known.outbound
	}
	if tp.Kind == "" {
		return errNothing
	}
	tp.ID = touchpoint.ID("twilio:" + sid + ":" + status)
	if tp.OccurredAt, err = parseMoment(form.Get("Timestamp")).when("Timestamp"); err != nil {
		return err
	}
	if tp.Kind == touchpoint.CallEnded {
		if tp.Duration, err = parseNumber(form.Get("CallDuration")).millis(time.Second, "CallDuration"); err != nil {
			return err
		}
		attr(tp, "reason", known.reason)
	}
	tp.Place.Platform, tp.Place.Thread = "twilio", "twilio:"+sid
	attr(tp, "sip_status", form.Get("SipResponseCode"))
	return twilioParty(form, tp, direction)
}

// twilioParty takes the customer's end of the call: who called, or who was called. Apps and SIP phones have a name instead of
// a number; who withholds the number is known by this call only.
func twilioParty(form *url.Values, tp *touchpoint.Touchpoint, direction string) error {
	field, queue := "From", form.Get("To")
	if strings.HasPrefix(direction, "outbound") {
		field, queue = "To", form.Get("From")
		attr(tp, "direction", "outbound")
	} else {
		attr(tp, "direction", "inbound")
	}
	tp.Place.Queue = queue // the company's line that was called, or that called
	end, contact := form.Get(field), ""
	switch {
	case withheld(end):
		end, contact = "", "twilio:"+form.Get("CallSid")
	case strings.HasPrefix(end, "client:") || strings.HasPrefix(end, "sip:"):
		end, contact = "", "twilio:"+end
	}
	return party(
		tp,
		claim{touchpoint.AliasPhone, end, field},
		claim{touchpoint.AliasContact, contact, field},
	)
}

// withheld reports whether a number stands for a caller who does not show one: words, and the numbers that spell
// ANONYMOUS, UNAVAILABLE, RESTRICTED, BLOCKED and UNKNOWN on a keypad. All who hide would else become one customer.
func withheld(number string) bool {
	switch strings.ToLower(strings.TrimSpace(number)) {
	case "", "anonymous", "unavailable", "restricted", "blocked", "unknown", "private",
		"+266696687", "266696687", "+86282452253", "+7378742833", "+2562533", "+8656696":
		return true
	}
	return false
}
