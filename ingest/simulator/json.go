package simulator

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// The encoders append JSON by hand: the world makes hundreds of thousands of records a second for load tests.

// str appends a comma, the key, and a string value; an empty value appends nothing.
func str(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	return quote(field(dst, key), value)
}

// num appends a comma, the key, and a whole number.
func num(dst []byte, key string, value int64) []byte {
	return strconv.AppendInt(field(dst, key), value, 10)
}

// money appends a comma, the key, and an amount with two decimals.
func money(dst []byte, key string, value float64) []byte {
	return strconv.AppendFloat(field(dst, key), value, 'f', 2, 64)
}

// stamp appends a comma, the key, and a time in RFC 3339 with milliseconds.
func stamp(dst []byte, key string, ms int64) []byte {
	dst = append(field(dst, key), '"')
	return append(appendTime(dst, ms), '"')
}

func appendTime(dst []byte, ms int64) []byte {
	return time.UnixMilli(ms).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
}

// field appends what stands before a value. The comma is left out at the beginning of an object.
func field(dst []byte, key string) []byte {
	if n := len(dst); n > 0 && dst[n-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, key...)
	return append(dst, '"', ':')
}

// quote appends s as a JSON string. s is UTF-8.
func quote(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' || c >= utf8.RuneSelf {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

// newID appends a fresh id to s.id and leaves it there.
func (w *World) newID(s *session) {
	w.serial++
	s.id = append(s.id, w.tag...)
	s.id = append(s.id, '-')
	s.id = strconv.AppendUint(s.id, w.serial, 36)
}

// event appends the beginning that all our own formats share: id, type, time.
func (w *World) event(dst []byte, s *session, kind string) []byte {
	w.newID(s)
	dst = append(dst, `{"id":"`...)
	dst = append(dst, s.id...)
	dst = append(dst, '"')
	dst = str(dst, "type", kind)
	return stamp(dst, "occurred_at", s.at)
}

// rating appends a rating; metric and score come from the step.
func rating(dst []byte, st *step) []byte {
	dst = append(field(dst, "rating"), '{')
	dst = str(dst, "metric", st.field)
	return append(num(dst, "score", int64(st.n)), '}')
}
