package feed

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"touchwatch/alerts/hub"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
)

// Bounds of what is loaded per partition.
const (
	loadBeats = 30  // latest beats, for the ticker
	loadRisk  = 200 // customers with the lowest scores
)

// load reads the partition's present picture and where its streams end. The ends are read first, so whatever changes
// meanwhile is read again from the streams; every alert carries a version and every count is a total, so that does no harm.
func (r *reader) load(ctx context.Context) (hub.News, error) {
	pipe := r.opt.Redis.Pipeline()
	out := pipe.XRevRangeN(ctx, r.keys.Out(), "+", "-", 1)
	beats := pipe.XRevRangeN(ctx, r.keys.Beat(), "+", "-", loadBeats)
	alerts := pipe.HGetAll(ctx, r.keys.Alerts())
	live := pipe.HGetAll(ctx, r.keys.Live())
	if _, err := pipe.Exec(ctx); err != nil {
		return hub.News{}, fmt.Errorf("load %s: %w", r.part, err)
	}
	var err error
	if r.out, err = lastID(out.Val()); err != nil {
		return hub.News{}, fmt.Errorf("load %s: %w", r.part, err)
	}
	if r.beat, err = lastID(beats.Val()); err != nil {
		return hub.News{}, fmt.Errorf("load %s: %w", r.part, err)
	}
	n := hub.News{Part: r.part, AllAlerts: true, AllRisk: true, AllMinutes: true, Progress: &hub.Progress{}}
	for id, body := range alerts.Val() {
		a, err := parseAlert(body)
		if r.sound(err, r.keys.Alerts()+" "+id) {
			n.Alerts = append(n.Alerts, *a)
		}
	}
	r.owner = ""
	for i := len(beats.Val()) - 1; i >= 0; i-- { // oldest first
		b, err := parseBeat(beats.Val()[i])
		if r.sound(err, r.keys.Beat()) {
			r.owner = b.Owner
			n.Feed = append(n.Feed, b.Feed...)
			r.takeProgress(&n, b.Progress)
		}
	}
	if !r.customers() {
		n.Feed = nil
		return n, nil
	}
	for field, body := range live.Val() {
		m, err := parseMinute(field, body)
		if r.sound(err, r.keys.Live()) {
			n.Minutes = append(n.Minutes, m)
		}
	}
	n.Risk, err = r.atRisk(ctx)
	return n, err
}

// atRisk reads the customers with the lowest scores and computes their rows for now.
func (r *reader) atRisk(ctx context.Context) ([]hub.RiskRow, error) {
	ids, err := r.opt.Redis.ZRange(ctx, r.keys.Risk(), 0, loadRisk-1).Result()
	if err != nil || len(ids) == 0 {
		return nil, wrap(err, "read who is at risk in "+string(r.part))
	}
	pipe := r.opt.Redis.Pipeline()
	states := make([]*redis.StringCmd, len(ids))
	for i, id := range ids {
		states[i] = pipe.HGet(ctx, r.keys.States(id), id)
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read states of %d customers at risk in %s: %w", len(ids), r.part, err)
	}
	now := touchpoint.MillisOf(r.opt.Now())
	var rows []hub.RiskRow
	for i, id := range ids {
		body, err := states[i].Bytes()
		if errors.Is(err, redis.Nil) { // forgotten since the ids were read
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read state of %s: %w", id, err)
		}
		s, err := customer.Decode(body)
		if r.sound(err, "state of "+id) {
			rows = append(rows, hub.RiskRow(s.Risk(max(now, s.Now))))
		}
	}
	return rows, nil
}

// lastID returns the id of the newest entry of a reversed range, zero for an empty stream.
func lastID(newestFirst []redis.XMessage) (streamID, error) {
	if len(newestFirst) == 0 {
		return streamID{}, nil
	}
	return parseStreamID(newestFirst[0].ID)
}

func wrap(err error, operation string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", operation, err)
}
