package decode

import (
	"encoding/json"
	"strings"

	"touchwatch/ingest/codec"
	"touchwatch/ingest/touchpoint"
)

// mastodonFrame is what Mastodon sends: a frame of the streaming API whose payload is JSON in a string, a webhook of an
// instance with the status in object, or the bare status.
type mastodonFrame struct {
	Event   string          `json:"event"`
	Payload json.RawMessage `json:"payload"`
	Object  json.RawMessage `json:"object"`
	mastodonStatus
}

type mastodonStatus struct {
	ID         label                     `json:"id"`
	URI        string                    `json:"uri"`
	URL        string                    `json:"url"`
	CreatedAt  moment                    `json:"created_at"`
	InReplyTo  label                     `json:"in_reply_to_id"`
	Visibility string                    `json:"visibility"`
	Language   string                    `json:"language"`
	Content    string                    `json:"content"`
	Spoiler    string                    `json:"spoiler_text"`
	Account    mastodonAccount           `json:"account"`
	ReplyTo    label                     `json:"in_reply_to_account_id"`
	Reblogs    number                    `json:"reblogs_count"`
	Mentions   []object[mastodonMention] `json:"mentions"`
	Reblog     *struct {
		Content string `json:"content"`
	} `json:"reblog"`
	// of a notification, which has a type, and of a conversation: they hold the status
	Type       string          `json:"type"`
	Status     *mastodonStatus `json:"status"`
	LastStatus *mastodonStatus `json:"last_status"`
}

type mastodonMention struct {
	ID   label  `json:"id"`
	Acct string `json:"acct"`
	URL  string `json:"url"`
}

type mastodonAccount struct {
	Acct      string `json:"acct"`
	URL       string `json:"url"`
	Followers number `json:"followers_count"`
	Bot       bool   `json:"bot"`
}

// decodeMastodon reads the format mastodon.
func decodeMastodon(value []byte, _ Headers) Result {
	var frame mastodonFrame
	if err := codec.UnmarshalShared(value, &frame); err != nil {
		return Result{Bad: []Bad{{Invalid: unreadable(err)}}}
	}
	switch frame.Event {
	case "":
		return one(&frame.mastodonStatus, readMastodon)
	case "status.created", "status.updated":
		return inner("object", frame.Object)
	case "update", "status.update", "notification", "conversation":
		payload, _ := unquote(string(frame.Payload))
		return inner("payload", []byte(payload))
	case "delete", "filters_changed", "announcement", "announcement.reaction", "announcement.delete", "encrypted_message":
		return Result{Skipped: 1}
	}
	return Result{Bad: []Bad{{Invalid: under("", unknownType("event", frame.Event, "update, status.update, notification, conversation, "+
		"delete, status.created, status.updated"))}}}
}

// inner reads the status inside a frame, in the field called where.
func inner(where string, value []byte) Result {
	if len(value) == 0 {
		return whole(touchpoint.ReasonMissingField, where, "a status")
	}
	result := single(value, readMastodon)
	for i := range result.Bad {
		result.Bad[i].Invalid = under(where, result.Bad[i].Invalid)
	}
	return result
}

func readMastodon(s *mastodonStatus, tp *touchpoint.Touchpoint) (err error) {
	switch {
	case s.Type != "" && s.Type != "mention" && s.Type != "status":
		return errNothing // a notification of what others did with our own status: a favourite, a boost, a follow
	case s.Status != nil:
		s = s.Status
	case s.LastStatus != nil:
		s = s.LastStatus
	}
	if s.ID.text == "" {
		return missing("id", "the status's id")
	}
	// Ids are an instance's own; the URI is the status's name everywhere. An edited status keeps both and counts once.
	tp.ID = touchpoint.ID("mastodon:" + first(s.URI, s.URL, s.ID.text))
	if len(tp.ID) > touchpoint.MaxIDBytes-len("social:") {
		tp.ID = touchpoint.ID("mastodon:" + s.ID.text)
	}
	if tp.OccurredAt, err = s.CreatedAt.when("created_at"); err != nil {
		return err
	}
	tp.Channel, tp.Kind = touchpoint.Social, touchpoint.SocialPost
	switch {
	case s.Visibility == "direct":
		tp.Kind = touchpoint.SocialDirect
	case len(s.Mentions) > 0 || s.InReplyTo.text != "":
		tp.Kind = touchpoint.SocialMention
	}
	tp.Text = plainText(s.Content)
	if s.Spoiler != "" {
		tp.Text = strings.TrimSpace(s.Spoiler + "\n" + tp.Text)
	}
	if s.Reblog != nil { // somebody else's words, passed on
		attr(tp, "reference", "reblog")
		attr(tp, "shared_text", plainText(first(s.Reblog.Content, s.Content)))
		tp.Kind, tp.Text = touchpoint.SocialPost, ""
	}
	if s.Account.Bot {
		attr(tp, "author", "bot")
	}
	if followers := s.Account.Followers; followers.is == given && followers.value >= 0 {
		tp.Reach = int64(min(followers.value, 1e12))
	}
	attrCount(tp, "reposts", s.Reblogs.count())
	for i := range s.Mentions {
		m := &s.Mentions[i].members
		if m.ID.text == s.ReplyTo.text && m.ID.text != "" {
			who := mastodonAccount{Acct: m.Acct, URL: m.URL}
			attr(tp, "reply_to", onPlatform("mastodon", who.handle(s.URI)))
		}
	}
	tp.Language = s.Language
	tp.Place.Platform, tp.Place.URL = "mastodon", first(s.URL, s.URI)
	tp.Place.Thread = onPlatform("mastodon", first(s.InReplyTo.text, s.ID.text))
	return party(tp, claim{touchpoint.AliasHandle, onPlatform("mastodon", s.Account.handle(s.URI)), "account.acct"})
}

// handle returns the account as user@host. acct names no host for accounts of the instance that sent it; the account's own
// URL or else the status's URI does.
func (a *mastodonAccount) handle(uri string) string {
	if a.Acct == "" || strings.Contains(a.Acct, "@") {
		return a.Acct
	}
	_, rest, found := strings.Cut(first(a.URL, uri), "://")
	if !found {
		return a.Acct
	}
	host, _, _ := strings.Cut(rest, "/")
	return a.Acct + "@" + host
}
