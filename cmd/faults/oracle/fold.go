package oracle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
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

// CompareWithTimeline is comparison (b): states in Redis, alerts at a board and minutes in the archive are those of the pure fold over
// the timeline as it is read back. Alerts are only known to have come
// about when there is one: a world that is too calm is an error.
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
	if o.History == nil {
		return nil
	}
	return o.compareMinutes(ctx)
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
	facts, err := o.facts(ctx)
	if err != nil {
		return err
	}
	standing, err := o.standing(ctx)
	if err != nil {
		return err
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
	near := func(a, b, share float64) bool { return math.Abs(a-b) <= share*max(math.Abs(a), math.Abs(b)) }
	for i, g := range got {
		w := want[i]
		if g.Minute != w.Minute || g.Channel != w.Channel || g.Total != w.Total || g.Negatives != w.Negatives || g.Customers != w.Customers ||
			!near(g.Score, float64(w.ScoreSum)/float64(w.Total)/100, 1e-9) || !near(g.DurationP50, w.P50, 0.01) || !near(g.DurationP95, w.P95, 0.01) {
			return fmt.Errorf("a minute of the archive differs:\n got %+v\nwant %+v", g, w)
		}
	}
	return nil
}

// facts are the touchpoints of the timeline, told apart by minute and channel only.
func (o *Oracle) facts(ctx context.Context) ([]archive.Fact, error) {
	var facts []archive.Fact
	err := o.readAll(ctx, o.Timeline, o.TimelinePartitions, func(e *timeline.Entry) error {
		if t := e.Touchpoint; t != nil && t.Channel != touchpoint.CRM {
			f := archive.FactOf(t)
			f.Place, f.Campaign = "", ""
			facts = append(facts, f)
		}
		return nil
	})
	return facts, err
}

// standing are the signals that were reported and not taken back, per customer.
func (o *Oracle) standing(ctx context.Context) (map[touchpoint.CustomerID][]signal.Signal, error) {
	type reported struct {
		signal.Report
		source touchpoint.Source
	}
	latest := map[string]reported{}
	err := o.readAll(ctx, o.Signals, o.PlacePartitions, func(e *timeline.Entry) error {
		if e.Kind != timeline.Signal {
			return nil
		}
		var r signal.Report
		if _, err := r.UnmarshalMsg(e.Payload); err != nil {
			return err
		}
		id := string(r.Customer) + " " + r.Signal.ID()
		if old, ok := latest[id]; !ok || e.Source.Offset >= old.source.Offset {
			latest[id] = reported{r, e.Source}
		}
		return nil
	})
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
