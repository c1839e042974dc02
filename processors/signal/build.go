package signal

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"touchwatch/ingest/touchpoint"
)

// MaxPlaces bounds Signal.Places.
const MaxPlaces = 3

// Places returns the keys without empty ones and repeats, at most MaxPlaces, nil when none is left.
func Places(keys ...string) []string {
	var out []string
	for _, k := range keys {
		if k != "" && len(out) < MaxPlaces && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// ElementKey returns the place key of an element on a page, "" without an element.
func ElementKey(page, element string) string {
	if element == "" {
		return ""
	}
	if page == "" {
		return PlaceKey("element", element)
	}
	return PlaceKey("element", page+" "+element)
}

// Evidence returns the latest MaxEvidence of ids, which are oldest first. It may return ids itself.
func Evidence(ids []touchpoint.ID) []touchpoint.ID {
	if len(ids) > MaxEvidence {
		ids = ids[len(ids)-MaxEvidence:]
	}
	return ids
}

// Words says how long d is, in plain words for a reason: "0.4 s", "7 s", "3 min", "2 h", "4 days".
func Words(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < 10*time.Second && d%time.Second != 0:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < 2*time.Minute:
		return strconv.Itoa(int(d/time.Second)) + " s"
	case d < 2*time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	}
	return strconv.Itoa(int(d/(24*time.Hour))) + " days"
}

// Times says how often in plain words: "once", "twice", "5 times".
func Times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return strconv.Itoa(n) + " times"
}

// Brief cuts s to at most n bytes at a rune's border and marks the cut with an ellipsis.
func Brief(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n -= len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:max(n, 0)] + "…"
}

// Percent says a share in plain words: "80 %".
func Percent(n int) string { return strconv.Itoa(n) + " %" }
