package simulator

import (
	"html"
	"strconv"
	"strings"

	"touchwatch/ingest/touchpoint"
)

var (
	xPost    = format{name: "x.v2", channel: social, headers: header("x.v2"), encode: encodeX, key: authorKey, alias: onX}
	mastodon = format{name: "mastodon", channel: social, headers: header("mastodon"), encode: encodeMastodon, key: authorKey, alias: onMastodon}
)

func onMastodon(p *person) touchpoint.CustomerID {
	return derived(touchpoint.AliasHandle, "mastodon:"+p.account)
}

// postNumber gives a post the next number and leaves it in w.digits. Social platforms number with 64 bits, written as strings.
func (w *World) postNumber() []byte {
	w.serial++
	w.digits = strconv.AppendUint(append(w.digits[:0], '1'), w.base*100+w.serial, 10)
	return w.digits
}

// encodeX writes a post as the filtered stream of the X API v2 delivers it.
func encodeX(w *World, dst []byte, s *session, st *step) ([]byte, bool) {
	if st.kind != touchpoint.SocialPost {
		return dst, false
	}
	number := w.postNumber()
	s.id = append(append(s.id, "x:"...), number...)
	dst = append(append(append(dst, `{"data":{"id":"`...), number...), '"')
	dst = str(dst, "text", st.text)
	dst = append(append(append(field(dst, "author_id"), '"'), s.key...), '"')
	dst = stamp(dst, "created_at", s.at)
	dst = str(dst, "lang", languages[s.p.language])
	dst = append(append(append(field(dst, "conversation_id"), '"'), number...), '"')
	dst = append(dst, `,"public_metrics":{"retweet_count":0,"reply_count":0,"like_count":0,"quote_count":0}},"includes":{"users":[{"id":"`...)
	dst = append(append(dst, s.key...), '"')
	dst = str(dst, "username", s.p.handle)
	dst = append(field(dst, "public_metrics"), '{')
	dst = num(dst, "followers_count", s.p.reach)
	return append(dst, `}}]},"matching_rules":[{"id":"1166916266197536768","tag":"brand"}]}`...), true
}

// encodeMastodon writes a status as Mastodon's API has it, with its text in HTML.
func encodeMastodon(w *World, dst []byte, s *session, st *step) ([]byte, bool) {
	if st.kind != touchpoint.SocialPost {
		return dst, false
	}
	number := w.postNumber()
	user, server, _ := strings.Cut(s.p.account, "@")
	url := "https://" + server + "/@" + user + "/" + string(number)
	s.id = append(append(s.id, "mastodon:"...), url...)
	dst = append(append(append(dst, `{"id":"`...), number...), '"')
	dst = str(stamp(dst, "created_at", s.at), "visibility", "public")
	dst = str(dst, "language", languages[s.p.language])
	dst = str(dst, "url", url)
	dst = str(dst, "content", "<p>"+html.EscapeString(st.text)+"</p>")
	dst = append(append(field(dst, "account"), `{"id":"`...), s.key...)
	dst = append(dst, '"')
	dst = str(str(dst, "acct", s.p.account), "username", user)
	dst = num(dst, "followers_count", s.p.reach)
	return append(dst, `,"bot":false},"mentions":[],"tags":[]}`...), true
}
