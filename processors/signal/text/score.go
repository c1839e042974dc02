package text

import (
	"math"
	"slices"
)

// The rules' numbers, in steps of the lexicon unless said otherwise.
const (
	maxHits = 64

	reach      = 3    // words a negation reaches ahead
	reachBack  = 4    // words it reaches back, in languages where it may follow
	boostReach = 2    // words an intensifier reaches ahead
	boosted    = 1.3  // factor
	dampened   = 0.65 // factor
	shouting   = 1.2  // factor of a word in capitals
	stretching = 1.2  // factor of a stretched word
	repeated   = 0.3  // factor of an emoji that repeats the one before

	spoiled  = 0.8  // share of a pleasure that its negation turns into displeasure: 'not good'
	excused  = -0.2 // share of a displeasure that its negation leaves, as pleasure: 'not bad'
	unable   = 1.0  // displeasure of a capability that is denied: 'does not load'
	failing  = 2.0  // problem of the same
	before   = 0.6  // factor of what stands before a 'but'
	pleasing = 0.9  // what a pleasure takes away from a displeasure of the same size

	halfMood    = 8.0 // squared steps at which the mood is at 0.7
	halfProblem = 4.0 // squared steps at which the problem is at 0.7
	longText    = 30  // words from which a single hit says less
)

// hit is a word or phrase that says something.
type hit struct {
	displeasure float32
	problem     float32
	first, last uint16 // tokens
	intents     uint8
}

// verdict is what the hits add up to.
type verdict struct {
	displeasure, problem float32
	intents              uint8
	pos, neg             float64 // sums, for the confidence
}

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

// hit adds an entry that was found at token i, n tokens long, as its surroundings change it.
func (s *scratch) hit(v value, i, n int) {
	h := hit{
		displeasure: float32(v.displeasure) / quarters, problem: float32(v.problem) / quarters,
		first: uint16(i), last: uint16(i + n - 1), intents: v.intents,
	}
	if by := s.negation(i, i+n-1, h.displeasure < 0); by >= 0 {
		h.widen(by)
		h.intents = 0
		h.problem *= 0.1
		if h.displeasure < 0 {
			h.displeasure *= -spoiled
		} else {
			h.displeasure *= excused
		}
	}
	s.add(h, s.weight(i))
}

// denied adds a capability verb at token i when it is negated, from before or after, and not counted already.
func (s *scratch) denied(i int) {
	if n := s.hitCount; n > 0 && s.hits[n-1].problem == failing && i-int(s.hits[n-1].last) <= reach {
		return
	}
	by := s.negation(i, i, true)
	if by < 0 {
		return
	}
	h := hit{displeasure: unable, problem: failing, first: uint16(i), last: uint16(i)}
	h.widen(by)
	s.add(h, s.weight(i))
}

// widen makes the hit include the token that negates it, so that a person reads 'nobody helps' and not 'helps'.
func (h *hit) widen(by int) {
	h.first, h.last = min(h.first, uint16(by)), max(h.last, uint16(by))
}

// negation returns the token that turns the tokens from first to last: one before them, or one after them where the
// language allows and back is set; −1 when there is none.
func (s *scratch) negation(first, last int, back bool) int {
	for k := first - 1; k >= 0 && first-k <= reach; k-- {
		if s.tokens[k+1].gap >= comma || s.tokens[k].value.class&but != 0 {
			break
		}
		if s.tokens[k].value.class&negation != 0 {
			return k
		}
	}
	for k := last + 1; back && k < s.n && k-last <= reachBack; k++ {
		if s.tokens[k].gap >= comma || s.tokens[k].value.class&but != 0 {
			break
		}
		if s.tokens[k].value.class&negationAfter != 0 {
			return k
		}
	}
	return -1
}

// weight is how much louder or softer the word at token i is said.
func (s *scratch) weight(i int) float32 {
	w := float32(1)
	for k := i - 1; k >= 0 && i-k <= boostReach && s.tokens[k+1].gap < comma; k-- {
		switch class := s.tokens[k].value.class; {
		case class&more != 0:
			w *= boosted
		case class&less != 0:
			w *= dampened
		}
	}
	t := &s.tokens[i]
	if t.flags&shouted != 0 && s.shouts*2 <= s.n {
		w *= shouting
	}
	if t.flags&stretched != 0 {
		w *= stretching
	}
	if t.flags&symbol != 0 && i > 0 && s.tokens[i-1].hash == t.hash {
		w *= repeated
	}
	return w
}

func (s *scratch) add(h hit, weight float32) {
	if s.hitCount == maxHits {
		return
	}
	h.displeasure *= weight
	s.hits[s.hitCount] = h
	s.hitCount++
}

// turn makes what was said before a 'but' weigh less than what follows.
func (s *scratch) turn() {
	for i := range s.hits[:s.hitCount] {
		s.hits[i].displeasure *= before
	}
}

// sum adds the hits up.
func (s *scratch) sum() verdict {
	var v verdict
	problem := 0.0
	for i := range s.hits[:s.hitCount] {
		h := &s.hits[i]
		if h.displeasure > 0 {
			v.neg += float64(h.displeasure)
		} else {
			v.pos -= float64(h.displeasure)
		}
		problem += float64(h.problem)
		v.intents |= h.intents
	}
	if v.neg > 0 {
		v.neg *= 1 + 0.08*float64(min(s.exclaims, 3))
		if s.shouts*2 > s.n && s.n >= 4 {
			v.neg *= shouting
		}
	}
	length := min(1, math.Sqrt(longText/float64(max(s.n, 1))))
	v.displeasure = curve((v.neg-pleasing*v.pos)*length, halfMood)
	v.problem = curve(problem, halfProblem)
	return v
}

// curve brings a sum of steps into −1 … 1.
func curve(x, half float64) float32 {
	return float32(x / math.Sqrt(x*x+half))
}

// confidence is high when the language is known and the words agree, and low when nothing was found to go by.
func (s *scratch) confidence(t *tongue, v *verdict) float32 {
	known := 1.0
	if t.language == "" {
		known = 0.4
	}
	said := v.neg + v.pos
	if said == 0 {
		return float32(0.4 * known)
	}
	agree := math.Abs(v.neg-v.pos) / said
	return float32(known * (0.3 + 0.7*agree*said/(said+1.5)))
}

// maxWords is how many deciding words a mood names.
const maxWords = 5

// words returns what decided, most important first; nil for a text that says nothing.
func (s *scratch) words(text string, v *verdict) []string {
	if s.hitCount == 0 {
		return nil
	}
	hits := s.hits[:s.hitCount]
	slices.SortStableFunc(hits, func(a, b hit) int {
		switch x, y := a.size(), b.size(); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	out := make([]string, 0, maxWords)
	for _, h := range hits {
		w := text[s.tokens[h.first].start:s.tokens[h.last].end]
		if h.size() > 0 && len(out) < maxWords && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// size is how much a hit decided.
func (h hit) size() float32 {
	return max(h.displeasure, -h.displeasure) + h.problem/2
}
