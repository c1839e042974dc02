package mood

import (
	"slices"
	"time"

	"touchwatch/processors/signal"
	"touchwatch/processors/signal/settings"
)

// pressing notes that the customer said it is urgent, once per contact, and returns the marks that show a mood. It takes
// nothing from the score: who is in a hurry is not unhappy yet.
func (d *Detector) pressing(marks []signal.Mark) (moods []signal.Mark, out []signal.Signal) {
	isPressed := func(m signal.Mark) bool { return m.Kind == pressed }
	if !slices.ContainsFunc(marks, isPressed) {
		return marks, nil
	}
	for i := range marks {
		key := marks[i].Key
		if !isPressed(marks[i]) {
			moods = append(moods, marks[i])
			continue
		}
		if !d.urgent.On || slices.ContainsFunc(marks[:i], func(m signal.Mark) bool { return isPressed(m) && m.Key == key }) {
			continue
		}
		part := pick(marks[i:], key, func(m *signal.Mark) bool { return isPressed(*m) })
		g := build("urgent_request", settings.Bad{}, 0, part, "says that it is urgent"+where(part[0].Channel)+quoted(part))
		g.Half = int32(d.urgent.Half / time.Second)
		out = append(out, g)
	}
	return moods, out
}
