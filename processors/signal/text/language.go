package text

import "strings"

// Votes that decide a language: what a frequent word and what any other known word is worth, how far ahead of the next a
// language must be, and how far ahead of what the source says to overrule it.
const (
	stopVote = 3
	wordVote = 1
	lead     = 1
	overrule = 9
)

// ballot says which languages know a word: a byte of weight for each of them.
type ballot struct {
	table table[uint64]
}

// voters is how many words of a text vote; their sum stays within a byte.
const voters = 255 / stopVote

// newBallot lets each language vote with its stop words and its other words. A word that several languages know counts
// less for each of them.
func newBallot(tongues []*tongue, lexicons []*Lexicon) ballot {
	type weights [maxLanguages]int
	all := map[uint64]*weights{}
	for _, lex := range lexicons {
		k := indexOf(tongues, lex.Language)
		if k < 0 {
			continue
		}
		for _, l := range lex.entries {
			if l.prefix || len(l.words) > 1 {
				continue
			}
			h := hashOf(l.words[0])
			if all[h] == nil {
				all[h] = new(weights)
			}
			w := wordVote
			if l.value.class&stop != 0 {
				w = stopVote
			}
			all[h][k] = max(all[h][k], w)
		}
	}
	packed := make(map[uint64]uint64, len(all))
	for h, w := range all {
		for k, n := range w {
			packed[h] |= uint64(n) << (8 * k)
		}
	}
	return ballot{newTable(packed)}
}

// maxLanguages is how many languages a ballot has room for.
const maxLanguages = 8

func indexOf(tongues []*tongue, language string) int {
	for i, t := range tongues {
		if t.language == language {
			return i
		}
	}
	return -1
}

// choose returns the language to judge a text by, and what to call it. It trusts in this order: the script, a clear vote
// of the words, what the source (or the customer's last text) says, a vote of the words. A language that is known but not
// spoken here has a name and no tongue.
func (e *Engine) choose(s *scratch, said string) (*tongue, string) {
	said = primary(said)
	if s.cyrillic > s.latin {
		switch {
		case s.foreign || (said != "" && said != "ru" && !e.latin(said)):
			return e.none, said
		case e.russian != nil:
			return e.russian, "ru"
		}
		return e.none, said
	}
	if said != "" && said != "ru" && indexOf(e.tongues, said) < 0 {
		return e.none, said
	}
	count := e.ballot.count(s)
	best := 0
	for k := range e.tongues {
		if count[k] > count[best] {
			best = k
		}
	}
	if k := indexOf(e.tongues, said); k >= 0 && said != "ru" && count[best] < count[k]+overrule {
		return e.tongues[k], said
	}
	if len(e.tongues) == 0 || count[best]-second(count[:len(e.tongues)], best) < lead {
		return e.none, ""
	}
	return e.tongues[best], e.tongues[best].language
}

// count adds up the votes of the first words of a text, by language.
func (b *ballot) count(s *scratch) (count [maxLanguages]int) {
	sum := uint64(0)
	for i := range s.tokens[:min(s.n, voters)] {
		v, _ := b.table.get(s.tokens[i].hash)
		sum += v
	}
	for k := range count {
		count[k] = int(sum >> (8 * k) & 0xff)
	}
	return count
}

// latin reports whether a language that is spoken here is written in Latin letters: a Russian text with it is a browser's
// setting, not a Bulgarian.
func (e *Engine) latin(language string) bool {
	return language != "ru" && indexOf(e.tongues, language) >= 0
}

// second returns the highest count beside the best.
func second(count []int, best int) int {
	most := 0
	for k, n := range count {
		if k != best {
			most = max(most, n)
		}
	}
	return most
}

// primary returns the language of a tag such as "de-AT" or "de_DE", in small letters.
func primary(tag string) string {
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	if len(tag) != 2 {
		return ""
	}
	return strings.ToLower(tag)
}
