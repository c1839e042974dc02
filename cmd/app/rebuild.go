package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"touchwatch/deploy/connect"
	"touchwatch/ingest/fence"
	"touchwatch/ingest/intake"
	"touchwatch/processors/keyed"
)

// RebuildOptions say how everything in Redis is made anew.
type RebuildOptions struct {
	// Yes deletes the states that are in Redis; without it a Redis that holds some is refused.
	Yes bool
	// FromRetained accepts a log that lacks its oldest records.
	FromRetained bool
	Log          *slog.Logger
	Progress     *RebuildProgress
}

// RebuildProgress is where a rebuild stands. It is safe for concurrent use.
type RebuildProgress struct {
	phase       atomic.Pointer[string]
	done, total atomic.Int64
}

// Get returns what is done now, and how many entries of how many are behind it; total is 0 when the number is not known.
func (p *RebuildProgress) Get() (phase string, done, total int64) {
	if name := p.phase.Load(); name != nil {
		phase = *name
	}
	return phase, p.done.Load(), p.total.Load()
}

func (p *RebuildProgress) begin(phase string, total int64) {
	p.done.Store(0)
	p.total.Store(total)
	p.phase.Store(&phase)
}

func (p *RebuildProgress) add(n int) { p.done.Add(int64(n)) }

// Rebuilt is what a rebuild made.
type Rebuilt struct {
	Deleted           int64 // keys
	Customers, Places int64 // states
	Entries           int64 // folded, of both logs
	intake.Restored
}

// rebuild is one rebuild under way.
type rebuild struct {
	cfg    *Config
	opt    RebuildOptions
	kafka  *kafka.Client
	state  redis.UniversalClient // never repeats by itself, for the folds
	redis  redis.UniversalClient // for everything that may be repeated
	member string
	raw    map[string]int // raw topics with their partition counts
	logs   logs
	bundle Bundle
}

// RebuildRedis makes everything that the product keeps in Redis anew from the timeline and the signals in Kafka. It refuses while any
// process of the product is alive, when the logs lack their oldest records, and when Redis holds states, unless the options
// accept that. Between the first key it deletes and the last one it writes a mark in Redis keeps every process from starting; after an
// error that comes later than that the rebuild has to be run again, from its start.
func RebuildRedis(ctx context.Context, cfg Config, opt RebuildOptions) (Rebuilt, error) {
	r := &rebuild{cfg: &cfg, opt: opt, member: rebuildMember(time.Now())}
	if r.opt.Progress == nil {
		r.opt.Progress = new(RebuildProgress)
	}
	defer r.close()
	if err := r.open(); err != nil {
		return Rebuilt{}, err
	}
	if err := r.check(ctx); err != nil {
		return Rebuilt{}, err
	}
	m := mark{redis: r.redis, member: r.member, patience: r.cfg.Limits.session()}
	if err := m.set(ctx, time.Now()); err != nil {
		return Rebuilt{}, err
	}
	done, err := m.whileHeld(ctx, r.run)
	left, ended := m.end(ctx, err == nil)
	if left {
		opt.Log.Warn("redis is not whole: no process starts on it before 'touchwatch rebuild redis' has run to its end, or a backup is restored")
	}
	if err == nil {
		err = ended
	}
	return done, err
}

// rebuildMember names a rebuild: machine, process, beginning.
func rebuildMember(now time.Time) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s%s/%d/%d", fence.RebuildPrefix, host, os.Getpid(), now.UnixMilli())
}

func (r *rebuild) open() error {
	var err error
	if r.bundle, err = ReadBundle(r.cfg); err != nil {
		return err
	}
	if r.kafka, err = r.cfg.Kafka.Client(); err != nil {
		return err
	}
	if r.state, err = r.cfg.Redis.StateClient(); err != nil {
		return err
	}
	r.redis, err = r.cfg.Redis.Client()
	return err
}

func (r *rebuild) close() {
	if r.kafka != nil {
		connect.CloseKafka(r.kafka)
	}
	if r.state != nil {
		_ = r.state.Close()
	}
	if r.redis != nil {
		_ = r.redis.Close()
	}
}

