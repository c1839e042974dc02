package browsing

import (
	"slices"
	"strings"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// onResults reports whether a page looks like one that shows the results of a search: there, what is opened can be seen.
func (d *Detector) onResults(p *touchpoint.Place) bool {
	for _, part := range d.search.Pages {
		if strings.Contains(p.Page, part) || strings.Contains(p.URL, part) {
			return true
		}
	}
	return false
}

// query brings a search to a form in which capitals and spaces make no difference.
func query(text string) string {
	return signal.Brief(strings.ToLower(strings.Join(strings.Fields(text), " ")), 60)
}

// typing is how soon a search that begins as the one before belongs to it: results that are shown while one writes.
const typing = 4 * time.Second

// searching is a run of searches, each within the gap of the one before.
type searching struct {
	different []*signal.Mark // by their words
	last      *signal.Mark   // also a search that counts with the one before
	fresh     []*signal.Mark // since something was opened, on pages of results: each time, also for the same
	longest   []*signal.Mark // the fresh ones when they were most
	again     []*signal.Mark // of those the ones for nearly the same words, when they were most
}

// searches finds runs of different searches in which too many found nothing, and of searches from which nothing was opened.
func (d *Detector) searches(out []signal.Signal, marks []signal.Mark) []signal.Signal {
	if d.search.Off() {
		return out
	}
	var run searching
	flush := func() {
		if g, ok := d.searchSignal(&run); ok {
			out = append(out, g)
		}
		run = searching{}
	}
	for i := range marks {
		switch m := &marks[i]; {
		case m.Kind == bought:
			flush()
		case m.Kind == opened:
			run.fresh = nil
		case m.Kind == searched:
			if run.last != nil && m.At.Sub(run.last.At) > d.search.Gap {
				flush()
			}
			run.add(m)
		}
	}
	flush()
	return out
}

// add takes in a search.
func (r *searching) add(m *signal.Mark) {
	before := r.last
	r.last = m
	if n := len(r.different); n > 0 && m.At.Sub(r.different[n-1].At) <= typing && strings.HasPrefix(m.Key, r.different[n-1].Key) {
		r.different[n-1] = m
		if k := len(r.fresh); k > 0 && m.X == 1 {
			r.fresh[k-1] = m
		}
		return
	}
	if !slices.ContainsFunc(r.different, func(o *signal.Mark) bool { return o.Key == m.Key }) {
		r.different = append(r.different, m)
	}
	if m.X != 1 || before != nil && before.Key == m.Key && before.Y != 0 && m.Y != 0 && before.Y != m.Y {
		return // no page of results, or the list is turned over, sorted or filtered
	}
	r.fresh = append(r.fresh, m)
	if len(r.fresh) > len(r.longest) {
		r.longest = slices.Clone(r.fresh)
	}
	var same []*signal.Mark
	for _, o := range r.fresh {
		if alike(o.Key, m.Key) {
			same = append(same, o)
		}
	}
	if len(same) > len(r.again) {
		r.again = same
	}
}

// alike reports whether two searches are for nearly the same: the same words in any order, or one letter more, less or different in twelve.
func alike(a, b string) bool {
	if a == b {
		return true
	}
	x, y := inOrder(a), inOrder(b)
	short := min(len(x), len(y))
	return x == y || short > 3 && distance(x, y) <= max(1, short/12)
}

func inOrder(query string) string {
	words := strings.Fields(query)
	slices.Sort(words)
	return strings.Join(words, " ")
}

// distance is in how many bytes two texts differ (Levenshtein); queries are short.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

func (d *Detector) searchSignal(r *searching) (signal.Signal, bool) {
	empty := 0
	for _, m := range r.different {
		empty += int(m.N)
	}
	part, reason := r.different, ""
	switch {
	case empty >= d.search.Empty, len(r.different) >= d.search.Searches && empty > 0:
		reason = "searched " + signal.Times(len(part)) + ", " + signal.Times(empty) + " without a result"
	case len(r.again) >= d.search.Again:
		part = r.again
		reason = "searched " + signal.Times(len(part)) + " for nearly the same without opening anything"
	case len(r.longest) >= d.search.Unopened:
		part = r.longest
		reason = "searched " + signal.Times(len(part)) + " without opening anything"
	default:
		return signal.Signal{}, false
	}
	last := part[len(part)-1]
	g := d.signal("fruitless_search", d.search.Bad, part, reason+", the last time for '"+last.Key+"'")
	g.Places = signal.Places(signal.PlaceKey("page", last.Note))
	return g, true
}
