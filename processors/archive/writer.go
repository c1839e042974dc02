package archive

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"touchwatch/ingest/stream"
)

//go:embed recompute.sql
var recompute string

const (
	insertTimeout = 30 * time.Second
	countTimeout  = 2 * time.Minute
	maxPause      = 10 * time.Second
	// minutesAtOnce bounds one computation, and paramBytes the parameters of one query: they travel in an address.
	minutesAtOnce = 60
	paramBytes    = 100_000
)

// writer gathers parcels and writes them. It belongs to the goroutine of run.
type writer struct {
	opt   *Options
	conn  driver.Conn
	in    chan *parcel
	halts *stream.Halts

	dirty   map[int64]bool     // minutes to count again, in seconds since 1970
	upTo    map[*session]int64 // offsets whose rows are inserted; they are committed when dirty is counted
	counted time.Time          // when that began last
	minutes int                // how many were counted then
	took    time.Duration      // and how long that took
	down    bool
}

// run writes what comes, every Options.Every or when enough is there, until ctx ends.
func (w *writer) run(ctx context.Context) {
	tick := time.NewTicker(w.opt.Every)
	defer tick.Stop()
	gathered := new(parcel)
	for {
		select {
		case p := <-w.in:
			if gathered.add(p); !w.enough(gathered) {
				continue
			}
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		begun := time.Now()
		if !w.write(ctx, gathered) {
			return
		}
		gathered = new(parcel)
		w.yield(ctx, time.Since(begun))
		// Not at once after a long write, or a few rows would follow and be a part of the table of their own.
		tick.Reset(max(w.opt.Every-time.Since(begun), w.opt.Every/4))
	}
}

// write inserts the rows, counts the minutes they touch when it is time for that, and commits. It returns false when ctx ended first.
func (w *writer) write(ctx context.Context, p *parcel) bool {
	ok := insert(ctx, w, "customers", profileColumns, p.profiles) &&
		insert(ctx, w, "touchpoints", touchColumns, p.touches) &&
		insert(ctx, w, "signals", signalColumns, p.signals) &&
		insert(ctx, w, "alerts", alertColumns, p.alerts) &&
		w.touch(ctx, p)
	if !ok {
		return false
	}
	for s, offset := range p.upTo {
		w.upTo[s] = max(w.upTo[s], offset)
	}
	if len(w.dirty) > 0 {
		if !w.countNow(w.enough(p)) {
			return true
		}
		if !w.count(ctx) {
			return false
		}
	}
	for s, offset := range w.upTo {
		s.commit(offset)
	}
	clear(w.upTo)
	return true
}

// insist repeats fn with a pause that grows to maxPause until it succeeds, and returns false when ctx ended first.
// The first failure and the end of the trouble are logged.
func (w *writer) insist(ctx context.Context, operation string, fn func(context.Context) error) bool {
	pause := 250 * time.Millisecond
	for {
		err := fn(ctx)
		if err == nil {
			if w.down {
				w.down = false
				w.halts.Clear("clickhouse")
				w.opt.Metrics.up.Set(1)
				w.opt.Log.Info("archive writes again")
			}
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		w.opt.Metrics.errors.WithLabelValues(operation).Inc()
		w.halts.Set("clickhouse", operation+": "+err.Error())
		if !w.down {
			w.down = true
			w.opt.Metrics.up.Set(0)
			w.opt.Log.Warn("archive waits for ClickHouse, it lags meanwhile", "operation", operation, "error", err)
		}
		if !stream.Sleep(ctx, pause) {
			return false
		}
		pause = min(2*pause, maxPause)
	}
}

// insert writes rows until they are stored; each attempt is a batch of its own, because what became of a failed one is
// unknown, and storing it again does no harm.
func insert[R any](ctx context.Context, w *writer, table string, columns []column[R], rows []R) bool {
	if len(rows) == 0 {
		return true
	}
	ok := w.insist(ctx, "insert", func(ctx context.Context) error {
		begun := time.Now()
		if err := insertOnce(ctx, w.conn, table, columns, rows); err != nil {
			return fmt.Errorf("insert %d rows into %s: %w", len(rows), table, err)
		}
		w.opt.Metrics.insertSeconds.Observe(time.Since(begun).Seconds())
		return nil
	})
	if ok {
		w.opt.Metrics.rows.WithLabelValues(table).Add(float64(len(rows)))
	}
	return ok
}

func insertOnce[R any](ctx context.Context, conn driver.Conn, table string, columns []column[R], rows []R) error {
	ctx, cancel := context.WithTimeout(ctx, insertTimeout)
	defer cancel()
	// A backfill may span more months than the default allows in one insert.
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"async_insert": 0, "max_partitions_per_insert_block": 0}))
	batch, err := conn.PrepareBatch(ctx, statement(table, columns))
	if err != nil {
		return err
	}
	defer func() { _ = batch.Close() }()
	if err := fill(batch, columns, rows); err != nil {
		return err
	}
	return batch.Send()
}

// touch notes which minutes the rows change: those of the touchpoints, and those in which the customers of the signals
// had touchpoints since the first evidence of theirs.
func (w *writer) touch(ctx context.Context, p *parcel) bool {
	for i := range p.touches {
		w.dirty[int64(minuteOf(p.touches[i].OccurredAt))/1000] = true
	}
	for _, s := range suspicions(p.signals) {
		if !w.insist(ctx, "find minutes", func(ctx context.Context) error { return w.minutesOf(ctx, s) }) {
			return false
		}
	}
	return true
}

// count computes the dirty minutes anew.
func (w *writer) count(ctx context.Context) bool {
	w.counted = time.Now()
	minutes := slices.Sorted(maps.Keys(w.dirty))
	for part := range slices.Chunk(minutes, minutesAtOnce) {
		if !w.insist(ctx, "count", func(ctx context.Context) error { return countMinutes(ctx, w.conn, part) }) {
			return false
		}
	}
	clear(w.dirty)
	w.took, w.minutes = time.Since(w.counted), len(minutes)
	w.opt.Metrics.countSeconds.Observe(w.took.Seconds())
	w.opt.Metrics.minutes.Add(float64(len(minutes)))
	return true
}

func countMinutes(ctx context.Context, conn driver.Conn, minutes []int64) error {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	list := make([]string, len(minutes))
	for i, m := range minutes {
		list[i] = "'" + seconds(m) + "'"
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"minutes": "[" + strings.Join(list, ",") + "]"}))
	if err := conn.Exec(ctx, recompute); err != nil {
		return fmt.Errorf("count %d minutes from %s: %w", len(minutes), seconds(minutes[0]), err)
	}
	return nil
}

// seconds writes a moment as a parameter of the type DateTime.
func seconds(unix int64) string { return time.Unix(unix, 0).UTC().Format("2006-01-02 15:04:05") }
