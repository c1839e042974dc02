package friction

import (
	"strings"
	"unicode"
)

// Verdicts of an ignoreList on an element, kept in a click mark's N.
const (
	plain     = iota
	busy      // a control that people click often without anger: no rage click
	textInput // selecting text takes many clicks: neither rage nor dead click
)

// ignoreList knows the words of element keys that make many clicks harmless.
type ignoreList struct {
	words  map[string]bool
	inputs map[string]bool
}

func newIgnoreList(words, inputs []string) ignoreList {
	l := ignoreList{words: make(map[string]bool, len(words)), inputs: make(map[string]bool, len(inputs))}
	for _, w := range words {
		l.words[strings.ToLower(w)] = true
	}
	for _, w := range inputs {
		l.inputs[strings.ToLower(w)] = true
	}
	return l
}

// textTags are elements one writes into, whatever else their key says.
var textTags = map[string]bool{"textarea": true, "contenteditable": true, "editor": true}

// judge looks at each word of an element key such as "button.carousel-next" or "input#email[type=email]", and at the
// key as a whole ("no-rage", "+").
func (l ignoreList) judge(element string) int {
	if element == "" {
		return plain
	}
	verdict, first, input := plain, true, false
	var scratch [64]byte
	eachWord(element, func(word string) {
		lower := lowered(scratch[:0], word)
		switch {
		case first && string(lower) == "input":
			input = true
			if onlyTag(element) && l.inputs["input"] {
				verdict = textInput
			}
		case input && l.inputs[string(lower)], textTags[string(lower)] && l.words[string(lower)]:
			verdict = textInput
		case verdict == plain && l.words[string(lower)]:
			verdict = busy
		}
		first = false
	})
	if verdict == plain && (l.words[strings.ToLower(element)] || l.anyToken(element)) {
		verdict = busy
	}
	return verdict
}

// anyToken reports whether a tag, class, id or value of an element key is on the list as a whole: 'no-rage' of "button.no-rage", of which eachWord
// sees 'no' and 'rage' only.
func (l ignoreList) anyToken(element string) bool {
	if strings.IndexByte(element, '-') < 0 && strings.IndexByte(element, '_') < 0 {
		return false // eachWord saw all of it
	}
	for token := range strings.FieldsFuncSeq(element, parts) {
		if l.words[strings.ToLower(token)] {
			return true
		}
	}
	return false
}

// parts reports what stands between the tokens of an element key.
func parts(r rune) bool { return strings.ContainsRune(".#[]=\"' >:()", r) }

// onlyTag reports whether an element key names no class, id or attribute.
func onlyTag(element string) bool { return strings.IndexFunc(element, isBreak) < 0 }

// eachWord calls f for each run of letters and digits and for each symbol a stepper is labelled with.
func eachWord(element string, f func(string)) {
	start := -1
	for i, r := range element {
		switch {
		case !isBreak(r) && !isSymbol(r):
			if start < 0 {
				start = i
			}
			continue
		case start >= 0:
			f(element[start:i])
			start = -1
		}
		if isSymbol(r) && alone(element, i, r) {
			f(string(r))
		}
	}
	if start >= 0 {
		f(element[start:])
	}
}

func isBreak(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !isSymbol(r) }

func isSymbol(r rune) bool { return strings.ContainsRune("+-−–<>‹›«»", r) }

// alone reports whether the symbol at i joins no words: the "-" of "add-to-cart" and the ">" of a CSS path do.
func alone(element string, i int, r rune) bool {
	before := strings.TrimRight(element[:i], " ")
	after := strings.TrimLeft(element[i+len(string(r)):], " ")
	return before == "" || after == "" || !wordEnd(before) || !wordStart(after)
}

func wordEnd(s string) bool {
	last := rune(s[len(s)-1])
	return last >= 0x80 || last == ']' || last == ')' || unicode.IsLetter(last) || unicode.IsDigit(last)
}

func wordStart(s string) bool {
	first := rune(s[0])
	return first >= 0x80 || first == '.' || first == '#' || unicode.IsLetter(first) || unicode.IsDigit(first)
}

// lowered appends the lower case of an ASCII word to dst; other bytes stay.
func lowered(dst []byte, word string) []byte {
	for i := range len(word) {
		c := word[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}
