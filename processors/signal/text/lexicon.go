package text

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Lexicon is one language's words, read from a file of sections:
//
//	// a comment
//	language en                       the first line that is no comment; "any" applies whatever the language
//	[displeasure 2, problem 1.5]      what the entries below say: displeasure or pleasure 0–3, problem 0–3,
//	terrible, broke*, still waiting   intent cancel|escalation|urgent|thanks|solved|human; entries by comma or line
//	[negation]                        or a class of words that change others
//
// An entry is a word, a prefix (broke*), an emoji, an emoticon, or a phrase of up to four words of which the last may be
// a prefix. In a phrase # stands for any number. A pleasure or displeasure up to 0.5 is a hint: hints move the score a little, each
// less than the one before. An intent cancel or escalation beside a displeasure of 1 or more is a threat ('see you
// in court'); otherwise it is one only when the text is unhappy ('close my account'). The classes are:
//
//	negation   turns what follows within three words           not, kein, не
//	negation after  also turns what came before it             nicht, niet
//	more, less raises or lowers what follows                   very, slightly
//	if         what follows up to a comma is supposed; so asked it counts half  if, falls, als
//	can        verbs of capability: a problem when negated     load, open, reply
//	but        what follows weighs more than what came before  but, however
//	number     number words, for # in phrases                  two, drei
//	stop       frequent words by which the language is told    the, und, het
//	neutral    says nothing, although a prefix or a part of it might
type Lexicon struct {
	Language string // ISO 639-1, or "any"
	entries  []lexeme
}

// lexeme is one entry of a lexicon file.
type lexeme struct {
	words  []string // normalised
	prefix bool     // the last word is a prefix
	value  value
}

// value is what an entry says: its score, its intents and its class.
type value struct {
	displeasure int8 // quarters of a step, −12…12; negative is pleasure
	problem     int8 // quarters of a step, 0…12
	intents     uint8
	class       uint16
}

// says reports whether an entry says something by itself.
func (v value) says() bool { return v.displeasure != 0 || v.problem != 0 || v.intents != 0 }

// hints reports whether an entry only hints at a mood.
func (v value) hints() bool {
	return v.displeasure <= hint*quarters && v.displeasure >= -hint*quarters && v.displeasure != 0 && v.problem == 0 && v.intents == 0
}

// The classes.
const (
	negation = 1 << iota
	negationAfter
	more
	less
	can
	but
	number
	stop
	neutral
	starts   // begins a phrase
	tail     // a prefix that ends a phrase
	supposes // begins what is supposed
)

var classNames = map[string]uint16{
	"negation": negation, "negation after": negation | negationAfter, "more": more, "less": less, "if": less | supposes, "can": can, "but": but,
	"number": number, "stop": stop, "neutral": neutral,
}

// The intents, in the order of their bits.
var intentNames = [...]string{"cancel", "escalation", "urgent", "thanks", "solved", "human"}

// Bits of intents that are treated in a way of their own.
const (
	threats = uint8(1<<0 | 1<<1) // beside little displeasure they are only believed of somebody who is unhappy
	thanks  = uint8(1 << 3)      // which no 'no' turns: 'no thanks', 'nothing else, thank you'
)

// quarters is how finely the file's steps are kept.
const quarters = 4

// ParseLexicon reads a lexicon file. name is what errors call it. Everything that is wrong is reported at once: a section
// or value that does not exist, an entry that is empty, too long, or there twice.
func ParseLexicon(name string, file []byte) (*Lexicon, error) {
	p := lexiconParser{name: name, lexicon: &Lexicon{}, seen: map[string]int{}}
	for i, line := range strings.Split(string(file), "\n") {
		p.line = i + 1
		p.read(strings.TrimSpace(line))
	}
	if p.lexicon.Language == "" {
		p.line = 1
		p.fail("want a line such as: language en")
	}
	if len(p.errs) > 0 {
		return nil, errors.Join(p.errs...)
	}
	return p.lexicon, nil
}

