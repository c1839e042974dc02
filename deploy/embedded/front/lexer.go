package front

import "strings"

// token is a word or a single mark of a statement, with the depth of brackets around it.
type token struct {
	text       string // upper case for a word, the mark itself otherwise, "'" for a string, "`" for a quoted name
	start, end int
	depth      int
}

// lexer cuts a statement into tokens. Blanks and comments are left out. It never fails: what it does not know is a mark.
type lexer struct {
	s     string
	i     int
	depth int
}

// next returns the next token; ok is false at the end.
func (l *lexer) next() (t token, ok bool) {
	l.skipBlanks()
	if l.i >= len(l.s) {
		return token{}, false
	}
	start, c := l.i, l.s[l.i]
	text := l.s[start : start+1]
	switch {
	case wordByte(c):
		for l.i < len(l.s) && wordByte(l.s[l.i]) {
			l.i++
		}
		text = strings.ToUpper(l.s[start:l.i])
	case c == '\'' || c == '"' || c == '`':
		l.skipQuoted(c)
		if c == '"' {
			text = "`"
		}
	case c == '$' && l.skipHeredoc():
		text = "'"
	default:
		l.i++
	}
	t = token{text: text, start: start, end: l.i, depth: l.depth}
	switch c {
	case '(', '[', '{':
		l.depth++
	case ')', ']', '}':
		l.depth--
		t.depth--
	}
	return t, true
}

func wordByte(c byte) bool {
	return c == '_' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (l *lexer) skipBlanks() {
	for l.i < len(l.s) {
		rest := l.s[l.i:]
		switch {
		case strings.IndexByte(" \t\r\n\v\f\x00", rest[0]) >= 0:
			l.i++
		case strings.HasPrefix(rest, "--") || strings.HasPrefix(rest, "#!") || strings.HasPrefix(rest, "# "):
			l.skipPast("\n", 0)
		case strings.HasPrefix(rest, "/*"):
			l.skipPast("*/", 2)
		default:
			return
		}
	}
}

// skipPast moves behind the next end, looking from offset on, or to the end of the text.
func (l *lexer) skipPast(end string, offset int) {
	if at := strings.Index(l.s[l.i+offset:], end); at >= 0 {
		l.i += offset + at + len(end)
		return
	}
	l.i = len(l.s)
}

// skipQuoted moves behind a quoted text. A quote written twice inside is two texts side by side, which is as good.
func (l *lexer) skipQuoted(quote byte) {
	for l.i++; l.i < len(l.s); l.i++ {
		switch l.s[l.i] {
		case '\\':
			l.i++
		case quote:
			l.i++
			return
		}
	}
	l.i = len(l.s)
}

// skipHeredoc moves behind $tag$ … $tag$, if there is one here.
func (l *lexer) skipHeredoc() bool {
	rest := l.s[l.i:]
	n := 1
	for n < len(rest) && wordByte(rest[n]) {
		n++
	}
	if n >= len(rest) || rest[n] != '$' {
		return false
	}
	tag := rest[:n+1]
	at := strings.Index(rest[len(tag):], tag)
	if at < 0 {
		return false
	}
	l.i += 2*len(tag) + at
	return true
}
