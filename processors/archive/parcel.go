package archive

import (
	"encoding/json"
	"errors"
	"fmt"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// parcel is what a part of a topic's partition makes of rows, and how far that part goes.
type parcel struct {
	touches  []touchRow
	signals  []signalRow
	alerts   []alertRow
	profiles []profileRow
	bytes    int // of the records
	upTo     map[*session]int64
}

// session is one partition during one generation of the group.
type session struct {
	commit func(offset int64)
}

// rows is how many rows the parcel holds.
func (p *parcel) rows() int { return len(p.touches) + len(p.signals) + len(p.alerts) + len(p.profiles) }

// add moves what other holds into p.
func (p *parcel) add(other *parcel) {
	p.touches = append(p.touches, other.touches...)
	p.signals = append(p.signals, other.signals...)
	p.alerts = append(p.alerts, other.alerts...)
	p.profiles = append(p.profiles, other.profiles...)
	p.bytes += other.bytes
	for s, offset := range other.upTo {
		p.reached(s, offset)
	}
}

// reached notes that a session's records before offset are in the parcel.
func (p *parcel) reached(s *session, offset int64) {
	if p.upTo == nil {
		p.upTo = map[*session]int64{}
	}
	p.upTo[s] = max(p.upTo[s], offset)
}

// take reads one record of the timeline, of signals or of alerts. Entries that leave no trace in the archive (timers,
// actions, settings: what they did shows in alerts) are passed over. An error means that this program cannot read what is there.
func (p *parcel) take(topics *Topics, topic string, r *stream.Record) error {
	p.bytes += len(r.Value)
	if topic == topics.Alerts {
		return p.alert(r)
	}
	e, err := timeline.Decode(r.Value)
	if err != nil {
		return err
	}
	switch {
	case e.Kind == timeline.Touchpoint && e.Touchpoint != nil:
		p.touchpoint(e)
	case e.Kind == timeline.Opinion && e.Touchpoint != nil && e.Origin != nil:
		row := newTouchRow(e.Touchpoint)
		row.revision = afterOpinion
		p.touches = append(p.touches, row)
	case e.Kind == timeline.Signal && topic == topics.Signals:
		var report signal.Report
		if _, err := report.UnmarshalMsg(e.Payload); err != nil {
			return fmt.Errorf("decode signal of %s: %w", e.Subject, err)
		}
		p.signals = append(p.signals, newSignalRow(e, &report))
	}
	return nil
}

// touchpoint takes a touchpoint; a profile of the CRM is no contact and goes to the customers.
func (p *parcel) touchpoint(e *timeline.Entry) {
	t := e.Touchpoint
	if t.Channel != touchpoint.CRM {
		p.touches = append(p.touches, newTouchRow(t))
	} else if t.Profile != nil {
		p.profiles = append(p.profiles, profileRow{customer: t.Customer, Profile: *t.Profile, revision: uint64(max(e.At, 0))})
	}
}

func (p *parcel) alert(r *stream.Record) error {
	var row alertRow
	if err := json.Unmarshal(r.Value, &row); err != nil {
		return fmt.Errorf("decode alert: %w", err)
	}
	if row.ID == "" {
		return errors.New("decode alert: it has no id")
	}
	row.body = string(r.Value)
	p.alerts = append(p.alerts, row)
	return nil
}
