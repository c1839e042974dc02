package text

import (
	"unicode"
	"unicode/utf8"
)

// grow appends a letter to the word that begins at from, up to the longest word kept.
func (s *scratch) grow(from int, r rune) {
	switch {
	case len(s.norm)-from >= maxWordBytes:
	case r < utf8.RuneSelf:
		s.norm = append(s.norm, byte(r))
	case r == 'ß':
		s.norm = append(s.norm, 's', 's')
	default:
		s.norm = utf8.AppendRune(s.norm, r)
	}
}

// count notes the script of a letter.
func (s *scratch) count(r rune) {
	switch {
	case r < 0x250:
		s.latin++
	case r >= 0x400 && r <= 0x52f:
		s.cyrillic++
		s.foreign = s.foreign || r == 'і' || r == 'ї' || r == 'є' || r == 'ґ' || r == 'ў'
	}
}

// lower returns the small letter of a letter (ё becomes е) and zero for what is no letter.
func lower(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		if r >= 'a' && r <= 'z' {
			return r
		}
		if r >= 'A' && r <= 'Z' {
			return r + 0x20
		}
		return 0
	case r == 'ё' || r == 'Ё':
		return 'е'
	case r >= 'а' && r <= 'я':
		return r
	case r >= 'А' && r <= 'Я':
		return r + 0x20
	case unicode.IsLetter(r):
		return unicode.ToLower(r)
	}
	return 0
}

func letterAt(text string, i int) bool {
	r, _ := utf8.DecodeRuneInString(text[i:])
	return lower(r) != 0
}

// compose joins a letter that was written as base and combining mark, as some phones send umlauts, й and ё.
func (s *scratch) compose(from int, mark rune) {
	base, size := utf8.DecodeLastRune(s.norm[from:])
	if size == 0 {
		return
	}
	joined := base
	switch {
	case mark == 0x308 && base == 'a':
		joined = 'ä'
	case mark == 0x308 && base == 'o':
		joined = 'ö'
	case mark == 0x308 && base == 'u':
		joined = 'ü'
	case mark == 0x308 && base == 'e':
		joined = 'ë'
	case mark == 0x306 && base == 'и':
		joined = 'й'
	}
	s.norm = utf8.AppendRune(s.norm[:len(s.norm)-size], joined)
}

// squeeze shortens runs of one letter in the word that begins at from to at most n.
func (s *scratch) squeeze(from, n int) {
	to, run := from, 0
	var last rune
	for i := from; i < len(s.norm); {
		r, size := utf8.DecodeRune(s.norm[i:])
		if r == last {
			run++
		} else {
			last, run = r, 1
		}
		if run <= n {
			to += copy(s.norm[to:], s.norm[i:i+size])
		}
		i += size
	}
	s.norm = s.norm[:to]
}
