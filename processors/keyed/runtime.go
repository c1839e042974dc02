package keyed

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"touchwatch/ingest/fence"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
)

// Options configure a Runtime.
type Options struct {
	Group    string // consumer group, such as "touchwatch.customers"
	Topic    string // topic of entries
	Prefix   string // of the Redis keys: CustomerPrefix or PlacePrefix
	Brokers  []string
	Dialer   *kafka.Dialer
	Kafka    *kafka.Client
	Redis    redis.UniversalClient // must not retry by itself: an error has to mean 'outcome unknown'
	Progress ReadProgress
	Relay    Relay
	Session  time.Duration // group session; also how long a silent owner keeps a partition. Zero means 20 s
	// CacheBytes bounds the states kept in memory, over all partitions that this process holds: each has an equal share. Zero means 64 MiB.
	CacheBytes int
	// Late is how far the reached progress may lie behind the clock before throughput counts more than latency: then a worker waits up to half
	// a second for a large batch, which costs Redis half as much by the entry. Zero means never.
	Late time.Duration
	// Stuck is after how long without progress a worker is left behind and its partition read again. It has to be longer than the time-outs of
	// Redis and Kafka, which may follow each other. Zero means a minute.
	Stuck time.Duration
	// Allowed is asked before and after a partition is taken; with an error nobody works on it. Whoever forbids it and then finds no owner
	// can be sure that none comes. nil allows it.
	Allowed func(context.Context) error
	// History is how many touchpoints are remembered per subject. Zero means 50.
	History int
	Log     *slog.Logger
	Metrics *Metrics
	// Now is the wall clock, used for heartbeats and time-outs only, never by a fold. nil means time.Now.
	Now func() time.Time
}

func (o *Options) allowed(ctx context.Context) error {
	if o.Allowed == nil {
		return nil
	}
	return o.Allowed(ctx)
}

// Relay says where outbox entries go in Kafka: topic and partition count per kind. A kind that is absent is not copied.
type Relay struct {
	Alerts           string // topic of alert entries
	AlertPartitions  int
	Signals          string // topic of signal entries, "" for none
	SignalPartitions int
	// OnAlert hears of every alert change after it was copied to Kafka, so possibly twice after a crash. nil hears nothing.
	OnAlert func(body []byte)
}

// Runtime runs a Logic over all partitions that the group assigns to this process.
type Runtime[S any] struct {
	opt     Options
	build   Build[S]
	in      *stream.Gatherer // all workers read through it
	out     *stream.Combiner // all relays write through it
	holding atomic.Int64     // partitions held now
	lateAt  atomic.Int64     // when a partition was late last
	halts   stream.Halts     // why partitions stand still, for readiness
}

// New returns a runtime; nothing runs before Run.
func New[S any](opt Options, build Build[S]) *Runtime[S] {
	if opt.Session == 0 {
		opt.Session = 20 * time.Second
	}
	if opt.CacheBytes == 0 {
		opt.CacheBytes = 64 << 20
	}
	if opt.Stuck == 0 {
		opt.Stuck = time.Minute
	}
	if opt.History == 0 {
		opt.History = 50
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Metrics == nil {
		opt.Metrics = NewMetrics(nil)
	}
	return &Runtime[S]{opt: opt, build: build, in: stream.NewGatherer(opt.Kafka), out: stream.NewCombiner(opt.Kafka)}
}

// share is how many bytes of states a partition may keep in memory now.
func (r *Runtime[S]) share() int { return r.opt.CacheBytes / int(max(r.holding.Load(), 1)) }

// Run owns and folds partitions until ctx ends, then waits for its workers.
func (r *Runtime[S]) Run(ctx context.Context) error {
	group := stream.Group{
		ID: r.opt.Group, Brokers: r.opt.Brokers, Dialer: r.opt.Dialer, Client: r.opt.Kafka, Topics: []string{r.opt.Topic},
		Session: r.opt.Session, Log: r.opt.Log,
		Work: r.attend,
	}
	return group.Run(ctx)
}

// late reports whether a reached progress lies further back than Options.Late, and remembers when that was.
func (r *Runtime[S]) late(upTo touchpoint.Millis) bool {
	now := touchpoint.MillisOf(r.opt.Now())
	if r.opt.Late == 0 || now.Sub(upTo) <= r.opt.Late {
		return false
	}
	r.lateAt.Store(int64(now))
	return true
}

// Late reports whether a partition was late within the last second. Safe for concurrent use.
func (r *Runtime[S]) Late() bool {
	return touchpoint.MillisOf(r.opt.Now()).Sub(touchpoint.Millis(r.lateAt.Load())) <= time.Second
}

// Halted returns why a partition of this process stands still and needs a person, or "".
func (r *Runtime[S]) Halted() string { return r.halts.String() }

// HaltedPartitions returns which partitions of this process stand still and need a person, as topic/partition.
func (r *Runtime[S]) HaltedPartitions() []string { return r.halts.Names() }

// token is what this process writes as owner of a partition, now.
func (r *Runtime[S]) token(a stream.Assignment) fence.Token {
	return fence.Token{Generation: a.Generation, Member: a.Member, Heartbeat: touchpoint.MillisOf(r.opt.Now())}
}
