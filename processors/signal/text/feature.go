package text

import (
	"unicode/utf8"

	"touchwatch/processors/signal/text/linear"
)

// Kinds of hashed feature, so that the word 'lost' and the four letters 'lost' are not one.
const (
	wordFeature = iota + 1
	pairFeature
	gramFeature
)

const (
	gramLetters = 4   // of a character n-gram
	maxFeatures = 512 // of one text; what is longer says it in its first words
)

// features fills s.features with what a model sees of the text: words, pairs of words, and runs of four letters of
// words with their borders.
func (s *scratch) features() []uint32 {
	s.seen = s.seen[:0]
	before := uint64(hashSeed)
	for i := range s.tokens[:s.n] {
		word := hashOf(s.norm[s.tokens[i].from:s.tokens[i].to])
		s.feature(wordFeature, word)
		s.feature(pairFeature, chain(before, word))
		s.grams(s.norm[s.tokens[i].from:s.tokens[i].to])
		before = word
	}
	return s.seen
}

func (s *scratch) feature(kind, hash uint64) {
	if len(s.seen) < maxFeatures {
		s.seen = append(s.seen, bucket(kind, hash))
	}
}

func bucket(kind, hash uint64) uint32 {
	return uint32(chain(kind, hash)>>40) % linear.Buckets
}

// grams adds the runs of four letters of a word; its borders count as a letter each.
func (s *scratch) grams(word []byte) {
	var begins [gramLetters]int // of the last letters
	letters := 0
	for i := 0; i <= len(word); {
		begins[letters%gramLetters] = i
		letters++
		if letters >= gramLetters-1 {
			from, h := 0, uint64(hashSeed)
			if letters >= gramLetters {
				from = begins[letters%gramLetters]
			} else {
				h = ' ' // the border in front
			}
			size := 0
			if i < len(word) {
				_, size = utf8.DecodeRune(word[i:])
			}
			for _, c := range word[from : i+size] {
				h = (h ^ uint64(c)) * hashPrime
			}
			if i == len(word) {
				h = (h ^ ' ') * hashPrime
			}
			s.feature(gramFeature, h)
		}
		if i == len(word) {
			return
		}
		_, size := utf8.DecodeRune(word[i:])
		i += size
	}
}

// dense is what else a model sees: the rules' displeasure, the part of it that is one, the problem, and how much is shouted.
func (s *scratch) dense(v *verdict) [linear.Dense]float32 {
	loud := float32(s.shouts)/float32(max(s.n, 1)) + 0.2*float32(min(s.exclaims, 3))
	return [linear.Dense]float32{v.displeasure, max(v.displeasure-unhappy, 0), v.problem, min(loud, 1)}
}

// Example is a text as training wants it, with the rules' displeasure and the language it was judged by.
func (e *Engine) Example(text, lang string, negative bool) (example linear.Example, displeasure float32, language string) {
	s := e.pool.Get().(*scratch)
	defer e.pool.Put(s)
	s.tokenise(text)
	t, language := e.choose(s, lang)
	v := t.score(s)
	return linear.Example{Features: append([]uint32(nil), s.features()...), Dense: s.dense(&v), Negative: negative}, v.displeasure, language
}
