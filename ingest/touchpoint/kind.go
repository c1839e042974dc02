package touchpoint

// Kind is what happened, within its channel, such as "chat.customer_message".
type Kind string

// The kinds of the website channel.
const (
	PageView        Kind = "website.page_view"
	ClickKind       Kind = "website.click"           // Click is set, Place.Element names what was clicked
	FormStart       Kind = "website.form_start"      // first focus on a form
	FormField       Kind = "website.form_field"      // a field was filled; Place.Field names it
	FormError       Kind = "website.form_error"      // a validation error on Place.Field
	FormSubmit      Kind = "website.form_submit"     // Attrs["outcome"]: "ok", "error" or ""
	PageLeave       Kind = "website.page_leave"      // the page view ended
	PageSpeed       Kind = "website.page_speed"      // what the browser measured: Attrs lcp_ms, inp_ms, wait_ms (the longest time something loaded)
	ScriptError     Kind = "website.script_error"    // Text is the message
	RequestFailed   Kind = "website.request_failed"  // Status is the HTTP status, Place.Page where; Attrs["url"] what; Attrs["submit"]="true" when it was a submit
	CheckoutFailed  Kind = "website.checkout_failed" // payment or checkout error; Text the reason; Attrs["outcome"]: "declined" when bank or provider refused, "error" or ""
	Purchase        Kind = "website.purchase"        // Amount
	Search          Kind = "website.search"          // Text the query, Attrs["results"] the number of results
	Identify        Kind = "website.identify"        // login or identify: Links is true
	CustomEvent     Kind = "website.custom"          // Attrs["event"] is the sender's event name
	WebSurveyAnswer Kind = "website.survey"          // Rating
)

// The kinds of the chat channel. Place.Thread is the conversation, Place.Queue the inbox.
const (
	ChatOpened          Kind = "chat.opened"
	ChatCustomerMessage Kind = "chat.customer_message"
	ChatAgentMessage    Kind = "chat.agent_message" // Attrs["author"]="bot" for a bot
	ChatClosed          Kind = "chat.closed"        // Attrs["outcome"]: "resolved", "left" or ""
	ChatRating          Kind = "chat.rating"
	ChatHandover        Kind = "chat.handover"
	ChatUpdated         Kind = "chat.updated" // a change of the conversation that is none of the above
)

// The kinds of the social channel. Place.Platform is "x", "mastodon" or the sender's word.
const (
	SocialPost    Kind = "social.post"
	SocialMention Kind = "social.mention"
	SocialDirect  Kind = "social.direct_message"
	SocialReview  Kind = "social.review" // Rating with metric "stars"
	SocialReply   Kind = "social.reply"  // the company answered; the party is the customer
)

// The kinds of the call channel. Place.Thread is the call (contact) id.
const (
	CallQueued      Kind = "call.queued"   // OccurredAt: entered the queue
	CallAnswered    Kind = "call.answered" // Duration: how long it waited in the queue
	CallHoldStart   Kind = "call.hold_start"
	CallHoldEnd     Kind = "call.hold_end"    // Duration: how long the hold was
	CallTransferred Kind = "call.transferred" // Attrs["to"]
	CallTurn        Kind = "call.turn"        // a transcript turn, OccurredAt is when it began; Attrs["role"]: "customer" or "agent"; Duration: how long somebody spoke
	CallEnded       Kind = "call.ended"       // Attrs["reason"]: "completed", "abandoned_queue", "abandoned_hold", "failed", "no_answer", "busy", "canceled"; Duration: the talk
	CallSurvey      Kind = "call.survey"      // Rating
	// CallRecord is a finished call in one record (Amazon Connect): Attrs hold wait_ms, longest_hold_ms, holds, transfers, reason, previous_contact,
	// longest_silence_ms, non_talk_ms and interruptions (which an ended call may have as well); Duration is the talk.
	CallRecord Kind = "call.record"
)

// ProfileUpdate is the CRM's record of a party: Profile and Aliases are set, Links is true.
const ProfileUpdate Kind = "crm.profile"

// FromCustomer reports whether the customer (not an agent, a bot or a machine) wrote Text.
func (t *Touchpoint) FromCustomer() bool {
	switch t.Kind {
	case ChatCustomerMessage, ChatRating, SocialPost, SocialMention, SocialDirect, SocialReview, CallSurvey, WebSurveyAnswer:
		return true
	case CallTurn:
		return t.Attrs["role"] == "customer"
	}
	return false
}

// Contact returns the key of the contact with people that t belongs to (a conversation, a call, a post thread),
// and false for what is no contact, such as a page view.
func (t *Touchpoint) Contact() (string, bool) {
	switch t.Kind {
	case ChatOpened, ChatCustomerMessage, CallQueued, CallAnswered, CallRecord, CallEnded, SocialPost, SocialMention, SocialDirect, SocialReview:
		if t.Place.Thread != "" {
			return string(t.Channel) + ":" + t.Place.Thread, true
		}
		return string(t.ID), true
	}
	return "", false
}
