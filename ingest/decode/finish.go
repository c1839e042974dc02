package decode

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"touchwatch/ingest/touchpoint"
)

// Bounds of what is kept of a touchpoint's smaller parts. Longer values are cut on a rune boundary: they are words for
// people. What identifies (ids, aliases, thread, element, queue, campaign) is never cut, or two would become one;
// Touchpoint.Validate refuses it instead.
const (
	maxURLBytes       = 2 << 10
	maxAttrKeyBytes   = 64
	maxAttrValueBytes = 1 << 10
	maxAliases        = 32
)

// finish fills what every touchpoint gets whatever its format: source coordinates, id, and bounds.
func finish(tp *touchpoint.Touchpoint, rec *Record, format string) {
	tp.Format = format
	tp.Source.Topic, tp.Source.Partition, tp.Source.Offset = rec.Topic, rec.Partition, rec.Offset
	if tp.ID == "" {
		tp.ID = touchpoint.ID(string(tp.Channel) + ":" + rec.origin() + "/" + strconv.Itoa(int(tp.Source.Index)))
	} else {
		tp.ID = touchpoint.ID(string(tp.Channel) + ":" + string(tp.ID))
	}
	tp.Text = clip(tp.Text, touchpoint.MaxTextBytes)
	tp.Language = language(tp.Language)
	place := &tp.Place
	for _, s := range [...]*string{&place.Page, &place.Form, &place.Field, &place.Platform, &place.Product, &place.Release, &place.Agent, &place.ViewID} {
		*s = clip(*s, touchpoint.MaxIDBytes)
	}
	place.URL = clip(place.URL, maxURLBytes)
	if p := tp.Profile; p != nil {
		for _, s := range [...]*string{&p.Name, &p.Segment, &p.Owner} {
			*s = clip(*s, touchpoint.MaxIDBytes)
		}
		p.Language = language(p.Language)
	}
}

// clip cuts s to at most n bytes without cutting a rune.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// language returns the ISO 639 part of a language tag in lower case ("de" of "de-DE"), "" for what is none or says nothing.
func language(tag string) string {
	if len(tag) < 2 || len(tag) > 2 && tag[2] != '-' && tag[2] != '_' {
		return ""
	}
	tag = tag[:2]
	for i := range len(tag) {
		if c := lower(tag[i]); c < 'a' || c > 'z' {
			return ""
		}
	}
	return strings.ToLower(tag)
}

// pagePath returns the path of a page without host, query and fragment: "/checkout" of "https://shop.example.com/checkout?step=2".
func pagePath(page string) string {
	if i := strings.Index(page, "://"); i >= 0 {
		rest := page[i+3:]
		slash := indexOf(rest, '/', '?', '#')
		if slash == len(rest) || rest[slash] != '/' {
			return "/"
		}
		page = rest[slash:]
	}
	return page[:indexOf(page, '?', '#', '#')]
}

// indexOf returns where the first of three characters stands, len(s) when none does.
func indexOf(s string, a, b, c byte) int {
	for i := range len(s) {
		if s[i] == a || s[i] == b || s[i] == c {
			return i
		}
	}
	return len(s)
}
