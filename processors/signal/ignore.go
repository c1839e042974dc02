package signal

import (
	"slices"
	"strings"

	"touchwatch/ingest/touchpoint"
)

// Ignored are the elements, pages and releases of a website that never count against it. The zero value ignores nothing.
// It is safe for concurrent use.
type Ignored struct {
	elements []string
	pages    patterns
	releases patterns
}

// NewIgnored returns what these lists say. An element is "button#seat" everywhere or "/seats button#seat" on one page,
// as the place of a signal names it, with or without "element:" in front; a page and a release may end in "*".
func NewIgnored(elements, pages, releases []string) Ignored {
	ignored := Ignored{pages: pages, releases: releases}
	for _, e := range elements {
		ignored.elements = append(ignored.elements, strings.TrimPrefix(e, "element:"))
	}
	return ignored
}

// Covers reports whether what happened at p does not count.
func (i *Ignored) Covers(p *touchpoint.Place) bool {
	return len(i.pages) > 0 && i.pages.match(p.Page) ||
		len(i.releases) > 0 && i.releases.match(p.Release) ||
		len(i.elements) > 0 && p.Element != "" && slices.ContainsFunc(i.elements, func(e string) bool { return isElement(e, p) })
}

func isElement(e string, p *touchpoint.Place) bool {
	if e == p.Element {
		return true
	}
	rest, ok := strings.CutPrefix(e, p.Page)
	return ok && p.Page != "" && strings.HasPrefix(rest, " ") && rest[1:] == p.Element
}

// patterns are words that match as a whole, or by their beginning when they end in "*".
type patterns []string

func (ps patterns) match(s string) bool {
	if s == "" {
		return false
	}
	for _, p := range ps {
		if begin, open := strings.CutSuffix(p, "*"); p == s || open && strings.HasPrefix(s, begin) {
			return true
		}
	}
	return false
}
