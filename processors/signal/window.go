package signal

import (
	"cmp"
	"slices"
	"strings"

	"touchwatch/ingest/touchpoint"
)

// Compare orders marks by (At, ID, Kind), the order in which detectors see them.
func (m *Mark) Compare(other *Mark) int {
	if m.At != other.At {
		return cmp.Compare(m.At, other.At)
	}
	if c := strings.Compare(string(m.ID), string(other.ID)); c != 0 {
		return c
	}
	return cmp.Compare(m.Kind, other.Kind)
}

// Insert puts m in its place and reports whether the window changed. A window holds one mark per (ID, Kind): of two,
// the one that compares lower stays (an earlier At; on a tie the lower Note), so neither a repeat nor the order of
// arrival matters. It may change marks in place.
func Insert(marks []Mark, m Mark) ([]Mark, bool) {
	for i := range marks {
		if marks[i].Kind != m.Kind || marks[i].ID != m.ID {
			continue
		}
		if marks[i].At < m.At || (marks[i].At == m.At && marks[i].Note <= m.Note) {
			return marks, false
		}
		marks = slices.Delete(marks, i, i+1)
		break
	}
	at := len(marks)
	for at > 0 && marks[at-1].Compare(&m) > 0 {
		at--
	}
	return slices.Insert(marks, at, m), true
}

// Prune forgets the marks that b no longer asks for and returns the rest with the floor, the At of the oldest one kept:
// signals that began before the floor are settled, because what they were made from is gone; those from the floor on are
// what the rest shows. A detector's signals therefore begin at the At of one of its marks.
//
// A burst goes or stays as a whole: marks of one Key each within b.Gap of the one before, and any marks within b.Near.
// (Marks without a Key make no burst by b.Gap.) When there are more than b.Most, the oldest go up to a break between
// bursts; if there is none, the older half goes, so that one endless burst settles a signal once in a while and not with
// every mark. Prune may change marks in place.
//
// awaited is the moment that the detector last asked to be woken at, zero for none. What has happened after it does not make
// older marks superfluous: in a backlog a timer fires long after the touchpoints that follow it, and must find what it was armed for.
func Prune(marks []Mark, b Bounds, awaited touchpoint.Millis) (kept []Mark, floor touchpoint.Millis) {
	if len(marks) == 0 {
		return marks, 0
	}
	newest := marks[len(marks)-1].At
	if awaited != 0 {
		newest = min(newest, awaited)
	}
	oldest := newest.Add(-b.Keep)
	cut := 0
	for marks[cut].At < oldest {
		cut++
	}
	for torn(marks, cut, b) {
		cut--
	}
	if b.Most > 0 && len(marks)-cut > b.Most {
		cut = forced(marks, b)
	}
	kept = slices.Delete(marks, 0, cut)
	return kept, kept[0].At
}

// forced returns the first cut that leaves at most b.Most marks and tears no burst, else one that halves the rest.
func forced(marks []Mark, b Bounds) int {
	least := len(marks) - b.Most
	for cut := least; cut < len(marks); cut++ {
		if !torn(marks, cut, b) {
			return cut
		}
	}
	return least + (len(marks)-least)/2
}

// torn reports whether a cut before marks[cut] parts a burst.
func torn(marks []Mark, cut int, b Bounds) bool {
	if cut == 0 {
		return false
	}
	if b.Near > 0 && marks[cut].At.Sub(marks[cut-1].At) <= b.Near {
		return true
	}
	for right := cut; right < len(marks) && marks[right].At.Sub(marks[cut-1].At) <= b.Gap; right++ {
		if marks[right].Key == "" {
			continue
		}
		for left := cut - 1; left >= 0 && marks[right].At.Sub(marks[left].At) <= b.Gap; left-- {
			if marks[left].Key == marks[right].Key {
				return true
			}
		}
	}
	return false
}
