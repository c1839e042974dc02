package mood

import (
	"unicode"

	"touchwatch/processors/signal"
)

// brief is how many letters a text needs before its repetition is one: 'terrible' twice is said twice.
const brief = 12

// fingerprint tells texts apart by their letters and digits, zero for a brief one. It stands above the intents in Y and has
// 29 bits: two texts of one contact collide with a chance of 10⁻⁸.
func fingerprint(text string) int32 {
	h, letters := uint32(2166136261), 0
	for _, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		letters++
		h = (h ^ uint32(unicode.ToLower(r))) * 16777619
	}
	if letters < brief {
		return 0
	}
	return int32(max(h>>(intentBits+1), 1) << intentBits)
}

// once leaves out what says again what was said before: in the same contact, or in another post on the same channel. A
// message that was sent twice, or pasted again because nobody answered, is one displeasure.
func once(marks []signal.Mark) []signal.Mark {
	for i := range marks {
		if !repeats(marks[:i], &marks[i]) {
			continue
		}
		kept := append([]signal.Mark(nil), marks[:i]...)
		for j := i + 1; j < len(marks); j++ {
			if !repeats(marks[:j], &marks[j]) {
				kept = append(kept, marks[j])
			}
		}
		return kept
	}
	return marks
}

func repeats(before []signal.Mark, m *signal.Mark) bool {
	if m.Y>>intentBits == 0 {
		return false
	}
	for i := range before {
		b := &before[i]
		if b.Y>>intentBits == m.Y>>intentBits && b.Channel == m.Channel && (b.Key == m.Key || alone(b) && alone(m)) {
			return true
		}
	}
	return false
}

// alone reports whether a text is part of no conversation.
func alone(m *signal.Mark) bool { return m.Key == string(m.ID) }
