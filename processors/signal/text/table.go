package text

import "strings"

// maxPhrase is how many words a phrase may have.
const maxPhrase = 4

// hash of a word: FNV-1a over its normalised bytes, so that it can grow byte by byte over a word's prefixes.
const (
	hashSeed  = 0xcbf29ce484222325
	hashPrime = 0x100000001b3
)

func hashOf[T ~string | ~[]byte](s T) uint64 {
	h := uint64(hashSeed)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * hashPrime
	}
	return h
}

// numberHash is the hash of # in phrases.
var numberHash = hashOf("#")

// chain extends the hash of a phrase by the hash of its next word.
func chain(h, word uint64) uint64 {
	h = (h ^ word ^ word>>29) * 0x9e3779b97f4a7c15
	return h ^ h>>32
}

// table is an open hash table from hashes to values, at most a quarter full, read-only once built. Entries are told apart
// by their 64-bit hashes alone.
type table[V any] struct {
	shift uint
	keys  []uint64
	vals  []V
}

func newTable[V any](all map[uint64]V) table[V] {
	bits := uint(4)
	for 1<<bits < 4*len(all) {
		bits++
	}
	t := table[V]{shift: 64 - bits, keys: make([]uint64, 1<<bits), vals: make([]V, 1<<bits)}
	for h, v := range all {
		i := t.slot(h)
		for t.keys[i] != 0 {
			i = (i + 1) & (len(t.keys) - 1)
		}
		t.keys[i], t.vals[i] = h, v
	}
	return t
}

func (t *table[V]) slot(h uint64) int { return int(h * 0x9e3779b97f4a7c15 >> t.shift) }

func (t *table[V]) get(h uint64) (v V, ok bool) {
	for i := t.slot(h); ; i = (i + 1) & (len(t.keys) - 1) {
		switch t.keys[i] {
		case h:
			return t.vals[i], true
		case 0:
			return v, false
		}
	}
}

// filter says no for most hashes that are not in a table, in one look.
type filter [1 << 10]uint64 // 64 Ki bits

func (f *filter) add(h uint64)      { f[h>>54] |= 1 << (h >> 48 & 63) }
func (f *filter) has(h uint64) bool { return f[h>>54]&(1<<(h>>48&63)) != 0 }

// tongue is one language made ready for judging.
type tongue struct {
	language string
	words    table[value]
	prefixes table[value]
	phrases  table[value]
	maybe    filter // prefixes
	phrasing filter // phrases
	shortest int    // bytes of the shortest prefix
}

// newTongue builds a language from its lexicons; a later one overrules what an earlier one says of the same entry.
func newTongue(language string, lexicons []*Lexicon) *tongue {
	t := &tongue{language: language, shortest: 1 << 20}
	words, prefixes, phrases := map[uint64]value{}, map[uint64]value{}, map[uint64]value{}
	for _, lex := range lexicons {
		for _, l := range lex.entries {
			for _, w := range variants(l.words, language) {
				t.put(words, prefixes, phrases, w, l)
			}
		}
	}
	for h := range prefixes {
		t.maybe.add(h)
	}
	for h := range phrases {
		t.phrasing.add(h)
	}
	t.words, t.prefixes, t.phrases = newTable(words), newTable(prefixes), newTable(phrases)
	return t
}

func (t *tongue) put(words, prefixes, phrases map[uint64]value, w []string, l lexeme) {
	last := w[len(w)-1]
	if l.prefix {
		t.shortest = min(t.shortest, len(last))
	}
	switch {
	case len(w) > 1:
		mark(words, hashOf(w[0]), starts)
		if l.prefix {
			mark(prefixes, hashOf(last), tail)
		}
		h := hashOf(w[0])
		for _, next := range w[1:] {
			h = chain(h, hashOf(next))
		}
		if l.prefix {
			h = chain(h, tail)
		}
		merge(phrases, h, l.value)
	case l.prefix:
		merge(prefixes, hashOf(last), l.value)
	default:
		merge(words, hashOf(last), l.value)
	}
}

func mark(m map[uint64]value, h uint64, class uint16) {
	v := m[h]
	v.class |= class
	m[h] = v
}

// merge gives an entry its value and adds its class to those it has.
func merge(m map[uint64]value, h uint64, v value) {
	old := m[h]
	if v.class == 0 || v.class == neutral {
		v.class |= old.class &^ neutral
	} else {
		v.displeasure, v.problem, v.intents, v.class = old.displeasure, old.problem, old.intents, v.class|old.class
	}
	m[h] = v
}

// variants adds the spellings people use without the right keyboard: dont for don't, and in German ae for ä.
func variants(words []string, language string) [][]string {
	all := [][]string{words}
	add := func(r *strings.Replacer) {
		w := make([]string, len(words))
		same := true
		for i := range words {
			w[i] = r.Replace(words[i])
			same = same && w[i] == words[i]
		}
		if !same {
			all = append(all, w)
		}
	}
	add(strings.NewReplacer("'", ""))
	if language == "de" {
		add(strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue"))
	}
	return all
}
