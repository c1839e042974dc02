package mood

import "touchwatch/processors/signal"

// fingerprint tells texts apart, zero for a brief one. It stands above the intents in Y.
func fingerprint(text string) int32 { return signal.Fingerprint(text) << intentBits }

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
