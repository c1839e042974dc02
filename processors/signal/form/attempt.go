package form

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

func splitKey(key string) (page, form string) {
	page, form, _ = strings.Cut(key, " ")
	return page, form
}

// label names a form in a reason.
func label(key string) string {
	page, form := splitKey(key)
	switch {
	case form == "" && page == "":
		return "a form"
	case form == "":
		return "the form on " + page
	case page == "":
		return "the form " + form
	}
	return "the form " + form + " on " + page
}

// struggles finds fields of one form that were refused at least Errors times, each within the gap of the time before.
func (d *Detector) struggles(out []signal.Signal, marks []signal.Mark) []signal.Signal {
	if d.struggle.Off() {
		return out
	}
	done := make([]bool, len(marks))
	for i := range marks {
		if done[i] || marks[i].Kind != refused {
			continue
		}
		run := []*signal.Mark{&marks[i]}
		for k := i + 1; k < len(marks); k++ {
			m := &marks[k]
			if m.Key != marks[i].Key {
				continue
			}
			if m.Kind == sent || m.At.Sub(run[len(run)-1].At) > d.struggle.Gap {
				break
			}
			if m.Kind == refused && m.Note == marks[i].Note {
				run = append(run, m)
				done[k] = true
			}
		}
		if len(run) >= d.struggle.Errors {
			field := marks[i].Note
			if field == "" {
				field = "a field"
			}
			out = append(out, d.signal("form_struggle", d.struggle.Bad, run,
				field+" in "+label(marks[i].Key)+" was refused "+signal.Times(len(run))))
		}
	}
	return out
}

// attempts finds forms that were filled in and then left alone, and when the next one would count as abandoned.
func (d *Detector) attempts(out []signal.Signal, marks []signal.Mark, now touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	if d.abandoned.Off() {
		return out, 0
	}
	var wake touchpoint.Millis
	done := make([]bool, len(marks))
	for i := range marks {
		if done[i] || !isStep(&marks[i]) {
			continue
		}
		steps, end := d.attempt(marks, i, done)
		if end == bought || end == sent || fields(steps) < d.abandoned.Fields {
			continue
		}
		due := steps[len(steps)-1].At.Add(d.abandoned.Idle)
		if end != left && due > now {
			if wake == 0 || due < wake {
				wake = due
			}
			continue
		}
		out = append(out, d.signal("form_abandoned", d.abandoned.Bad, steps, abandonReason(steps)))
	}
	return out, wake
}

func isStep(m *signal.Mark) bool {
	return m.Kind == started || m.Kind == filled || m.Kind == refused || m.Kind == sendFail
}

// attempt collects the steps in one form from marks[i] on and says how it ended: sent, bought, left, or 0 when it is
// open or went idle. Coming back to a form that was left, within the idle time, goes on with it.
func (d *Detector) attempt(marks []signal.Mark, i int, done []bool) (steps []*signal.Mark, end uint8) {
	for k := i; k < len(marks); k++ {
		m := &marks[k]
		if len(steps) > 0 && m.At.Sub(steps[len(steps)-1].At) > d.abandoned.Idle {
			break
		}
		switch {
		case m.Kind == bought:
			return steps, bought
		case m.Kind == signedIn && len(steps) > 0 && signsIn(steps, m):
			return steps, sent
		case m.Key != marks[i].Key:
		case m.Kind == sent:
			return steps, sent
		case m.Kind == left:
			end = left
		case isStep(m):
			steps, end = append(steps, m), 0
			done[k] = true
		}
	}
	return steps, end
}

// signing is how long after the last step of a form somebody is known who signed in with it, also on the next page.
const signing = 2 * time.Minute

// passwords are parts of the names of fields for one.
var passwords = []string{"password", "passwd", "pwd", "passwort", "kennwort", "wachtwoord", "parol", "пароль"}

// signsIn reports whether a form was the one by which somebody became known: on its own page, or with a password just before. Few collectors tell of the
// sending of such a form.
func signsIn(steps []*signal.Mark, m *signal.Mark) bool {
	last := steps[len(steps)-1]
	page, _ := splitKey(last.Key)
	if page != "" && m.Key == page+" " {
		return true
	}
	return m.At.Sub(last.At) <= signing && slices.ContainsFunc(steps, func(s *signal.Mark) bool {
		name := strings.ToLower(s.Note)
		return slices.ContainsFunc(passwords, func(p string) bool { return strings.Contains(name, p) })
	})
}

// fields counts the different fields that were filled in. Fields without a name count one by one.
func fields(steps []*signal.Mark) int {
	n := 0
	for i, m := range steps {
		if m.Kind != filled {
			continue
		}
		again := false
		for _, before := range steps[:i] {
			again = again || (before.Kind == filled && m.Note != "" && before.Note == m.Note)
		}
		if !again {
			n++
		}
	}
	return n
}

func abandonReason(steps []*signal.Mark) string {
	n, last := fields(steps), ""
	for _, m := range steps {
		if m.Note != "" {
			last = m.Note
		}
	}
	what := " fields"
	if n == 1 {
		what = " field"
	}
	reason := "filled in " + strconv.Itoa(n) + what + " of " + label(steps[0].Key) + " and never sent it"
	if last != "" {
		reason += "; last at " + last
	}
	return reason
}
