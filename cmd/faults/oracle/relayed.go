package oracle

import (
	"context"
	"fmt"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// compareSignals checks that the topic of signals holds each signal of the fold at least once, under its key, and no other.
func (o *Oracle) compareSignals(ctx context.Context, want map[touchpoint.Source]string) error {
	got := map[touchpoint.Source]bool{}
	err := o.readAll(ctx, o.Signals, o.PlacePartitions, func(e *timeline.Entry) error {
		if e.Kind != timeline.Signal {
			return nil
		}
		if key, ok := want[e.Source]; !ok || key != e.Subject {
			return fmt.Errorf("a signal of %s from %+v is in %s, the fold has %q there", e.Subject, e.Source, o.Signals, key)
		}
		got[e.Source] = true
		return nil
	})
	if err == nil && len(got) != len(want) {
		err = fmt.Errorf("%d signals are in %s, the fold has %d", len(got), o.Signals, len(want))
	}
	return err
}

// compareAlerts checks that the topic of alerts, if there is one, holds each version of each alert at least once, and no other.
func (o *Oracle) compareAlerts(ctx context.Context, all []Alert) error {
	if o.Alerts == "" {
		return nil
	}
	type version struct {
		id string
		n  int64
	}
	want, got := map[version]bool{}, map[version]bool{}
	for _, a := range all {
		want[version{a.ID, a.Version}] = true
	}
	for p := range o.PlacePartitions {
		err := o.eachRecord(ctx, o.Alerts, p, func(r *stream.Record) error {
			a, err := parseAlert(r.Value)
			if v := (version{a.ID, a.Version}); err == nil && !want[v] {
				err = fmt.Errorf("alert %s version %d is in %s, the fold does not make it", a.ID, a.Version, o.Alerts)
			} else {
				got[v] = true
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d versions of alerts are in %s, the fold makes %d", len(got), o.Alerts, len(want))
	}
	return nil
}
