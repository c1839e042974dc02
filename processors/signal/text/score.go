package text

import "math"

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
	supposed   = 0.5  // factor of what an asking sentence only supposes: 'what if it breaks?'
	repeated   = 0.3  // factor of an emoji that repeats the one before

	spoiled  = 0.8  // share of a pleasure that its negation turns into displeasure: 'not good'
	excused  = -0.2 // share of a displeasure that its negation leaves, as pleasure: 'not bad'
	unable   = 0.5  // displeasure of a capability that is denied: 'does not load'
	failing  = 2.0  // problem of the same
	before   = 0.6  // factor of what stands before a 'but'
	pleasing = 0.9  // what a pleasure takes away from a displeasure of the same size

	hint    = 0.5  // displeasure or pleasure up to which an entry is a hint: it says little
	hinted  = 1.6  // what any number of hints stays below: it takes many, and nothing pleasant, to be unhappy by hints alone
	called  = 2.3  // the same in a text that calls somebody by @name: many hints told in public are a complaint
	soaking = 0.75 // sum of hints that says half of that
	asking  = 0.8  // factor of a displeasure that asks, aloud to nobody, and says nothing as strong as
	strong  = 2.0  // this
	curt    = 1    // words up to which a sentence that praises after bad news mocks: 'The site is down again. Brilliant.'
	mocked  = 0.9  // displeasure up to there, or
	failed  = 1.75 // problem up to there, from which the news is bad
	firmly  = 0.8  // displeasure from which the threat of an entry is believed of anybody
	grieved = 0.25 // displeasure of each step of problem that is told in public, to the company
	urged   = 0.08 // and of each ! behind it
	broken  = 3.0  // problem up to which this counts

	halfMood    = 6.0 // squared steps at which the mood is at 0.7
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

// hit adds an entry that was found at token i, n tokens long, as its surroundings change it.
func (s *scratch) hit(v value, i, n int) {
	if v.hints() {
		s.hint(v, i, n)
		return
	}
	h := hit{
		displeasure: float32(v.displeasure) / quarters, problem: float32(v.problem) / quarters,
		first: uint16(i), last: uint16(i + n - 1), intents: v.intents,
	}
	if by := s.negation(i, i+n-1, h.displeasure < 0); by >= 0 && v.intents&thanks == 0 {
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

// hint adds up an entry that says little, and keeps the first displeasing ones for when nothing else says more.
func (s *scratch) hint(v value, i, n int) {
	h := hit{displeasure: float32(v.displeasure) / quarters, first: uint16(i), last: uint16(i + n - 1)}
	s.hints += h.displeasure
	if h.displeasure > 0 && s.keptCount < maxWords {
		s.kept[s.keptCount] = h
		s.keptCount++
	}
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
	if s.supposed(int(h.first)) {
		weight *= supposed
		h.problem *= supposed
	}
	h.displeasure *= weight
	s.hits[s.hitCount] = h
	s.hitCount++
}

// supposed reports whether token i stands behind an 'if', in the same clause, of a sentence that asks.
func (s *scratch) supposed(i int) bool {
	if s.asks == 0 {
		return false
	}
	for k := i - 1; s.tokens[k+1].gap < comma; k-- {
		if s.tokens[k].value.class&supposes != 0 {
			return s.asked(i)
		}
	}
	return false
}

// asked reports whether the sentence of token i ends with a question mark.
func (s *scratch) asked(i int) bool {
	for k := i + 1; k < s.n; k++ {
		if gap := s.tokens[k].gap; gap >= sentence {
			return gap == question
		}
	}
	return s.gap == question
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
	problem, firm, worst := 0.0, uint8(0), float32(0)
	s.mock()
	for i := range s.hits[:s.hitCount] {
		h := &s.hits[i]
		if h.displeasure > 0 {
			v.neg += float64(h.displeasure)
			worst = max(worst, h.displeasure)
		} else {
			v.pos -= float64(h.displeasure)
		}
		problem += float64(h.problem)
		v.intents |= h.intents
		if h.displeasure >= firmly {
			firm |= h.intents
		}
	}
	v.neg += s.grievance(problem)
	if hints := s.hinted(); hints > 0 {
		v.neg += hints
	} else {
		v.pos -= hints
	}
	if v.neg > 0 {
		v.neg *= 1 + 0.08*float64(min(s.exclaims, 3))
		if s.shouts*2 > s.n && s.n >= 4 {
			v.neg *= shouting
		}
	}
	if s.asks > 0 && s.mentions == 0 && s.exclaims == 0 && worst < strong {
		v.neg *= asking
	}
	length := min(1, math.Sqrt(longText/float64(max(s.n, 1))))
	v.displeasure = curve((v.neg-pleasing*v.pos)*length, halfMood)
	v.problem = curve(problem, halfProblem)
	switch {
	case v.displeasure < unhappy:
		v.intents &= firm | ^threats
	case worst == 0: // so that a person sees why
		s.hitCount += copy(s.hits[s.hitCount:], s.kept[:s.keptCount])
	}
	return v
}

// mock turns a praise that stands alone, in a sentence of its own after bad news, into displeasure. Thanks are politeness, and
// who exclaims means it.
func (s *scratch) mock() {
	if s.exclaims > 0 {
		return
	}
	displeasure, problem := float32(0), float32(0)
	for i := range s.hits[:s.hitCount] {
		h := &s.hits[i]
		if h.displeasure < 0 && h.intents == 0 && (displeasure >= mocked || problem >= failed) && s.alone(h) {
			h.displeasure *= -spoiled
		}
		displeasure += h.displeasure
		problem += h.problem
		if h.displeasure < 0 {
			problem = 0
		}
	}
}

// alone reports whether a hit is a sentence, not the first one, of curt words at most.
func (s *scratch) alone(h *hit) bool {
	from := int(h.first)
	for from > 0 && s.tokens[from].gap < sentence {
		from--
	}
	to := int(h.last) + 1
	for to < s.n && s.tokens[to].gap < sentence {
		to++
	}
	return from > 0 && to-from <= curt
}

// hinted is what the hints say together: the more there are, the less each adds.
func (s *scratch) hinted() float64 {
	sum, most := float64(s.hints), hinted
	if s.mentions > 0 && sum > 0 {
		most = called
	}
	return most * sum / (math.Abs(sum) + soaking)
}

// grievance is the displeasure in the report of a problem: none when it is told to somebody who helps, some when it is called out to
// the company before everybody, unless it is asked.
func (s *scratch) grievance(problem float64) float64 {
	per := urged * float64(min(s.exclaims, 3))
	if s.mentions > 0 {
		per += grieved
	}
	return per * min(problem, broken)
}

// curve brings a sum of steps into −1 … 1.
func curve(x, half float64) float32 {
	return float32(x / math.Sqrt(x*x+half))
}