type lexiconParser struct {
	name    string
	line    int
	lexicon *Lexicon
	section value
	open    bool // a section has begun
	seen    map[string]int
	scratch scratch
	errs    []error
}

func (p *lexiconParser) fail(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.name, p.line, fmt.Sprintf(format, args...)))
}

func (p *lexiconParser) read(line string) {
	switch {
	case line == "" || strings.HasPrefix(line, "//"):
	case p.lexicon.Language == "":
		language, ok := strings.CutPrefix(line, "language ")
		if !ok || (len(language) != 2 && language != "any") {
			p.fail("want a line such as: language en; got %q", line)
			language = "??"
		}
		p.lexicon.Language = language
	case line[0] == '[' && line[len(line)-1] == ']':
		p.section, p.open = p.header(line[1:len(line)-1]), true
	case !p.open:
		p.fail("want a section such as [displeasure 2] before the first entry")
	default:
		for _, entry := range strings.Split(line, ",") {
			p.entry(strings.TrimSpace(entry))
		}
	}
}

// header reads what stands between the brackets.
func (p *lexiconParser) header(s string) value {
	if class, ok := classNames[s]; ok {
		return value{class: class}
	}
	var v value
	for _, part := range strings.Split(s, ",") {
		what, arg, _ := strings.Cut(strings.TrimSpace(part), " ")
		switch what {
		case "displeasure":
			v.displeasure = p.steps(arg)
		case "pleasure":
			v.displeasure = -p.steps(arg)
		case "problem":
			v.problem = p.steps(arg)
		case "intent":
			i := slices.Index(intentNames[:], arg)
			if i < 0 {
				p.fail("want an intent of %s, got %q", strings.Join(intentNames[:], ", "), arg)
				i = 0
			}
			v.intents |= 1 << i
		default:
			p.fail("want displeasure, pleasure, problem, intent or a class, got %q", part)
		}
	}
	return v
}

func (p *lexiconParser) steps(arg string) int8 {
	v, err := strconv.ParseFloat(arg, 64)
	if err != nil || !(v > 0 && v <= 3) || v*quarters != float64(int(v*quarters)) {
		p.fail("want a value from 0.25 to 3 in quarters, got %q", arg)
		return 0
	}
	return int8(v * quarters)
}

func (p *lexiconParser) entry(s string) {
	if s == "" {
		return // a comma at the end of a line
	}
	l := lexeme{value: p.section}
	s, l.prefix = strings.CutSuffix(s, "*")
	if strings.Contains(s, "*") {
		p.fail("%q: want * at the end only", s)
		return
	}
	if strings.ContainsAny(s, "?!") {
		p.fail("%q: want it without ? and !, which are counted apart", s)
		return
	}
	l.words = p.normalised(s)
	if len(l.words) == 0 || len(l.words) > maxPhrase {
		p.fail("%q: want one to %d words, got %d", s, maxPhrase, len(l.words))
		return
	}
	if l.value.class != 0 && l.value.class != neutral && (l.prefix || len(l.words) > 1) {
		p.fail("%q: want a single word in this section", s)
		return
	}
	id := strings.Join(l.words, " ") + map[bool]string{true: "*"}[l.prefix] + " " + kindOf(l.value)
	if before, ok := p.seen[id]; ok {
		p.fail("%q is there twice, first in line %d", s, before)
		return
	}
	p.seen[id] = p.line
	p.lexicon.entries = append(p.lexicon.entries, l)
}

// kindOf tells apart what one word may be at the same time: a value, and each of the classes.
func kindOf(v value) string {
	if v.class == 0 || v.class == neutral {
		return "value"
	}
	return strconv.Itoa(int(v.class))
}

// normalised cuts an entry into the words that the tokeniser would make of it.
func (p *lexiconParser) normalised(s string) []string {
	var words []string
	for _, part := range strings.Fields(s) {
		if part == "#" {
			words = append(words, part)
			continue
		}
		p.scratch.tokenise(part)
		for _, t := range p.scratch.tokens[:p.scratch.n] {
			words = append(words, string(p.scratch.norm[t.from:t.to]))
		}
	}
	return words
}
