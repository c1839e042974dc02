// Package form owns the signals of the family form: a field that refuses what the customer enters again and again
// (form_struggle), and a form that was begun and never sent (form_abandoned, by a timer). It sees names of fields, never
// their values.
//
// The detector is immutable and safe for concurrent use.
package form

import (
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/settings"
)

// What a mark stands for. The Key of a form's marks is "page form", Place the campaign, Note the field.
const (
	started = iota + 1
	filled
	refused
	sent     // the form went through, or nobody says otherwise
	sendFail // the form was sent and refused
	left     // the customer left the page of this form
	bought   // whatever was open has served its purpose
	signedIn // somebody is known now; Key the page and a blank
)

// Detector makes the signals of forms.
type Detector struct {
	struggle  settings.FormStruggle
	abandoned settings.FormAbandoned
	ignored   signal.Ignored
}

// New returns the detector of forms.
func New(s *settings.Settings) *Detector {
	return &Detector{struggle: s.FormStruggle, abandoned: s.FormAbandoned, ignored: signal.NewIgnored(nil, s.Ignore.Pages, s.Ignore.Releases)}
}

// Family implements signal.Detector.
func (*Detector) Family() string { return "form" }

// Bounds implements signal.Detector.
func (d *Detector) Bounds() signal.Bounds {
	gap := max(d.struggle.Gap, d.abandoned.Idle)
	return signal.Bounds{Keep: gap + 15*time.Minute, Gap: gap, Most: 64}
}

// Observe implements signal.Detector. A page that was left counts at once only when the collector names the form:
// people leave to look something up and come back, which the idle time allows for.
func (d *Detector) Observe(dst []signal.Mark, t *touchpoint.Touchpoint) []signal.Mark {
	if t.Channel != touchpoint.Website {
		return dst
	}
	kind := kindOf(t)
	if kind == 0 || kind != bought && d.ignored.Covers(&t.Place) {
		return dst
	}
	m := signal.Mark{At: t.OccurredAt, ID: t.ID, Kind: kind}
	if kind != bought {
		m.Key, m.Place = t.Place.Page+" "+t.Place.Form, t.Place.Campaign
	}
	if kind == filled || kind == refused {
		m.Note = t.Place.Field
	}
	return append(dst, m)
}

// kindOf says what a touchpoint means to a form, zero for nothing.
func kindOf(t *touchpoint.Touchpoint) uint8 {
	switch t.Kind {
	case touchpoint.FormStart:
		return started
	case touchpoint.FormField:
		return filled
	case touchpoint.FormError:
		return refused
	case touchpoint.FormSubmit:
		if t.Attrs["outcome"] == "error" {
			return sendFail
		}
		return sent
	case touchpoint.PageLeave:
		if t.Place.Form != "" {
			return left
		}
	case touchpoint.Purchase:
		return bought
	case touchpoint.Identify:
		return signedIn
	}
	return 0
}

// Detect implements signal.Detector.
func (d *Detector) Detect(marks []signal.Mark, now touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	out := d.struggles(nil, marks)
	return d.attempts(out, marks, now)
}

// signal builds a signal about a form from the marks that take part in it.
func (d *Detector) signal(name string, effect settings.Bad, part []*signal.Mark, reason string) signal.Signal {
	first, last := part[0], part[len(part)-1]
	page, form := splitKey(first.Key)
	ids := make([]touchpoint.ID, len(part))
	for i, m := range part {
		ids[i] = m.ID
	}
	place := ""
	if form != "" {
		place = signal.PlaceKey("form", first.Key)
	}
	return signal.Signal{
		Name: name, Family: d.Family(), Episode: string(first.ID), First: first.At, At: last.At,
		Weight: effect.Points(1), Half: effect.HalfSeconds(), Channel: touchpoint.Website,
		Places:   signal.Places(place, signal.PlaceKey("page", page), signal.PlaceKey("campaign", first.Place)),
		Evidence: signal.Evidence(ids),
		Reason:   reason,
	}
}
