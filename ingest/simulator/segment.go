package simulator

import (
	"strconv"

	"touchwatch/ingest/touchpoint"
)

var (
	segmentSingle = format{name: "segment", channel: website, headers: header("segment"), encode: encodeSegment, key: cookieKey, named: true}
	segmentBatch  = format{
		name: "segment", channel: website, headers: header("segment"), encode: encodeSegment, key: cookieKey, named: true,
		events: 5, open: `{"batch":[`, close: `]}`,
	}
)

// segmentTracks are the names that Segment's e-commerce specification gives to what happens in a shop.
var segmentTracks = map[touchpoint.Kind]string{
	touchpoint.Search:         "Products Searched",
	touchpoint.Purchase:       "Order Completed",
	touchpoint.CheckoutFailed: "Checkout Error",
	touchpoint.ClickKind:      "Element Clicked",
}

// encodeSegment writes page, track and identify calls. Forms, errors and surveys have no call that every shop has.
func encodeSegment(w *World, dst []byte, s *session, st *step) ([]byte, bool) {
	call, track := "track", ""
	switch st.kind {
	case touchpoint.PageView:
		call = "page"
	case touchpoint.Identify:
		call = "identify"
	default:
		if track = segmentTracks[st.kind]; track == "" {
			return dst, false
		}
	}
	w.newID(s)
	dst = append(dst, '{')
	dst = str(dst, "type", call)
	dst = append(append(append(field(dst, "messageId"), '"'), s.id...), '"')
	dst = append(append(append(field(dst, "anonymousId"), '"'), s.p.cookies[s.device]...), '"')
	if s.loggedIn && s.p.known() {
		dst = str(dst, "userId", string(s.p.id))
	}
	dst = str(dst, "event", track)
	if call == "identify" {
		dst = append(field(dst, "traits"), '{')
		dst = append(str(dst, "email", s.p.email), '}')
	} else {
		dst = segmentProperties(dst, s, st)
	}
	dst = segmentContext(dst, s)
	return append(stamp(dst, "timestamp", s.at), '}'), true
}

func segmentProperties(dst []byte, s *session, st *step) []byte {
	dst = append(field(dst, "properties"), '{')
	switch st.kind {
	case touchpoint.PageView:
		dst = append(append(append(field(dst, "url"), `"https://shop.halden.example`...), s.page.path...), '"')
		dst = str(str(dst, "path", s.page.path), "title", s.page.title)
	case touchpoint.Search:
		dst = str(dst, "query", st.text)
	case touchpoint.Purchase, touchpoint.CheckoutFailed:
		dst = str(str(dst, "order_id", s.order), "currency", "EUR")
		if st.kind == touchpoint.Purchase {
			dst = money(dst, "total", s.product.price)
		} else {
			dst = str(dst, "message", st.text)
		}
	case touchpoint.ClickKind:
		dst = str(dst, "element", st.element)
	}
	return append(dst, '}')
}

func segmentContext(dst []byte, s *session) []byte {
	dst = append(field(dst, "context"), '{')
	dst = str(dst, "locale", [...]string{"en-GB", "de-DE", "nl-NL", "ru-RU"}[s.p.language])
	dst = append(field(dst, "library"), `{"name":"analytics.js","version":"2.11.1"}`...)
	if s.page != nil {
		dst = append(field(dst, "page"), '{')
		dst = str(dst, "path", s.page.path)
		dst = append(append(append(field(dst, "url"), `"https://shop.halden.example`...), s.page.path...), '"')
		dst = append(str(dst, "title", s.page.title), '}')
	}
	if s.campaign != "" {
		dst = append(field(dst, "campaign"), '{')
		dst = append(str(dst, "name", s.campaign), '}')
	}
	dst = append(field(dst, "sessionNumber"), strconv.Itoa(int(s.number%9)+1)...)
	return append(dst, '}')
}
