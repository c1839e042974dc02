package customer

import (
	"slices"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/keyed"
	"touchwatch/processors/signal"
)

// rejudge puts what a touchpoint leaves in the windows with its new mood in the place of what it left with the old one. A
// touchpoint that is not among the latest of this customer is left alone, as is what a window has forgotten.
func (f *Fold) rejudge(s *State, t *touchpoint.Touchpoint, fx *keyed.Effects) {
	if !slices.Contains(s.Seen, hashID(t.ID)) {
		return
	}
	if s.memorable(t) {
		fx.Remember()
	}
	for i := range f.families {
		f.rejudgeIn(s, &f.families[i], t, fx)
	}
	f.judge(s, nil, fx)
}

func (f *Fold) rejudgeIn(s *State, d *family, t *touchpoint.Touchpoint, fx *keyed.Effects) {
	marks := d.Observe(nil, t)
	at, kept := s.findWindow(d.name)
	if !kept {
		if len(marks) == 0 || s.contributes(d.name) {
			return // a window that was left behind: what it showed is settled
		}
		s.Windows = slices.Insert(s.Windows, at, Window{Family: d.name})
	}
	w := &s.Windows[at]
	floor := t.OccurredAt
	if len(w.Marks) > 0 {
		floor = w.Marks[0].At
	}
	if t.OccurredAt >= floor && w.exchange(t.ID, marks) {
		s.detectFrom(d, w, floor, fx)
	}
}

// exchange makes marks all that a window keeps of a touchpoint, and reports whether that is news.
func (w *Window) exchange(id touchpoint.ID, marks []signal.Mark) bool {
	var before, rest []signal.Mark
	for _, m := range w.Marks {
		if m.ID == id {
			before = append(before, m)
		} else {
			rest = append(rest, m)
		}
	}
	if slices.Equal(before, marks) {
		return false
	}
	for i := range marks {
		rest, _ = signal.Insert(rest, marks[i])
	}
	w.Marks = rest
	return true
}
