package oracle

import (
	"context"
	"fmt"
	"math"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/archive"
	"touchwatch/processors/signal"
)

// The archive's tables, read without its own readers: each query gives the rows that are true, whatever was inserted how often.
const (
	groupsQuery = `
SELECT toUnixTimestamp(minute) * 1000, channel, place, campaign, segment, total, negatives, score_sum,
	finalizeAggregation(customers), finalizeAggregation(durations)
FROM touchpoint_minutes FINAL
WHERE (minute, version) IN (SELECT minute, max(version) FROM touchpoint_minutes GROUP BY minute)
ORDER BY minute, channel, place, campaign, segment`
	touchpointsQuery = `SELECT toUnixTimestamp(minute) * 1000, channel, id, customer FROM touchpoints FINAL`
	signalsQuery     = `SELECT id, customer, gone, weight, evidence, revision FROM signals FINAL`
	alertsQuery      = `SELECT id, revision, phase, reason, body FROM alerts FINAL`
)

// compareTables checks that the archive's tables hold the touchpoints of the timeline, the latest report of each signal, the latest version of
// each alert, and of each minute every group.
func (o *Oracle) compareTables(ctx context.Context, alerts []Alert) error {
	if err := o.compareTouchpoints(ctx); err != nil {
		return err
	}
	if err := o.compareReports(ctx); err != nil {
		return err
	}
	if err := o.compareAlertRows(ctx, alerts); err != nil {
		return err
	}
	return o.compareGroups(ctx)
}

// eachRow visits the rows of a query.
func (o *Oracle) eachRow(ctx context.Context, table, query string, visit func(scan func(dest ...any) error) error) error {
	rows, err := o.House.Query(ctx, query)
	if err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := visit(rows.Scan); err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}
	return nil
}

// compareTouchpoints checks the ids and customers of touchpoints.
func (o *Oracle) compareTouchpoints(ctx context.Context) error {
	type key struct {
		minute  touchpoint.Millis
		channel touchpoint.Channel
		id      touchpoint.ID
	}
	want := map[key]touchpoint.CustomerID{}
	err := o.readAll(ctx, o.Timeline, o.TimelinePartitions, func(e *timeline.Entry) error {
		if t := e.Touchpoint; t != nil && t.Channel != touchpoint.CRM {
			want[key{t.OccurredAt - t.OccurredAt%minuteMillis, t.Channel, t.ID}] = t.Customer
		}
		return nil
	})
	if err != nil {
		return err
	}
	rows := 0
	err = o.eachRow(ctx, "touchpoints", touchpointsQuery, func(scan func(...any) error) error {
		var minute uint64
		var channel, id, customer string
		if err := scan(&minute, &channel, &id, &customer); err != nil {
			return err
		}
		rows++
		if owner, ok := want[key{touchpoint.Millis(minute), touchpoint.Channel(channel), touchpoint.ID(id)}]; !ok || string(owner) != customer {
			return fmt.Errorf("the row of %s (%s) says %q, the timeline %q", id, channel, customer, owner)
		}
		return nil
	})
	if err == nil && rows != len(want) {
		err = fmt.Errorf("touchpoints has %d rows, the timeline %d touchpoints", rows, len(want))
	}
	return err
}

const minuteMillis = 60_000

// report is what was said of a signal last.
type report struct {
	signal.Report
	offset int64 // of the entry of the timeline that brought it
}

// reports are the latest of each signal, by customer and id.
func (o *Oracle) reports(ctx context.Context) (map[string]report, error) {
	latest := map[string]report{}
	err := o.readAll(ctx, o.Signals, o.PlacePartitions, func(e *timeline.Entry) error {
		if e.Kind != timeline.Signal {
			return nil
		}
		var r signal.Report
		if _, err := r.UnmarshalMsg(e.Payload); err != nil {
			return err
		}
		id := string(r.Customer) + " " + r.Signal.ID()
		if old, ok := latest[id]; !ok || e.Source.Offset >= old.offset {
			latest[id] = report{r, e.Source.Offset}
		}
		return nil
	})
	return latest, err
}

