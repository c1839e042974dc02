package signal

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths of a quotation in runes: in all, and how much of it stands before the words that decided.
const (
	quoteMost = 64
	quoteLead = 24
)

// Quote is what people are shown of a text: the part around the first of the words that decided, cut between words, with an ellipsis where
// something is left out. Whoever reads an alert understands a person better than a list of matched words.
func Quote(text string, decided []string) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= quoteMost {
		return text
	}
	from := 0
	if len(decided) > 0 {
		from = afterSpace(text, min(back(text, find(text, decided[0]), quoteLead), back(text, len(text), quoteMost)))
	}
	to := from + ahead(text[from:], quoteMost)
	if to < len(text) {
		if cut := strings.LastIndexByte(text[from:to], ' '); cut > 0 {
			to = from + cut
		}
	}
	out := text[from:to]
	if from > 0 {
		out = "…" + out
	}
	if to < len(text) {
		out = strings.TrimRight(out, ",;:- ") + "…"
	}
	return out
}

// To says what is answered, or not: the quotation, or nothing when there is none.
func To(quotation string) string {
	if quotation == "" {
		return ""
	}
	return " to “" + quotation + "”"
}

// fewLetters is how many letters a text needs before its repetition is one: 'terrible' twice is said twice.
const fewLetters = 12

// Fingerprint tells texts apart by their letters and digits, whatever their case, zero for one of few letters. It is positive and has 29 bits: two
// texts collide with a chance of 2·10⁻⁹.
func Fingerprint(text string) int32 {
	h, letters := uint32(2166136261), 0
	for _, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		letters++
		h = (h ^ uint32(unicode.ToLower(r))) * 16777619
	}
	if letters < fewLetters {
		return 0
	}
	return int32(max(h>>3, 1))
}

// find is where words begin in a text, whatever their case; 0 when they are not in it as they stand.
func find(text, words string) int {
	low := strings.ToLower(text)
	if len(low) != len(text) {
		return 0
	}
	return max(strings.Index(low, strings.ToLower(words)), 0)
}

// back is the place n runes before i.
func back(text string, i, n int) int {
	for ; i > 0 && n > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(text[:i])
		i -= size
	}
	return i
}

// ahead is how many bytes the first n runes take.
func ahead(text string, n int) int {
	i := 0
	for ; i < len(text) && n > 0; n-- {
		_, size := utf8.DecodeRuneInString(text[i:])
		i += size
	}
	return i
}

// afterSpace moves into the next word, unless a word begins at i.
func afterSpace(text string, i int) int {
	if i == 0 || text[i-1] == ' ' {
		return i
	}
	if next := strings.IndexByte(text[i:], ' '); next >= 0 {
		return i + next + 1
	}
	return i
}
