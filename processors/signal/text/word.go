package text

import "unicode/utf8"

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
		if !tag && asciiLetter(text[i]) {
			i = s.plain(text, i, from, &sh)
			continue
		}
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

// plain reads the ASCII letters of a word from i on: what word does, faster, for most letters of most texts.
func (s *scratch) plain(text string, i, from int, sh *shape) int {
	norm, start, capitals := s.norm, i, 0
	last, run, longest := byte(sh.last), sh.run, sh.longest
	if sh.last >= utf8.RuneSelf {
		last = 0
	}
	for ; i < len(text) && asciiLetter(text[i]); i++ {
		c := text[i] | 0x20
		if c != text[i] {
			capitals++
		}
		if c != last {
			last, run = c, 0
		}
		if run++; run > longest {
			longest = run
		}
		if len(norm)-from < maxWordBytes {
			norm = append(norm, c)
		}
	}
	s.norm = norm
	s.latin += i - start
	sh.letters += i - start
	sh.capitals += capitals
	sh.small = text[i-1] >= 'a'
	sh.last, sh.run, sh.longest = rune(last), run, longest
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
	if tag {
		flags = tagged
	}
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
