package text

import (
	"strings"
	"unicode/utf8"
)

// wide reads what begins with a rune beyond ASCII: a word, an emoji, or typographic punctuation.
func (s *scratch) wide(text string, i int) int {
	r, size := utf8.DecodeRuneInString(text[i:])
	switch {
	case lower(r) != 0:
		return s.word(text, i, false)
	case r == '…' || r == '。' || r == '\u2028':
		s.gap = sentence
	case r == '–' || r == '—' || r == '„' || r == '“' || r == '”' || r == '«' || r == '»':
		s.gap = max(s.gap, comma)
	case r >= 0x203c && r != 0xfe0f && (r < 0x1f3fb || r > 0x1f3ff) && r != utf8.RuneError:
		from := len(s.norm)
		s.norm = utf8.AppendRune(s.norm, r)
		s.push(i, i+size, from, symbol)
	}
	return i + size
}

// punctuation reads marks, emoticons, hashtags and @names.
func (s *scratch) punctuation(text string, i int) int {
	c := text[i]
	if n := emoticon(text, i); n > 0 {
		from := len(s.norm)
		s.norm = append(s.norm, text[i:i+n]...)
		if c == '(' || c == ')' {
			s.norm = s.norm[:from+2] // any number of them says the same
		}
		s.push(i, i+n, from, symbol)
		return i + n
	}
	switch c {
	case '!':
		s.exclaims++
		s.gap = max(s.gap, sentence)
	case '?':
		s.asks++
		s.gap = question
	case '.', ';', '\n':
		s.gap = max(s.gap, sentence)
		if c == '\n' {
			return skipQuoted(text, i+1)
		}
	case ',', ':', '(', ')', '"':
		s.gap = max(s.gap, comma)
	case '#':
		return s.hashtag(text, i+1)
	case '@':
		return s.name(text, i+1)
	case '>':
		if i == 0 {
			return skipQuoted(text, i)
		}
	}
	return i + 1
}

// hashtag reads the words of a tag; a # that begins none is skipped.
func (s *scratch) hashtag(text string, i int) int {
	for i < len(text) && s.n < maxTokens && letterAt(text, i) {
		i = s.word(text, i, true)
	}
	return i
}

// name skips an @name and notes that somebody is called.
func (s *scratch) name(text string, i int) int {
	if i < len(text) && (asciiLetter(text[i]) || text[i] == '_') {
		s.mentions++
	}
	for i < len(text) && (asciiLetter(text[i]) || asciiDigit(text[i]) || text[i] == '_' || text[i] == '.' || text[i] == '-') {
		i++
	}
	return i
}

// emoticon returns the length of the emoticon that begins at i, zero for none: eyes, a nose perhaps, a mouth (":-(");
// a heart "<3"; two or more closing or opening brackets, which are smiles where people leave out the eyes.
func emoticon(text string, i int) int {
	rest := text[i:min(i+5, len(text))]
	switch rest[0] {
	case ':', ';', '=':
		return face(rest)
	case '>':
		if len(rest) > 2 && (rest[1] == ':' || rest[1] == ';') {
			if n := face(rest[1:]); n > 0 {
				return n + 1
			}
		}
	case '<':
		if strings.HasPrefix(rest, "<3") {
			return 2
		}
	case '-':
		if strings.HasPrefix(rest, "-_-") || strings.HasPrefix(rest, "-.-") {
			return 3
		}
	case '(', ')':
		n := 1
		for i+n < len(text) && text[i+n] == rest[0] {
			n++
		}
		if n >= 2 {
			return n
		}
	}
	return 0
}

// face returns the length of eyes, nose and mouth. "://" is an address and "=d" the end of a formula.
func face(s string) int {
	n := 1
	if n < len(s) && (s[n] == '-' || s[n] == '\'' || s[n] == 'o') {
		n++
	}
	if n == len(s) {
		return 0
	}
	switch s[n] {
	case ')', '(', '|', '*', ']', '[':
	case '/', '\\':
		if s[0] != ':' || (n+1 < len(s) && s[n+1] > ' ') {
			return 0
		}
	case 'D', 'P', 'p', 'd':
		if n+1 < len(s) && (asciiLetter(s[n+1]) || asciiDigit(s[n+1])) {
			return 0
		}
	default:
		return 0
	}
	return n + 1
}
