package text

import (
	"math"
	"slices"
)

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
func (s *scratch) words(text string) []string {
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

// sign is 1 for a hit that displeases, −1 for one that pleases.
func (h hit) sign() int8 {
	switch {
	case h.displeasure > 0:
		return 1
	case h.displeasure < 0:
		return -1
	}
	return 0
}

// Match is a word or phrase that decided, as it was written, with its part in the verdict.
type Match struct {
	Words string  `json:"words"`
	Share float32 `json:"share"` // of all that was found, 0 … 1
	Sign  int8    `json:"sign"`  // 1 displeases, −1 pleases, 0 only tells of a problem or an intent
}

// Matches returns what decided a text's verdict by the words of a language, as Judge returned it, most important first; at
// most maxWords, so that the shares may add up to less than 1.
func (e *Engine) Matches(text, language string) []Match {
	t := e.none
	if i := indexOf(e.tongues, language); i >= 0 {
		t = e.tongues[i]
	}
	s := e.pool.Get().(*scratch)
	defer e.pool.Put(s)
	s.tokenise(text)
	t.score(s)
	words := s.words(text)
	matches := make([]Match, len(words))
	total := float32(0)
	for _, h := range s.hits[:s.hitCount] {
		total += h.size()
		i := slices.Index(words, text[s.tokens[h.first].start:s.tokens[h.last].end])
		if i >= 0 {
			matches[i].Words = words[i]
			matches[i].Share += h.size()
			matches[i].Sign = h.sign()
		}
	}
	for i := range matches {
		matches[i].Share /= total
	}
	return matches
}
