package decode

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"touchwatch/ingest/codec"
	"touchwatch/ingest/touchpoint"
)

// The scalars take what sources really send: an id as a number, a number as a string, a time as text or as an epoch. Reading
// one never fails; a value that cannot be used is remembered and reported by the decoder that wanted it, with its path.

type presence uint8

const (
	absent presence = iota // not there, null or an empty string
	given
	unfit // there, but of no use
)

// label is a string; a number or a boolean is kept as it is written. Objects and arrays give "".
type label struct{ text string }

// UnmarshalJSON implements json.Unmarshaler.
func (l *label) UnmarshalJSON(b []byte) error {
	l.text, _ = scalarText(string(b))
	return nil
}

// scalarText returns the text of a JSON scalar, and false for null, objects and arrays.
func scalarText(s string) (string, bool) {
	if s == "" {
		return "", false
	}
	switch s[0] {
	case '"':
		return unquote(s)
	case 'n', '{', '[':
		return "", false
	}
	return s, true
}

// unquote returns the text of a JSON string.
func unquote(s string) (string, bool) {
	if len(s) < 2 {
		return "", false
	}
	if strings.IndexByte(s, '\\') < 0 {
		return s[1 : len(s)-1], true
	}
	var text string
	err := json.Unmarshal([]byte(s), &text)
	return text, err == nil
}

// number is a finite number, also one written as a string.
type number struct {
	value float64
	is    presence
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(b []byte) error {
	text, ok := scalarText(string(b))
	*n = parseNumber(text)
	if !ok && b[0] != 'n' {
		n.is = unfit
	}
	return nil
}

// parseNumber reads a number from its text.
func parseNumber(text string) number {
	if text = strings.TrimSpace(text); text == "" {
		return number{}
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(value, 0) || math.IsNaN(value) {
		return number{is: unfit}
	}
	return number{value: value, is: given}
}

// count returns a whole number from 0 to 10¹², 0 for what is none: for measures that are nice to have.
func (n number) count() int64 {
	if n.is != given || !(n.value > 0) {
		return 0
	}
	return int64(min(n.value, 1e12))
}

// within returns the value, 0 when absent, and an error when it is no number or outside low … high.
func (n number) within(low, high float64, field string) (float64, error) {
	if n.is == unfit || n.value < low || n.value > high {
		return 0, wrong(field, "a number from "+compact(low)+" to "+compact(high))
	}
	return n.value, nil
}

func compact(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// maxDuration bounds durations: ten years.
const maxDuration = float64(10 * 365 * 24 * time.Hour / time.Millisecond)

// millis returns a length of time given in unit.
func (n number) millis(unit time.Duration, field string) (touchpoint.Millis, error) {
	perUnit := float64(unit) / float64(time.Millisecond)
	value, err := n.within(0, maxDuration/perUnit, field)
	return touchpoint.Millis(math.Round(value * perUnit)), err
}

// truth is a boolean, also one written as a string or as 0 and 1.
type truth struct{ on bool }

// UnmarshalJSON implements json.Unmarshaler.
func (t *truth) UnmarshalJSON(b []byte) error {
	text, _ := scalarText(string(b))
	t.on = text == "true" || text == "1"
	return nil
}

// moment is a time: RFC 3339, RFC 1123, "2006-01-02 15:04:05 UTC", or an epoch in seconds (also with a fraction),
// milli-, micro- or nanoseconds, as a number or as a string.
type moment struct {
	at touchpoint.Millis
	is presence
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *moment) UnmarshalJSON(b []byte) error {
	text, ok := scalarText(string(b))
	*m = parseMoment(text)
	if !ok && b[0] != 'n' {
		m.is = unfit
	}
	return nil
}

// when returns the moment, zero when absent, and an error when it is none.
func (m moment) when(field string) (touchpoint.Millis, error) {
	if m.is == unfit {
		return 0, wrong(field, "an RFC 3339 time or an epoch in seconds or milliseconds, between 1970 and 9999")
	}
	return m.at, nil
}

// layouts name no zone but UTC: the time package takes any other abbreviation for it.
var layouts = [...]string{
	time.RFC3339Nano,
	"Mon, 2 Jan 2006 15:04:05 -0700",
	"Mon, 2 Jan 2006 15:04:05 GMT",
	"Mon, 2 Jan 2006 15:04:05 UTC",
	"2006-01-02 15:04:05 UTC",
	"2006-01-02 15:04:05 -0700",
}

// maxMillis is the end of the year 9999.
const maxMillis = 253402300799999

func parseMoment(text string) moment {
	text = strings.TrimSpace(text)
	if text == "" {
		return moment{}
	}
	if strings.IndexByte(text, ':') < 0 {
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return moment{is: unfit}
		}
		return epoch(value)
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			if ms := t.UnixMilli(); ms > 0 && ms <= maxMillis {
				return moment{at: touchpoint.Millis(ms), is: given}
			}
			break
		}
	}
	return moment{is: unfit}
}

// epoch reads a number of seconds, milli-, micro- or nanoseconds since 1970, told apart by size: the smallest reading as
// milliseconds is 1973, the largest as seconds 5138. Zero is how some sources write "never".
func epoch(value float64) moment {
	switch {
	case value == 0:
		return moment{}
	case value < 1e11:
		value *= 1e3
	case value < 1e14:
	case value < 1e17:
		value /= 1e3
	default:
		value /= 1e6
	}
	if !(value >= 1 && value <= maxMillis) {
		return moment{is: unfit}
	}
	return moment{at: touchpoint.Millis(math.Round(value)), is: given}
}

// object is a JSON object. Where a source writes an empty one in another way ([], "", {} as a string), nothing is read.
type object[T any] struct{ members T }

// UnmarshalJSON implements json.Unmarshaler.
func (o *object[T]) UnmarshalJSON(b []byte) error {
	*o = object[T]{}
	if b[0] != '{' {
		return nil
	}
	return codec.UnmarshalShared(b, &o.members)
}
