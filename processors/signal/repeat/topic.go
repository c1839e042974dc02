package repeat

import (
	"slices"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// related leaves out contacts that are known to be about something else than all others near them: two orders are two
// matters. A contact of which nobody knows what it is about may be about anything.
func (d *Detector) related(marks []signal.Mark, contacts []*signal.Mark) []*signal.Mark {
	if !slices.ContainsFunc(marks, func(m signal.Mark) bool { return m.Kind == about }) {
		return contacts
	}
	within := max(d.set.FewWithin, d.set.ManyWithin)
	topics := make([]string, len(contacts))
	for i, c := range contacts {
		topics[i] = topicOf(marks, c.ID)
	}
	kept := make([]*signal.Mark, 0, len(contacts))
	for i, c := range contacts {
		if topics[i] == "" || hasCompany(contacts, topics, i, within) {
			kept = append(kept, c)
		}
	}
	return kept
}

// topicOf returns what a contact is about, "" when nobody knows.
func topicOf(marks []signal.Mark, id touchpoint.ID) string {
	for i := range marks {
		if marks[i].Kind == about && marks[i].ID == id {
			return marks[i].Note
		}
	}
	return ""
}

// hasCompany reports whether another contact near contacts[i] is, or may be, about the same.
func hasCompany(contacts []*signal.Mark, topics []string, i int, within time.Duration) bool {
	for k, other := range contacts {
		apart := contacts[i].At.Sub(other.At)
		if k != i && max(apart, -apart) <= within && (topics[k] == "" || topics[k] == topics[i]) {
			return true
		}
	}
	return false
}

// calls finds runs of calls each of which followed the one before within the time. The second repetition weighs as much
// as the first, the others nothing: from there on repeat_contact speaks.
func (d *Detector) calls(out []signal.Signal, contacts []*signal.Mark) []signal.Signal {
	if d.back.Off() {
		return out
	}
	var run []*signal.Mark
	flush := func() {
		if len(run) > 1 {
			out = append(out, d.callsSignal(run))
		}
		run = nil
	}
	for _, c := range contacts {
		if c.Channel != touchpoint.Call {
			continue
		}
		if len(run) > 0 && c.At.Sub(run[len(run)-1].At) > d.back.Within {
			flush()
		}
		run = append(run, c)
	}
	flush()
	return out
}

func (d *Detector) callsSignal(run []*signal.Mark) signal.Signal {
	first, last := run[0], run[len(run)-1]
	ids := make([]touchpoint.ID, len(run))
	for i, c := range run {
		ids[i] = touchpoint.ID(c.Note)
	}
	reason := "called again after " + signal.Words(last.At.Sub(run[len(run)-2].At))
	if len(run) > 2 {
		reason = "called " + signal.Times(len(run)) + " in " + signal.Words(last.At.Sub(first.At))
	}
	return signal.Signal{
		Name: "called_back", Family: d.Family(), Episode: string(first.ID), First: first.At, At: last.At,
		Weight: d.back.Points(float64(min(len(run)-1, 2))), Half: d.back.HalfSeconds(), Channel: touchpoint.Call,
		Places: signal.Places(last.Place), Evidence: signal.Evidence(ids), Reason: reason,
	}
}
