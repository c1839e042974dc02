package text

import (
	"strings"
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
	tagged                // of a hashtag
)

// What parts a token from the one before it.
const (
	noBreak = iota
	comma
	sentence
	question // the sentence before it asks
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
	tokens    [maxTokens]token
	n         int
	norm      []byte
	gap       uint8 // what will part the next token from the last
	exclaims  int
	asks      int
	cyrillic  int     // letters
	latin     int     // letters
	foreign   bool    // Cyrillic letters that Russian does not have
	shouts    int     // words in capitals
	mentions  int     // @names
	hints     float32 // what words that say little add up to, in steps
	kept      [maxWords]hit
	keptCount int
	hits      [maxHits]hit
	hitCount  int
	seen      []uint32 // features
}

func (s *scratch) reset() {
	s.n, s.norm, s.gap, s.exclaims, s.asks = 0, s.norm[:0], sentence, 0, 0
	s.cyrillic, s.latin, s.foreign, s.shouts, s.hitCount = 0, 0, false, 0, 0
	s.mentions, s.hints, s.keptCount = 0, 0, 0
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

func asciiDigit(c byte) bool { return c >= '0' && c <= '9' }

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
