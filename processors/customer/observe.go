package customer

import (
	"slices"
	"strings"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/keyed"
	"touchwatch/processors/signal"
)

// observe shows a touchpoint to every detector and returns the signals that came up because of it.
func (f *Fold) observe(s *State, t *touchpoint.Touchpoint, fx *keyed.Effects) []signal.Signal {
	scratch := f.scratch.Get().(*[]signal.Mark)
	defer f.scratch.Put(scratch)
	var fresh []signal.Signal
	at := 0 // windows are sorted as the families are
	for i := range f.families {
		d := &f.families[i]
		for at < len(s.Windows) && s.Windows[at].Family < d.name {
			at++
		}
		kept := at < len(s.Windows) && s.Windows[at].Family == d.name
		marks := d.Observe((*scratch)[:0], t)
		*scratch = marks
		switch {
		case len(marks) > 0 && !kept:
			s.Windows = slices.Insert(s.Windows, at, Window{Family: d.name})
		case len(marks) == 0 && kept && s.outdated(&s.Windows[at], d):
			s.Windows = slices.Delete(s.Windows, at, at+1)
		}
		if len(marks) > 0 && s.Windows[at].insert(marks) {
			fresh = append(fresh, s.detect(d, &s.Windows[at], fx)...)
		}
	}
	return fresh
}

// insert puts marks in their places and reports whether one of them is news.
func (w *Window) insert(marks []signal.Mark) bool {
	news := false
	for i := range marks {
		var added bool
		w.Marks, added = signal.Insert(w.Marks, marks[i])
		news = news || added
	}
	return news
}

// outdated reports whether a family's window lies so far behind the customer's latest touchpoint that nothing can join it. Forgetting it
// keeps the states of customers who come back small; its contributions stay.
func (s *State) outdated(w *Window, d *family) bool {
	if w.Wake != 0 {
		return false
	}
	return len(w.Marks) == 0 || s.Last.Sub(w.Marks[len(w.Marks)-1].At) > d.bounds.Keep+d.bounds.Gap
}

// wake runs the detectors whose signals change by time alone at the moment that was reached.
func (f *Fold) wake(s *State, fx *keyed.Effects) {
	for i := range f.families {
		d := &f.families[i]
		at, ok := s.findWindow(d.name)
		if !ok || s.Windows[at].Wake == 0 || s.Windows[at].Wake > s.Fired {
			continue
		}
		for _, g := range s.detect(d, &s.Windows[at], fx) {
			if g.Negative() {
				s.channel(g.Channel).Negative++
				fx.Count(keyed.Minute(g.At), string(g.Channel), keyed.Counts{Negatives: 1})
			}
		}
	}
}

// detect judges one window anew, replaces the family's contributions from the window's floor on, reports what changed
// and returns what came up. The detectors' clock is the latest timer that was applied, never a newer receipt: what is late on one
// channel must not look missing because another channel is ahead.
func (s *State) detect(d *family, w *Window, fx *keyed.Effects) []signal.Signal {
	var floor touchpoint.Millis
	w.Marks, floor = signal.Prune(w.Marks, d.bounds, w.Wake)
	return s.detectFrom(d, w, floor, fx)
}

// detectFrom is detect for a window whose marks show all that happened from the floor on.
func (s *State) detectFrom(d *family, w *Window, floor touchpoint.Millis, fx *keyed.Effects) []signal.Signal {
	party := signal.Party{Segment: s.Profile.Segment, Value: s.Profile.Value}
	found, wake := signal.DetectFor(d.Detector, party, w.Marks, s.Fired)
	w.Wake = wake
	if len(found) == 0 && !s.contributes(d.name) {
		return nil
	}
	return s.replace(d.name, floor, found, fx)
}

// contributes reports whether a family has contributions.
func (s *State) contributes(family string) bool {
	return slices.ContainsFunc(s.Signals, func(g signal.Signal) bool { return g.Family == family })
}

// replace puts found in the place of the family's contributions whose first evidence is not before floor, and of those of
// the same identity, however old. It returns those that were not there before.
func (s *State) replace(family string, floor touchpoint.Millis, found []signal.Signal, fx *keyed.Effects) []signal.Signal {
	s.CrossKey = 0
	var before []signal.Signal
	kept := s.Signals[:0:0]
	for _, g := range s.Signals {
		if g.Family == family && (g.First >= floor || contains(found, &g, sameID)) {
			before = append(before, g)
		} else {
			kept = append(kept, g)
		}
	}
	var fresh []signal.Signal
	for _, g := range found {
		kept = append(kept, g)
		if !contains(before, &g, sameID) {
			fresh = append(fresh, g)
		}
		if !contains(before, &g, same) {
			s.report(&g, earliest(before, &g), false, fx)
		}
	}
	for i := range before {
		if !contains(found, &before[i], sameID) {
			s.report(&before[i], 0, true, fx)
		}
	}
	slices.SortFunc(kept, orderSignals)
	s.Signals = kept
	return fresh
}

func contains(all []signal.Signal, g *signal.Signal, equal func(a, b *signal.Signal) bool) bool {
	for i := range all {
		if equal(&all[i], g) {
			return true
		}
	}
	return false
}

func sameID(a, b *signal.Signal) bool { return a.Name == b.Name && a.Episode == b.Episode }

func same(a, b *signal.Signal) bool { return sameID(a, b) && a.At == b.At && a.Weight == b.Weight }

// orderSignals sorts by (At, Name, Episode), the order in which contributions are summed.
func orderSignals(a, b signal.Signal) int {
	if a.At != b.At {
		if a.At < b.At {
			return -1
		}
		return 1
	}
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return strings.Compare(a.Episode, b.Episode)
}

// earliest is the first evidence that a signal had before, if that is earlier than what it has now, else zero.
func earliest(before []signal.Signal, g *signal.Signal) touchpoint.Millis {
	for i := range before {
		if b := &before[i]; sameID(b, g) && b.First < g.First {
			return b.First
		}
	}
	return 0
}

// report tells other stages of a signal, once per place it names, or once under the customer when it names none.
func (s *State) report(g *signal.Signal, since touchpoint.Millis, gone bool, fx *keyed.Effects) {
	places := g.Places
	if len(places) == 0 {
		places = []string{""}
	}
	for _, place := range places {
		r := signal.Report{Customer: s.ID, Place: place, Gone: gone, Since: since, Signal: *g}
		body, err := r.MarshalMsg(nil)
		if err != nil {
			continue // a Report of strings and numbers always encodes
		}
		key := place
		if key == "" {
			key = signal.PlaceKey("customer", string(s.ID))
		}
		fx.Emit(keyed.OutSignal, key, keyed.SignalBody(s.Now, body))
	}
}

func (s *State) findWindow(family string) (int, bool) {
	return slices.BinarySearchFunc(s.Windows, family, func(w Window, f string) int { return strings.Compare(w.Family, f) })
}
