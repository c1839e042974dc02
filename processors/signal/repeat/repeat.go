// Package repeat owns the signals of the family repeat: a customer who has to come back over whatever channels
// (repeat_contact), and one who calls again within a day (called_back). A contact is a conversation, a call or a post
// thread, however many touchpoints it has; its time is its first one.
//
// The detector is immutable and safe for concurrent use.
package repeat

import (
	"slices"
	"strings"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/settings"
)

// What a mark stands for. Its ID is the contact's key, so that a window holds the earliest touchpoint of each contact.
const (
	contact = iota + 1 // Note: the touchpoint
	follows            // Note: the key of the contact this one continues
	about              // Note: the product, order or topic
)

// pleased is the displeasure below which a post is praise and no reason to count it.
const pleased = -0.3

// Detector makes the signals of repeated contacts.
type Detector struct {
	set  settings.RepeatContact
	back settings.CalledBack
}

// New returns the detector of repeated contacts.
func New(s *settings.Settings) *Detector { return &Detector{set: s.RepeatContact, back: s.CalledBack} }

// Family implements signal.Detector.
func (*Detector) Family() string { return "repeat" }

// Bounds implements signal.Detector.
func (d *Detector) Bounds() signal.Bounds {
	within := max(d.set.FewWithin, d.set.ManyWithin)
	return signal.Bounds{Keep: within + 24*time.Hour, Near: within, Most: 32}
}

// Observe implements signal.Detector.
func (d *Detector) Observe(dst []signal.Mark, t *touchpoint.Touchpoint) []signal.Mark {
	if t.Channel == touchpoint.Website {
		return dst // a visit is no contact with people
	}
	key, ok := t.Contact()
	if !ok || praise(t) || t.Attrs["direction"] == "outbound" {
		return dst // it was us who called
	}
	m := signal.Mark{
		At: t.OccurredAt, ID: touchpoint.ID(key), Kind: contact, Channel: t.Channel,
		Place: signal.PlaceKey("queue", t.Place.Queue), Note: string(t.ID),
	}
	dst = append(dst, m)
	if before := t.Attrs["previous_contact"]; before != "" {
		m.Kind, m.Place, m.Note = follows, "", string(t.Channel)+":"+before
		dst = append(dst, m)
	}
	if t.Place.Product != "" {
		m.Kind, m.Place, m.Note = about, "", signal.Brief(t.Place.Product, 60)
		dst = append(dst, m)
	}
	return dst
}

// praise reports whether somebody came to say something nice: a happy post, a review with more than half of the stars.
func praise(t *touchpoint.Touchpoint) bool {
	if t.Channel != touchpoint.Social {
		return false
	}
	if r := t.Rating; r != nil && r.Max > r.Min && r.Score-r.Min > (r.Max-r.Min)/2 {
		return true
	}
	return t.Mood != nil && t.Mood.Displeasure < pleased
}

// Detect implements signal.Detector. Time alone changes nothing here.
func (d *Detector) Detect(marks []signal.Mark, _ touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	if len(marks) < 2 {
		return nil, 0
	}
	contacts := d.related(marks, d.distinct(marks))
	out := d.calls(nil, contacts)
	for from := 0; from < len(contacts); {
		to, many := d.run(contacts, from)
		if to-from >= d.set.Few {
			out = d.add(out, contacts[from:to], many)
		}
		from = to
	}
	return out, 0
}

// distinct lists the contacts, without those that continue a call that is listed and those that follow one on the same
// channel so soon that they are the same attempt.
func (d *Detector) distinct(marks []signal.Mark) []*signal.Mark {
	contacts := make([]*signal.Mark, 0, len(marks))
	for i := range marks {
		m := &marks[i]
		if m.Kind != contact || continues(marks, m.ID) || d.sameAttempt(marks[:i], m) {
			continue
		}
		contacts = append(contacts, m)
	}
	return contacts
}

// continues reports whether the contact says it continues another one of the window.
func continues(marks []signal.Mark, id touchpoint.ID) bool {
	for i := range marks {
		if marks[i].Kind != follows || marks[i].ID != id || marks[i].Note == string(id) {
			continue
		}
		before := touchpoint.ID(marks[i].Note)
		return slices.ContainsFunc(marks, func(m signal.Mark) bool { return m.Kind == contact && m.ID == before && m.At <= marks[i].At })
	}
	return false
}

func (d *Detector) sameAttempt(earlier []signal.Mark, m *signal.Mark) bool {
	for i := len(earlier) - 1; i >= 0 && m.At.Sub(earlier[i].At) <= d.set.SameContact; i-- {
		if earlier[i].Kind == contact && earlier[i].Channel == m.Channel {
			return true
		}
	}
	return false
}

// run returns the end of the run of contacts that begins at from, and whether it is one of many. A run grows while its
// contacts lie close enough for either limit.
func (d *Detector) run(c []*signal.Mark, from int) (to int, many bool) {
	to = from + 1
	for i := from; i < to; i++ {
		if end, ok := reach(c, i, d.set.Few, d.set.FewWithin); ok {
			to = max(to, end)
		}
		if end, ok := reach(c, i, d.set.Many, d.set.ManyWithin); ok {
			to, many = max(to, end), true
		}
	}
	return to, many
}

// reach returns the end of n contacts from i on if they lie within d.
func reach(c []*signal.Mark, i, n int, d time.Duration) (end int, ok bool) {
	end = i + n
	return end, end <= len(c) && c[end-1].At.Sub(c[i].At) <= d
}

func (d *Detector) add(out []signal.Signal, run []*signal.Mark, many bool) []signal.Signal {
	first, last := run[0], run[len(run)-1]
	weight := settings.Bad{Weight: d.set.Light}.Points(1)
	if many {
		n := recent(run, d.set.ManyWithin)
		weight = d.set.Points(min(2, 1+0.25*float64(max(n-d.set.Many, 0))))
	}
	if weight == 0 {
		return out
	}
	ids := make([]touchpoint.ID, 0, len(run))
	for _, m := range run {
		ids = append(ids, touchpoint.ID(m.Note))
	}
	return append(out, signal.Signal{
		Name: "repeat_contact", Family: d.Family(), Episode: string(first.ID), First: first.At, At: last.At,
		Weight: weight, Half: d.set.HalfSeconds(), Channel: last.Channel,
		Places: signal.Places(last.Place), Evidence: signal.Evidence(ids),
		Reason: "contacted us " + signal.Times(len(run)) + " in " + signal.Words(last.At.Sub(first.At)) + ", over " + channels(run),
	})
}

// recent counts the contacts within d before the last one.
func recent(run []*signal.Mark, d time.Duration) int {
	n := 0
	for _, m := range run {
		if run[len(run)-1].At.Sub(m.At) <= d {
			n++
		}
	}
	return n
}

func channels(run []*signal.Mark) string {
	var names []string
	for _, m := range run {
		if name := string(m.Channel); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
