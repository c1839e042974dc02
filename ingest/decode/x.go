package decode

import (
	"encoding/json"
	"strconv"

	"touchwatch/ingest/codec"
	"touchwatch/ingest/touchpoint"
)

// xFrame is one message of the X API v2: of the filtered stream with one post in data, of a search with a list of them.
type xFrame struct {
	Data     json.RawMessage `json:"data"`
	Includes struct {
		Users []xUser `json:"users"`
	} `json:"includes"`
	Rules []struct {
		Tag label `json:"tag"`
	} `json:"matching_rules"`
	Errors json.RawMessage `json:"errors"`
}

type xUser struct {
	ID       label `json:"id"`
	Username label `json:"username"`
	Metrics  struct {
		Followers number `json:"followers_count"`
	} `json:"public_metrics"`
}

type xPost struct {
	ID        label  `json:"id"`
	Text      string `json:"text"`
	Author    label  `json:"author_id"`
	CreatedAt moment `json:"created_at"`
	Language  string `json:"lang"`
	Thread    label  `json:"conversation_id"`
	InReplyTo label  `json:"in_reply_to_user_id"`
	Metrics   struct {
		Retweets number `json:"retweet_count"`
		Quotes   number `json:"quote_count"`
	} `json:"public_metrics"`
	Note struct {
		Text string `json:"text"` // of posts that are longer than a post
	} `json:"note_tweet"`
	Edits      []label `json:"edit_history_tweet_ids"` // oldest first
	Referenced []struct {
		Type string `json:"type"`
	} `json:"referenced_tweets"`
}

// decodeX reads the format x.v2.
func decodeX(value []byte, _ Headers) Result {
	var frame xFrame
	if err := codec.UnmarshalShared(value, &frame); err != nil {
		return Result{Bad: []Bad{{Invalid: unreadable(err)}}}
	}
	switch {
	case len(frame.Data) == 0 && len(frame.Errors) > 0:
		return whole(touchpoint.ReasonUnknownType, "errors", "a post in data; this is an error message of the stream")
	case len(frame.Data) == 0:
		return whole(touchpoint.ReasonMissingField, "data", "a post or a list of posts")
	case frame.Data[0] == '[':
		return many("data", frame.Data, frame.post)
	}
	var post xPost
	if err := codec.UnmarshalShared(frame.Data, &post); err != nil {
		return Result{Bad: []Bad{{Invalid: under("data", unreadable(err))}}}
	}
	result := one(&post, frame.post)
	for i := range result.Bad {
		result.Bad[i].Invalid = under("data", result.Bad[i].Invalid)
	}
	return result
}

func (f *xFrame) post(p *xPost, tp *touchpoint.Touchpoint) (err error) {
	if p.ID.text == "" {
		return missing("id", "the post's id")
	}
	original := p.ID.text
	if len(p.Edits) > 0 { // an edited post gets a new id; it counts once, as it was first seen
		original = first(p.Edits[0].text, original)
	}
	tp.ID, tp.Channel, tp.Kind = touchpoint.ID("x:"+original), touchpoint.Social, touchpoint.SocialPost
	if tp.OccurredAt, err = p.CreatedAt.when("created_at"); err != nil {
		return err
	}
	if p.CreatedAt.is == absent {
		tp.OccurredAt = snowflake(p.ID.text)
	}
	tp.Text, tp.Language = first(p.Note.Text, p.Text), p.Language
	if p.InReplyTo.text != "" || mentions(tp.Text) {
		tp.Kind = touchpoint.SocialMention
	}
	for _, r := range p.Referenced {
		attr(tp, "reference", r.Type)
		if r.Type == "retweeted" { // somebody else's words, passed on
			attr(tp, "shared_text", tp.Text)
			tp.Kind, tp.Text = touchpoint.SocialPost, ""
		}
	}
	if len(f.Rules) > 0 {
		attr(tp, "rule", f.Rules[0].Tag.text)
	}
	tp.Place.Platform = "x"
	tp.Place.Thread = onPlatform("x", first(p.Thread.text, p.ID.text))
	return f.author(p, tp)
}

// mentions reports whether a text names an account.
func mentions(text string) bool {
	for i := range len(text) - 1 {
		if text[i] == '@' && text[i+1] > ' ' && (i == 0 || text[i-1] <= ' ' || text[i-1] == '.' || text[i-1] == '(') {
			return true
		}
	}
	return false
}

// author finds who wrote the post among the users that the frame includes.
func (f *xFrame) author(p *xPost, tp *touchpoint.Touchpoint) error {
	handle := ""
	attrCount(tp, "reposts", p.Metrics.Retweets.count()+p.Metrics.Quotes.count())
	for _, u := range f.Includes.Users {
		if u.ID.text == p.InReplyTo.text && u.Username.text != "" {
			attr(tp, "reply_to", onPlatform("x", u.Username.text))
		}
		if u.ID.text != p.Author.text || u.ID.text == "" {
			continue
		}
		handle = u.Username.text
		if u.Metrics.Followers.is == given && u.Metrics.Followers.value >= 0 {
			tp.Reach = int64(min(u.Metrics.Followers.value, 1e12))
		}
	}
	tp.Place.URL = "https://x.com/" + first(handle, "i") + "/status/" + p.ID.text
	return party(
		tp,
		claim{touchpoint.AliasHandle, onPlatform("x", handle), "includes.users.username"},
		claim{touchpoint.AliasContact, onPlatform("x", p.Author.text), "author_id"},
	)
}

// snowflake returns when a post was made from its id, whose upper bits are milliseconds since 4 November 2010; zero for
// ids from before.
func snowflake(id string) touchpoint.Millis {
	n, err := strconv.ParseUint(id, 10, 63)
	if err != nil || n < 1<<40 {
		return 0
	}
	return touchpoint.Millis(n>>22) + 1288834974657
}
