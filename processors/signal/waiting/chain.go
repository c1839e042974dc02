package waiting

import "touchwatch/processors/signal"

// chains counts transfers over the calls that continue one another. A transfer may come as an event, as a number in a
// record, or as a record of its own that names the one before; the largest of the three holds.
func (j *judge) chains() {
	if !j.has(transferred, record, previous) || j.set.ManyTransfers.Off() {
		return
	}
	roots := j.roots()
	for i, root := range roots {
		if isChat(root) || before(roots, i) {
			continue
		}
		j.chain(roots, i)
	}
}

// chain judges the calls of one root, the first mark of which is j.marks[first].
func (j *judge) chain(roots []string, first int) {
	events, counted, linked := 0, 0, 0
	to := &j.marks[first]
	for k := first; k < len(roots); k++ {
		if roots[k] != roots[first] {
			continue
		}
		m := &j.marks[k]
		switch m.Kind {
		case transferred:
			events++
		case record:
			counted = max(counted, int(m.Y))
		case previous:
			if again(j.marks[:k], m) {
				continue // the same record, sent once more with a change
			}
			linked++
		default:
			continue
		}
		to = m
	}
	if n := max(events, counted, linked); n >= j.set.ManyTransfers.Transfers {
		j.add("many_transfers", roots[first], j.set.ManyTransfers.Bad, 1, &j.marks[first], to, to.At,
			"was passed on "+signal.Times(n)+" in one call")
	}
}

func (j *judge) has(kinds ...uint8) bool {
	for _, k := range kinds {
		if j.kinds&(1<<k) != 0 {
			return true
		}
	}
	return false
}

// before reports whether roots[i] occurs before i.
func before(roots []string, i int) bool {
	for k := range i {
		if roots[k] == roots[i] {
			return true
		}
	}
	return false
}

// roots names for each mark the first call of its chain. A chain that bites its own tail ends somewhere on it.
func (j *judge) roots() []string {
	roots := make([]string, len(j.marks))
	linked := j.has(previous)
	for i := range j.marks {
		roots[i] = j.marks[i].Key
		for step := 0; linked && step < len(j.marks); step++ {
			earlier := j.continues(roots[i])
			if earlier == "" {
				break
			}
			roots[i] = earlier
		}
	}
	return roots
}

// continues returns the call that the call key continues, "" for none that is known.
func (j *judge) continues(key string) string {
	for i := range j.marks {
		if m := &j.marks[i]; m.Kind == previous && m.Key == key && m.Note != key {
			return m.Note
		}
	}
	return ""
}

// again reports whether an earlier mark says the same of the same call.
func again(earlier []signal.Mark, m *signal.Mark) bool {
	for i := range earlier {
		if earlier[i].Kind == previous && earlier[i].Key == m.Key && earlier[i].Note == m.Note {
			return true
		}
	}
	return false
}
