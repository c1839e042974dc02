package text

// score judges the tokens by the words of one language.
func (t *tongue) score(s *scratch) verdict {
	t.lookUp(s)
	for i := 0; i < s.n; {
		i += t.read(s, i)
	}
	return s.sum()
}

// lookUp gives every token its value.
func (t *tongue) lookUp(s *scratch) {
	for i := range s.tokens[:s.n] {
		tok := &s.tokens[i]
		tok.value, tok.tail, tok.tailed = value{}, 0, false
		v, ok := t.words.get(tok.hash)
		if !ok && tok.flags&stretched != 0 {
			if squeezed := s.single(tok); squeezed != tok.hash {
				if v, ok = t.words.get(squeezed); ok {
					tok.hash = squeezed
				}
			}
		}
		if tok.flags&symbol == 0 && !v.says() && v.class&(stop|neutral) == 0 {
			v = t.byPrefix(s, tok, v)
			if tok.flags&tagged != 0 && !v.says() {
				v = t.glued(s.norm[tok.from:tok.to], v)
			}
		}
		if tok.flags&numeral != 0 {
			n, _ := t.words.get(numberHash)
			v.class |= number | n.class&starts
		}
		tok.value = v
	}
}

// single returns the hash of a stretched word with every run of a letter shortened to one.
func (s *scratch) single(tok *token) uint64 {
	from := len(s.norm)
	s.norm = append(s.norm, s.norm[tok.from:tok.to]...)
	s.squeeze(from, 1)
	h := hashOf(s.norm[from:])
	s.norm = s.norm[:from]
	return h
}

// byPrefix returns the value of the longest prefix entry of a word, beside the class the word has of its own, and notes
// the longest one that ends phrases.
func (t *tongue) byPrefix(s *scratch, tok *token, own value) value {
	h := uint64(hashSeed)
	found := own
	tok.tailed = true
	for i, c := range s.norm[tok.from:tok.to] {
		h = (h ^ uint64(c)) * hashPrime
		if i+1 < t.shortest || !t.maybe.has(h) {
			continue
		}
		v, ok := t.prefixes.get(h)
		if !ok {
			continue
		}
		if v.class&tail != 0 {
			tok.tail = h
		}
		if v.says() || v.class&neutral != 0 {
			found = v
			found.class = v.class&^tail | own.class
		}
	}
	return found
}

// Bounds of what is looked for in a tag whose words are not told apart by capitals.
const (
	gluedBytes = 4 // of a word at its beginning or end
	gluedValue = 6 // quarters of displeasure: weaker words are found in too many others
)

// glued returns the strongest displeasure of a word that begins or ends a tag such as #bahnfail or #worstairline, own when
// there is none.
func (t *tongue) glued(tag []byte, own value) value {
	best := own
	keep := func(h uint64) {
		if v, ok := t.words.get(h); ok && v.displeasure >= gluedValue && v.displeasure > best.displeasure {
			best.displeasure, best.problem = v.displeasure, v.problem
		}
	}
	h := uint64(hashSeed)
	for i, c := range tag {
		h = (h ^ uint64(c)) * hashPrime
		if i+1 >= gluedBytes {
			keep(h)
		}
	}
	for from := 1; from <= len(tag)-gluedBytes; from++ {
		keep(hashOf(tag[from:]))
	}
	return best
}

// tailOf returns the hash of the longest prefix of token i that ends phrases, zero for none.
func (t *tongue) tailOf(s *scratch, i int) uint64 {
	if tok := &s.tokens[i]; !tok.tailed {
		t.byPrefix(s, tok, value{})
	}
	return s.tokens[i].tail
}

// read judges what begins at token i, the longest phrase or the word, and returns how many tokens it took.
func (t *tongue) read(s *scratch, i int) int {
	v, n := s.tokens[i].value, 1
	if v.class&starts != 0 {
		if phrase, words := t.phrase(s, i); words > 0 {
			v, n = phrase, words
			s.spend(i, n)
		}
	}
	if v.class&but != 0 && n == 1 {
		s.turn()
	}
	switch {
	case v.says():
		s.hit(v, i, n)
	case v.class&can != 0:
		s.denied(i)
	}
	return n
}

// phrase returns the longest phrase that begins at token i and how many tokens it takes, zero when there is none.
func (t *tongue) phrase(s *scratch, i int) (best value, words int) {
	literal := s.tokens[i].hash
	general := s.general(i)
	for n := 1; n < maxPhrase && i+n < s.n && s.tokens[i+n].gap < sentence; n++ {
		if end := t.tailOf(s, i+n); end != 0 {
			if v, ok := t.lookPhrase(chain(chain(literal, end), tail), chain(chain(general, end), tail)); ok {
				best, words = v, n+1
			}
		}
		literal, general = chain(literal, s.tokens[i+n].hash), chain(general, s.general(i+n))
		if v, ok := t.lookPhrase(literal, general); ok {
			best, words = v, n+1
		}
	}
	return best, words
}

// spend makes the words of a phrase say no more than the phrase does: the 'no' of 'no problem' negates nothing else.
func (s *scratch) spend(i, n int) {
	for k := i; k < i+n; k++ {
		s.tokens[k].value.class &^= negation | negationAfter | more | less | but
	}
}

// general returns the hash of a token with # for a number.
func (s *scratch) general(i int) uint64 {
	if t := &s.tokens[i]; t.value.class&number == 0 {
		return t.hash
	}
	return numberHash
}

func (t *tongue) lookPhrase(literal, general uint64) (value, bool) {
	if t.phrasing.has(literal) {
		if v, ok := t.phrases.get(literal); ok {
			return v, true
		}
	}
	if general != literal && t.phrasing.has(general) {
		return t.phrases.get(general)
	}
	return value{}, false
}
