package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is judged. A text's mood shows in its first words; the rest is quoted mail and addresses.
const (
	maxTokens    = 320
	maxWordBytes = 56 // of a word after normalising; the rest of a longer one is skipped
)

// Flags of a token.
const (
	shouted   = 1 << iota // in capitals
	stretched             // a letter three times or more
	numeral               // digits, or a number word
	symbol                // emoji or emoticon
)

// What parts a token from the one before it.
const (
	noBreak = iota
	comma
	sentence
)

// token is a word, number, emoji or emoticon of a text.
type token struct {
	hash       uint64
	tail       uint64 // hash of the longest prefix of the word that ends phrases, 0 for none; known once tailed is set
	value      value
	start, end uint32 // in the text
	from, to   uint32 // its normalised form, in scratch.norm
	flags      uint8
	gap        uint8
	tailed     bool
}

// scratch is the memory of one judgement. It is reused, so that judging allocates nothing.
type scratch struct {
	tokens   [maxTokens]token
	n        int
	norm     []byte
	gap      uint8 // what will part the next token from the last
	exclaims int
	asks     int
	cyrillic int  // letters
	latin    int  // letters
	foreign  bool // Cyrillic letters that Russian does not have
	shouts   int  // words in capitals
	hits     [maxHits]hit
	hitCount int
}

func (s *scratch) reset() {
	s.n, s.norm, s.gap, s.exclaims, s.asks = 0, s.norm[:0], sentence, 0, 0
	s.cyrillic, s.latin, s.foreign, s.shouts, s.hitCount = 0, 0, false, 0, 0
}

// tokenise cuts a text into tokens. Lines that quote somebody (>), addresses and @names are skipped.
func (s *scratch) tokenise(text string) {
	s.reset()
	for i := 0; i < len(text) && s.n < maxTokens; {
		c := text[i]
		switch {
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case c < utf8.RuneSelf && (asciiLetter(c) || asciiDigit(c)):
			i = s.ascii(text, i)
		case c >= utf8.RuneSelf:
			i = s.wide(text, i)
		default:
			i = s.punctuation(text, i)
		}
	}
}

func asciiLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func asciiDigit(c byte) bool  { return c >= '0' && c <= '9' }

// ascii reads a word, a number or an address that begins with an ASCII letter or digit.
func (s *scratch) ascii(text string, i int) int {
	if asciiDigit(text[i]) {
		return s.digits(text, i)
	}
	if (text[i]|0x20 == 'h' || text[i]|0x20 == 'w') && isAddress(text[i:]) {
		return skipAddress(text, i)
	}
	return s.word(text, i, false)
}

func isAddress(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "www.") || strings.HasPrefix(s, "HTTPS://")
}

// skipAddress skips to the next white space.
func skipAddress(text string, i int) int {
	for i < len(text) && text[i] > ' ' {
		i++
	}
	return i
}

// digits reads a number; separators between digits belong to it.
func (s *scratch) digits(text string, start int) int {
	i := start
	for i < len(text) && (asciiDigit(text[i]) || (i+1 < len(text) && asciiDigit(text[i+1]) && strings.IndexByte(".,:", text[i]) >= 0)) {
		i++
	}
	from := len(s.norm)
	s.norm = append(s.norm, text[start:min(i, start+maxWordBytes)]...)
	s.push(start, i, from, numeral)
	return i
}

// shape is what word learns about the letters it reads.
type shape struct {
	letters, capitals int
	run, longest      int  // of one letter
	last              rune // the letter before, small; 0 after an apostrophe
	small             bool // the letter before was small
}

// word reads a run of letters and inner apostrophes from text[start] on. In a hashtag a capital after a small letter
// begins a new word.
func (s *scratch) word(text string, start int, tag bool) int {
	from, i := len(s.norm), start
	var sh shape
	for i < len(text) {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		if low := lower(r); low != 0 {
			if tag && low != r && sh.small {
				break
			}
			sh.letter(low, low != r)
			s.count(low)
			s.grow(from, low)
		} else if !s.inside(text, i, size, r, from, &sh) {
			break
		}
		i += size
	}
	if i+1 < len(text) && text[i] == '@' && text[i+1] > ' ' {
		s.norm = s.norm[:from]
		return skipAddress(text, i)
	}
	s.push(start, i, from, s.flags(&sh, from, tag))
	return i
}

// inside takes what may stand inside a word and is no letter: an apostrophe before a letter, or a combining mark.
func (s *scratch) inside(text string, i, size int, r rune, from int, sh *shape) bool {
	switch {
	case (r == '\'' || r == '’') && i+size < len(text) && letterAt(text, i+size):
		s.grow(from, '\'')
		sh.last, sh.run = 0, 1
	case r == 0x308 || r == 0x306:
		s.compose(from, r)
	default:
		return false
	}
	return true
}

func (sh *shape) letter(low rune, capital bool) {
	sh.letters++
	if capital {
		sh.capitals++
	}
	sh.small = !capital
	if low != sh.last {
		sh.last, sh.run = low, 0
	}
	sh.run++
	sh.longest = max(sh.longest, sh.run)
}

// flags marks a word in capitals and one with a stretched letter, which it shortens to two.
func (s *scratch) flags(sh *shape, from int, tag bool) uint8 {
	var flags uint8
	if !tag && sh.capitals == sh.letters && sh.letters >= 3 {
		flags |= shouted
		s.shouts++
	}
	if sh.longest >= 3 {
		flags |= stretched
		s.squeeze(from, 2)
	}
	return flags
}

// push adds the token whose normalised form is s.norm[from:].
func (s *scratch) push(start, end, from int, flags uint8) {
	if len(s.norm) == from {
		return
	}
	t := &s.tokens[s.n]
	*t = token{hash: hashOf(s.norm[from:]), start: uint32(start), end: uint32(end), from: uint32(from), to: uint32(len(s.norm)), flags: flags, gap: s.gap}
	s.n++
	s.gap = noBreak
}

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