// run does the work under the mark. begun is called before the first key is deleted.
func (r *rebuild) run(ctx context.Context, begun func(context.Context) error) (Rebuilt, error) {
	if err := r.nobodyAlive(ctx); err != nil { // again: a process may have started before the mark was there
		return Rebuilt{}, err
	}
	relay := keyed.Relay{Alerts: TopicAlerts, AlertPartitions: r.cfg.Topics.PlacePartitions, Signals: TopicSignals, SignalPartitions: r.cfg.Topics.PlacePartitions}
	r.opt.Progress.begin("reading what was told", 0)
	told, err := keyed.ReadTold(ctx, r.kafka, relay, r.opt.Progress.add)
	if err != nil {
		return Rebuilt{}, fmt.Errorf("read what was told: %w", err)
	}
	if err := begun(ctx); err != nil {
		return Rebuilt{}, err
	}
	done := Rebuilt{Entries: total(r.logs.timeline) + total(r.logs.signals)}
	r.opt.Progress.begin("deleting", 0)
	if done.Deleted, err = wipe(ctx, r.redis, r.opt.Progress.add); err != nil {
		return done, err
	}
	if err := r.fold(ctx, told); err != nil {
		return done, err
	}
	if done.Restored, err = r.ingest(ctx); err != nil {
		return done, err
	}
	if err := r.settings(ctx); err != nil {
		return done, err
	}
	if err := r.release(ctx); err != nil {
		return done, err
	}
	done.Customers, done.Places, err = r.count(ctx)
	return done, err
}

// fold makes the states of customers and places.
func (r *rebuild) fold(ctx context.Context, told *keyed.Told) error {
	var initial []byte
	if r.logs.cut() {
		content, err := r.bundle.content()
		if err != nil {
			return err
		}
		initial = content
	}
	how := keyed.Rebuilding{Member: r.member, Settings: initial, Told: told, Applied: r.opt.Progress.add}
	r.opt.Progress.begin("customers", total(r.logs.timeline))
	err := r.each(ctx, r.logs.timeline, func(ctx context.Context, p int) error {
		how := how
		how.Until = r.logs.timeline[p].end
		return keyed.Rebuild(ctx, r.options(TopicTimeline, keyed.CustomerPrefix), BuildCustomers, p, how)
	})
	if err != nil {
		return err
	}
	r.opt.Progress.begin("places", total(r.logs.signals))
	return r.each(ctx, r.logs.signals, func(ctx context.Context, p int) error {
		how := how
		how.Until = r.logs.signals[p].end
		return keyed.Rebuild(ctx, r.options(TopicSignals, keyed.PlacePrefix), BuildPlaces, p, how)
	})
}

// parallel is how many partitions are folded at once.
func parallel() int { return min(runtime.GOMAXPROCS(0), 4) }

func (r *rebuild) options(topic, prefix string) keyed.Options {
	return keyed.Options{
		Topic: topic, Prefix: prefix, Kafka: r.kafka, Redis: r.state, Session: r.cfg.Limits.session(), Log: r.opt.Log,
		CacheBytes: r.cfg.Limits.CacheMiB << 20 / parallel(),
	}
}

// each calls fn for every partition, a few at once, until the first error.
func (r *rebuild) each(ctx context.Context, all []extent, fn func(ctx context.Context, p int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var working sync.WaitGroup
	next := atomic.Int64{}
	for range parallel() {
		working.Go(func() {
			for p := int(next.Add(1)) - 1; p < len(all) && ctx.Err() == nil; p = int(next.Add(1)) - 1 {
				if err := fn(ctx, p); err != nil {
					cancel(err)
				}
			}
		})
	}
	working.Wait()
	return context.Cause(ctx)
}

// ingest makes links and positions of ingest.
func (r *rebuild) ingest(ctx context.Context) (intake.Restored, error) {
	r.opt.Progress.begin("identities and positions", total(r.logs.timeline))
	stage := intake.New(intake.Options{
		Kafka: r.kafka, Redis: r.redis, Topics: r.cfg.Topics.formats(), Timeline: TopicTimeline, Partitions: r.cfg.Topics.TimelinePartitions,
		KeepLinks: r.cfg.Limits.ForgetKnown, Oldest: r.cfg.Limits.Oldest, Log: slog.New(slog.DiscardHandler),
	})
	ends := make([]int64, len(r.logs.timeline))
	for p, e := range r.logs.timeline {
		ends[p] = e.end
	}
	return stage.Restore(ctx, intake.Restoring{Ends: ends, Partitions: r.raw, Cut: r.logs.cut(), Read: r.opt.Progress.add})
}

// release lets processes take the partitions.
func (r *rebuild) release(ctx context.Context) error {
	var problems []error
	for p := range r.logs.timeline {
		problems = append(problems, keyed.Release(ctx, r.options(TopicTimeline, keyed.CustomerPrefix), p, r.member))
	}
	for p := range r.logs.signals {
		problems = append(problems, keyed.Release(ctx, r.options(TopicSignals, keyed.PlacePrefix), p, r.member))
	}
	return errors.Join(problems...)
}
