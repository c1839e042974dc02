package archive

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"touchwatch/deploy/connect"
	"touchwatch/ingest/stream"
)

// ConsumerGroup is the usual one of the stage.
const ConsumerGroup = "touchwatch.archive"

// Topics are the names of what the archive reads.
type Topics struct{ Timeline, Signals, Alerts string }

// Options configure an Archive.
type Options struct {
	Group      string // consumer group; empty means "touchwatch.archive"
	Topics     Topics // empty names mean "customer.timeline", "signals" and "alerts"
	Brokers    []string
	Dialer     *kafka.Dialer
	Kafka      *kafka.Client
	ClickHouse connect.ClickHouse
	// KeepDays is how long the tables keep rows; 0 means for ever.
	KeepDays int
	// Session is how long a silent process keeps its partitions; zero means 20 s.
	Session time.Duration
	// Every is how often rows are written and counted when there are few; zero means 2 s. When counting takes long, it is done less often.
	Every time.Duration
	// MaxRows and MaxBytes (of their records) bound what waits in memory to be written; zero means 100,000 and 24 MiB, which unfolded into columns is several times that.
	MaxRows, MaxBytes int
	// Yield reports whether something more urgent is late; then the archive works a third of the time. nil never does. Safe for concurrent use.
	Yield   func() bool
	Log     *slog.Logger
	Metrics *Metrics
}

func (o Options) withDefaults() Options {
	if o.Group == "" {
		o.Group = ConsumerGroup
	}
	for name, usual := range map[*string]string{&o.Topics.Timeline: "customer.timeline", &o.Topics.Signals: "signals", &o.Topics.Alerts: "alerts"} {
		if *name == "" {
			*name = usual
		}
	}
	if o.Every == 0 {
		o.Every = 2 * time.Second
	}
	if o.MaxRows == 0 {
		o.MaxRows = 100_000
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 24 << 20
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics(nil)
	}
	return o
}

// Archive writes the three topics to ClickHouse.
type Archive struct {
	opt   Options
	halts stream.Halts // partitions that cannot be read, and ClickHouse while it is away
}

// New returns an archive; nothing runs before Run.
func New(opt Options) *Archive { return &Archive{opt: opt.withDefaults()} }

// Halted says why the archive stands still, "" when it does not. It lags then; nothing is lost while Kafka keeps the records.
func (a *Archive) Halted() string { return a.halts.String() }

// HaltedPartitions returns which partitions of this process stand still and need a person, as topic/partition, and "clickhouse" while that is away.
func (a *Archive) HaltedPartitions() []string { return a.halts.Names() }

// Run migrates the tables, then reads and writes until ctx ends. Servers that cannot be reached are waited for, with one
// line in the log per change. It returns an error only for a configuration that a client refuses.
func (a *Archive) Run(ctx context.Context) error {
	conn, err := a.opt.ClickHouse.Open()
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	defer func() { _ = conn.Close() }()
	w := &writer{opt: &a.opt, conn: conn, in: make(chan *parcel), halts: &a.halts, dirty: map[int64]bool{}, upTo: map[*session]int64{}}
	if !w.insist(ctx, "migrate", func(ctx context.Context) error { return Migrate(ctx, a.opt.ClickHouse, a.opt.KeepDays, a.opt.Log) }) {
		return nil
	}
	var writing sync.WaitGroup
	writing.Go(func() { w.run(ctx) })
	group := &stream.Group{
		ID: a.opt.Group, Brokers: a.opt.Brokers, Dialer: a.opt.Dialer, Client: a.opt.Kafka, Session: a.opt.Session, Log: a.opt.Log,
		Topics: []string{a.opt.Topics.Timeline, a.opt.Topics.Signals, a.opt.Topics.Alerts},
		Work: func(ctx context.Context, assigned stream.Assignment, commit func(int64)) {
			r := &reader{opt: &a.opt, a: assigned, halts: &a.halts, out: w.in, session: &session{commit: commit}}
			r.run(ctx)
		},
	}
	err = group.Run(ctx)
	writing.Wait()
	return err
}
