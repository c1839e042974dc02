package own

import (
	"reflect"
	"strings"
	"testing"

	"touchwatch/ingest/decode"
	"touchwatch/ingest/touchpoint"
)

func accounts(t *testing.T, names ...string) Accounts {
	t.Helper()
	a, err := NewAccounts(names)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func decoded(t *testing.T, format, record string) touchpoint.Touchpoint {
	t.Helper()
	r := decode.Decode(decode.Record{Value: []byte(record)}, format)
	if len(r.Bad) > 0 || len(r.Touchpoints) != 1 {
		t.Fatalf("%+v", r)
	}
	return r.Touchpoints[0]
}

func TestWhatTheCompanyPostsBelongsToWhomItAnswers(t *testing.T) {
	ours := accounts(t, "x:@Acme", "mastodon:help@acme.example")
	post := decoded(t, "x.v2", `{"data":{"id":"185","text":"@jweber sorry, we are on it","author_id":"1","in_reply_to_user_id":"2","conversation_id":"180","created_at":"2026-11-03T09:14:27.000Z"},
		"includes":{"users":[{"id":"1","username":"acme","public_metrics":{"followers_count":90000}},{"id":"2","username":"JWeber"}]}}`)
	ours.Turn(&post)
	want := []touchpoint.Alias{{Kind: touchpoint.AliasHandle, Value: "x:jweber"}}
	if post.Kind != touchpoint.SocialReply || !reflect.DeepEqual(post.Aliases, want) || post.Place.Agent != "x:acme" || post.Reach != 0 || post.Place.Thread != "x:180" {
		t.Errorf("x: %+v", post)
	}
	status := decoded(t, "mastodon", `{"id":"11","uri":"https://acme.example/users/help/statuses/11","created_at":"2026-11-03T09:14:27.000Z","in_reply_to_id":"10","in_reply_to_account_id":"7",
		"content":"<p>@jweber sorry</p>","account":{"acct":"help","url":"https://acme.example/@help"},"mentions":[{"id":"7","acct":"jweber@social.example"}]}`)
	ours.Turn(&status)
	if status.Kind != touchpoint.SocialReply || status.Aliases[0].Value != "mastodon:jweber@social.example" {
		t.Errorf("mastodon: %+v", status)
	}
}

func TestOthersPostsStayTheirs(t *testing.T) {
	ours := accounts(t, "x:acme")
	for _, handle := range []string{"jweber", "acme_fan", "mastodon:acme"} {
		post := decoded(t, "touchwatch.social", `{"type":"mention","platform":"x","customer":{"handle":"`+handle+`"},"text":"@acme hello?"}`)
		before := post
		ours.Turn(&post)
		if !reflect.DeepEqual(before, post) {
			t.Errorf("%s: %+v", handle, post)
		}
	}
	chat := touchpoint.Touchpoint{Channel: touchpoint.Chat, Kind: touchpoint.ChatOpened, Aliases: []touchpoint.Alias{{Kind: touchpoint.AliasHandle, Value: "x:acme"}}}
	if ours.Turn(&chat); chat.Kind != touchpoint.ChatOpened {
		t.Error("a chat is no post")
	}
}

func TestAPostThatAnswersNobodyStaysWithTheCompany(t *testing.T) {
	ours := accounts(t, "x:acme")
	for _, to := range []string{"", "x:acme"} {
		post := touchpoint.Touchpoint{
			Channel: touchpoint.Social, Kind: touchpoint.SocialPost, Attrs: map[string]string{"reply_to": to},
			Aliases: []touchpoint.Alias{{Kind: touchpoint.AliasHandle, Value: "x:acme"}, {Kind: touchpoint.AliasContact, Value: "x:1"}},
		}
		if ours.Turn(&post); post.Kind != touchpoint.SocialReply || len(post.Aliases) != 1 || post.Aliases[0].Value != "x:acme" {
			t.Errorf("%q: %+v", to, post)
		}
	}
}

func TestAnAccountNeedsAPlatform(t *testing.T) {
	for _, name := range []string{"acme", "", "x:"} {
		if _, err := NewAccounts([]string{name}); err == nil || !strings.Contains(err.Error(), "want platform and handle") {
			t.Errorf("%q: %v", name, err)
		}
	}
}
