package oracle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/archive"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
	"touchwatch/processors/signal"
)

// Alert is one version of an alert.
type Alert = alert.Alert

// CompareWithTimeline is comparison (b): what Redis, a board, the topics and the archive hold is what the pure fold over the timeline says, as
// that is read back. Alerts are only known to have come about when there is one: a world that is too calm is an error.
func (o *Oracle) CompareWithTimeline(ctx context.Context, board *Board) error {
	want, changes, signals, err := Replay(ctx, o, o.Timeline, o.TimelinePartitions, o.Customers)
	if err != nil {
		return err
	}
	stored, err := o.stored(ctx)
	if err != nil {
		return err
	}
	if err := compareStates("customer", stored, want, customer.Encode); err != nil {
		return err
	}
	wantPlaces, places, _, err := Replay(ctx, o, o.Signals, o.PlacePartitions, o.Places)
	if err != nil {
		return err
	}
	logic, err := o.Places(o.Settings)
	if err != nil {
		return err
	}
	storedPlaces, err := storedIn(ctx, o, keyed.PlacePrefix, o.PlacePartitions, logic.Decode)
	if err != nil {
		return err
	}
	if err := compareStates("place", storedPlaces, wantPlaces, logic.Encode); err != nil {
		return err
	}
	if err := o.compareSignals(ctx, signals); err != nil {
		return err
	}
	if err := o.compareAlerts(ctx, slices.Concat(changes, places)); err != nil {
		return err
	}
	if err := board.compare(slices.Concat(changes, places)); err != nil {
		return err
	}
	if o.Live {
		if err := o.compareLive(ctx, want, wantPlaces); err != nil {
			return err
		}
	}
	if o.History != nil {
		if err := o.compareMinutes(ctx); err != nil {
			return err
		}
	}
	if o.House == nil {
		return nil
	}
	return o.compareTables(ctx, slices.Concat(changes, places))
}

// compareStates checks that Redis holds exactly the states of the fold, byte for byte.
func compareStates[S any](kind string, stored, want map[string]*S, encode func([]byte, *S) ([]byte, error)) error {
	if len(stored) != len(want) {
		return fmt.Errorf("there are %d states of a %s in Redis, the fold has %d", len(stored), kind, len(want))
	}
	for id, w := range want {
		if stored[id] == nil {
			return fmt.Errorf("%s %s has no state in Redis", kind, id)
		}
		got, err1 := encode(nil, stored[id])
		expected, err2 := encode(nil, w)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if !bytes.Equal(got, expected) {
			return fmt.Errorf("%s %s differs from the fold:\n got %+v\nwant %+v", kind, id, stored[id], w)
		}
	}
	return nil
}

// compareMinutes checks that the archive's minutes are those counted in memory from the timeline as it is read back: counts
// exactly, quantiles within 1 %.
func (o *Oracle) compareMinutes(ctx context.Context) error {
	facts, _, err := o.facts(ctx)
	if err != nil {
		return err
	}
	standing, err := o.standing(ctx)
	if err != nil {
		return err
	}
	for i := range facts { // the board's minutes are those of a channel
		facts[i].Place, facts[i].Campaign = "", ""
	}
	want := archive.Recount(facts, standing, nil)
	if len(want) == 0 {
		return errors.New("the timeline holds no touchpoint, so there is no minute to compare")
	}
	first, last := want[0].Minute, want[len(want)-1].Minute
	got, err := o.History.Minutes(ctx, first, last.Add(time.Minute), "")
	if err != nil {
		return fmt.Errorf("read minutes: %w", err)
	}
	if len(got) != len(want) {
		return fmt.Errorf("the archive has %d minutes of a channel, the timeline %d", len(got), len(want))
	}
	for i, g := range got {
		w := want[i]
		if g.Minute != w.Minute || g.Channel != w.Channel || g.Total != w.Total || g.Negatives != w.Negatives || g.Customers != w.Customers ||
			!near(g.Score, float64(w.ScoreSum)/float64(w.Total)/100, 1e-9) || !near(g.DurationP50, w.P50, 0.01) || !near(g.DurationP95, w.P95, 0.01) {
			return fmt.Errorf("a minute of the archive differs:\n got %+v\nwant %+v", g, w)
		}
	}
	return nil
}

// facts are the touchpoints of the timeline as counting sees them, and the segments of customers by their latest profiles.
func (o *Oracle) facts(ctx context.Context) ([]archive.Fact, map[touchpoint.CustomerID]string, error) {
	var facts []archive.Fact
	segments, heard := map[touchpoint.CustomerID]string{}, map[touchpoint.CustomerID]touchpoint.Millis{}
	err := o.readAll(ctx, o.Timeline, o.TimelinePartitions, func(e *timeline.Entry) error {
		switch t := e.Touchpoint; {
		case t == nil:
		case t.Channel != touchpoint.CRM:
			facts = append(facts, archive.FactOf(t))
		case t.Profile != nil && t.ReceivedAt >= heard[t.Customer]:
			heard[t.Customer], segments[t.Customer] = t.ReceivedAt, t.Profile.Segment
		}
		return nil
	})
	return facts, segments, err
}

// standing are the signals that were reported and not taken back, per customer.
func (o *Oracle) standing(ctx context.Context) (map[touchpoint.CustomerID][]signal.Signal, error) {
	latest, err := o.reports(ctx)
	all := map[touchpoint.CustomerID][]signal.Signal{}
	for _, r := range latest {
		if !r.Gone {
			all[r.Customer] = append(all[r.Customer], r.Signal)
		}
	}
	return all, err
}

func parseAlert(body []byte) (Alert, error) {
	var a Alert
	if err := json.Unmarshal(body, &a); err != nil {
		return a, fmt.Errorf("alert %s: %w", body, err)
	}
	return a, nil
}
