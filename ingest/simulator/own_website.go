package simulator

import (
	"strconv"
	"strings"

	"touchwatch/ingest/touchpoint"
)

var (
	ownWebsite = format{name: "touchwatch.website", channel: website, encode: encodeWebsite, key: cookieKey}
	// ownWebsiteBatch is how the collector on a phone sends: several events at once.
	ownWebsiteBatch = format{
		name: "touchwatch.website", channel: website, headers: header("touchwatch.website"), encode: encodeWebsite, key: cookieKey,
		events: 6, open: `{"events":[`, close: `]}`,
	}
)

// encodeWebsite writes the format touchwatch.website. After a login it goes on naming the cookie only.
func encodeWebsite(w *World, dst []byte, s *session, st *step) ([]byte, bool) {
	kind := strings.TrimPrefix(string(st.kind), "website.")
	dst = w.event(dst, s, kind)
	dst = append(field(dst, "customer"), `{"cookie":"`...)
	dst = append(append(dst, s.p.cookies[s.device]...), '"')
	if st.kind == touchpoint.Identify {
		dst = str(dst, "id", string(s.p.id))
		dst = str(dst, "email", s.p.email)
	}
	dst = append(dst, '}')
	dst = append(field(dst, "thread"), '"', 's')
	dst = append(strconv.AppendUint(dst, s.number, 36), '"')
	if s.page != nil {
		dst = str(dst, "page", s.page.path)
		if st.kind == touchpoint.PageView {
			dst = append(append(append(field(dst, "url"), `"https://shop.halden.example`...), s.page.path...), '"')
		}
		dst = append(field(dst, "view_id"), '"', 'v')
		dst = append(strconv.AppendUint(dst, s.viewID, 36), '"')
	}
	dst = append(field(dst, "release"), `"web-2026.`...)
	dst = append(strconv.AppendInt(dst, int64(w.release), 10), '"')
	dst = str(dst, "campaign", s.campaign)
	dst = str(dst, "language", languages[s.p.language])
	dst = websiteDetails(w, dst, s, st)
	return append(dst, '}'), true
}

func websiteDetails(w *World, dst []byte, s *session, st *step) []byte {
	dst = str(dst, "element", st.element)
	dst = str(dst, "form", st.form)
	dst = str(dst, "text", st.text)
	switch st.kind {
	case touchpoint.ClickKind:
		// The same element is clicked in about the same place.
		spot := int64(len(st.element)*37%900) + int64(w.rng.IntN(9))
		dst = num(num(dst, "x", 180+spot), "y", 300+spot/2)
		dst = str(dst, "outcome", st.outcome)
	case touchpoint.FormField, touchpoint.FormError:
		dst = str(dst, "field", st.field)
	case touchpoint.FormSubmit:
		dst = str(dst, "outcome", st.outcome)
	case touchpoint.RequestFailed:
		dst = num(str(dst, "request_url", st.field), "status", int64(st.n))
		dst = append(field(dst, "submit"), strconv.FormatBool(st.outcome == "submit")...)
	case touchpoint.Search:
		dst = num(dst, "results", int64(st.n))
	case touchpoint.Purchase, touchpoint.CheckoutFailed:
		dst = str(dst, "outcome", st.outcome)
		dst = money(dst, "amount", s.product.price)
		dst = str(str(dst, "currency", "EUR"), "product", s.product.slug)
	case touchpoint.WebSurveyAnswer:
		dst = rating(dst, st)
	}
	return dst
}