// compareReports checks that of each signal the latest report stands, gone or not.
func (o *Oracle) compareReports(ctx context.Context) error {
	want, err := o.reports(ctx)
	if err != nil {
		return err
	}
	rows := 0
	err = o.eachRow(ctx, "signals", signalsQuery, func(scan func(...any) error) error {
		var id, customer string
		var gone bool
		var weight int32
		var evidence []string
		var revision uint64
		if err := scan(&id, &customer, &gone, &weight, &evidence, &revision); err != nil {
			return err
		}
		rows++
		w, ok := want[customer+" "+id]
		if !ok || gone != w.Gone || weight != w.Signal.Weight || len(evidence) != len(w.Signal.Evidence) || int64(revision) != w.offset+1 {
			return fmt.Errorf("signal %s of %s: gone %t, weight %d, evidence %v, revision %d; reported (%t) was gone %t, weight %d, evidence %v at %d",
				id, customer, gone, weight, evidence, revision, ok, w.Gone, w.Signal.Weight, w.Signal.Evidence, w.offset)
		}
		return nil
	})
	if err == nil && rows != len(want) {
		err = fmt.Errorf("signals has %d rows, %d signals were reported", rows, len(want))
	}
	return err
}

// compareAlertRows checks that the latest version of each alert stands.
func (o *Oracle) compareAlertRows(ctx context.Context, all []Alert) error {
	want := map[string]Alert{}
	for _, a := range all {
		if a.Version >= want[a.ID].Version {
			want[a.ID] = a
		}
	}
	rows := 0
	err := o.eachRow(ctx, "alerts", alertsQuery, func(scan func(...any) error) error {
		var id, phase, reason, body string
		var revision uint64
		if err := scan(&id, &revision, &phase, &reason, &body); err != nil {
			return err
		}
		rows++
		if w := want[id]; int64(revision) != w.Version || phase != string(w.Phase) || reason != w.Reason {
			return fmt.Errorf("alert %s stands at version %d (%s, %s), the fold has version %d (%s, %s)", id, revision, phase, reason, w.Version, w.Phase, w.Reason)
		}
		_, err := parseAlert([]byte(body))
		return err
	})
	if err == nil && rows != len(want) {
		err = fmt.Errorf("alerts has %d rows, the fold %d alerts", rows, len(want))
	}
	return err
}

// compareGroups checks every group of every minute: counts exactly, quantiles within 1 %.
func (o *Oracle) compareGroups(ctx context.Context) error {
	facts, segments, err := o.facts(ctx)
	if err != nil {
		return err
	}
	standing, err := o.standing(ctx)
	if err != nil {
		return err
	}
	want, row := archive.Recount(facts, standing, segments), 0
	err = o.eachRow(ctx, "touchpoint_minutes", groupsQuery, func(scan func(...any) error) error {
		g, err := scanGroup(scan)
		if err != nil {
			return err
		}
		if row >= len(want) {
			return fmt.Errorf("the timeline has %d groups, the archive has %+v beyond them", len(want), g)
		}
		w := want[row]
		row++
		exact := w
		exact.P50, exact.P95 = g.P50, g.P95
		if g != exact || !near(g.P50, w.P50, 0.01) || !near(g.P95, w.P95, 0.01) {
			return fmt.Errorf("a group differs:\n got %+v\nwant %+v", g, w)
		}
		return nil
	})
	if err == nil && row != len(want) {
		err = fmt.Errorf("the archive has %d groups of a minute, the timeline %d", row, len(want))
	}
	return err
}

func scanGroup(scan func(...any) error) (archive.Group, error) {
	var g archive.Group
	var channel string
	var at, total, negatives, customers uint64
	var q []float64
	if err := scan(&at, &channel, &g.Place, &g.Campaign, &g.Segment, &total, &negatives, &g.ScoreSum, &customers, &q); err != nil {
		return g, err
	}
	g.Minute, g.Channel = touchpoint.Millis(at), touchpoint.Channel(channel)
	g.Total, g.Negatives, g.Customers = int64(total), int64(negatives), int64(customers)
	if !math.IsNaN(q[0]) {
		g.P50, g.P95 = q[0], q[1]
	}
	return g, nil
}

func near(a, b, share float64) bool { return math.Abs(a-b) <= share*max(math.Abs(a), math.Abs(b)) }
