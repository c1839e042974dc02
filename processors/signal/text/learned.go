package text

import (
	"slices"
	"strings"

	"touchwatch/processors/signal/text/linear"
)

// unhappy is the displeasure at which a text counts as negative by default; a model's limit is brought to it.
const unhappy = 0.35

// With returns an engine that judges displeasure by a model together with the rules, in the languages that the model was
// trained on; problems, intents and all other languages stay with the rules.
func (e *Engine) With(m *linear.Model) *Engine {
	learned := &Engine{tongues: e.tongues, russian: e.russian, none: e.none, ballot: e.ballot, intents: e.intents, model: m}
	learned.pool.New = e.pool.New
	return learned
}

// refine replaces the rules' displeasure by what the model makes of it. It returns the chance that the text is negative.
func (e *Engine) refine(s *scratch, v *verdict, language string) (chance float32, ok bool) {
	if e.model == nil || s.n == 0 || !slices.Contains(e.model.Info.Languages, language) {
		return 0, false
	}
	dense := s.dense(v)
	chance = e.model.Chance(s.features(), &dense)
	v.displeasure = blend(chance, e.model.Limit(), v.displeasure)
	return chance, true
}

// blend turns a chance into a displeasure: the limit becomes what counts as negative, and what is below it may be a
// pleasure when the rules say so.
func blend(chance, limit, rules float32) float32 {
	if chance >= limit {
		return unhappy + (1-unhappy)*(chance-limit)/(1-limit)
	}
	part := chance / limit
	return min(unhappy*part+min(rules, 0)*(1-part), unhappy-0.001)
}

// certain is the confidence in a model's chance: none at its limit, full at the ends.
func certain(chance, limit float32) float32 {
	if chance >= limit {
		return 0.4 + 0.6*(chance-limit)/(1-limit)
	}
	return 0.4 + 0.6*(limit-chance)/limit
}

// weighty is how many units of a weight a word needs to be named as deciding.
const weighty = 8

// learnedWords names the words that spoke most for a negative text, for when the rules found none.
func (e *Engine) learnedWords(s *scratch, text string) []string {
	type named struct {
		word   string
		weight int
	}
	var all []named
	for i := range s.tokens[:s.n] {
		t := &s.tokens[i]
		s.seen = s.seen[:0]
		s.feature(wordFeature, hashOf(s.norm[t.from:t.to]))
		s.grams(s.norm[t.from:t.to])
		weight := 0
		for _, f := range s.seen {
			weight += e.model.Weight(f)
		}
		if weight >= weighty {
			all = append(all, named{strings.ToValidUTF8(text[t.start:t.end], ""), weight})
		}
	}
	slices.SortStableFunc(all, func(a, b named) int { return b.weight - a.weight })
	var words []string
	for _, n := range all {
		if len(words) < 3 && n.word != "" && !slices.Contains(words, n.word) {
			words = append(words, n.word)
		}
	}
	return words
}
