package intake

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"touchwatch/ingest/fence"
	"touchwatch/ingest/identity"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
)

// Group is the consumer group of the stage.
const Group = "touchwatch.ingest"

// Options configure a Stage.
type Options struct {
	Brokers    []string
	Dialer     *kafka.Dialer
	Kafka      *kafka.Client
	Redis      redis.UniversalClient // must not retry by itself: an error has to mean 'outcome unknown'
	Topics     map[string]string     // raw topic → format of records that name none
	Timeline   string                // topic of entries
	Partitions int                   // partitions of Timeline
	Dead       string                // topic of what could not be decoded
	// Annotate judges a touchpoint's text once, before the timeline; nil judges none.
	Annotate func(*touchpoint.Touchpoint)
	// Sent hears of touchpoints that stand in the timeline, those of a batch that is sent again included. It must not block
	// nor keep the slice; nil hears nothing.
	Sent func([]touchpoint.Touchpoint)
	// Allowed is asked before and after a raw partition is taken; with an error nobody works on it. nil allows it.
	Allowed func(context.Context) error
	// KeepLinks is how long the link of a device or a contact is kept without use; zero keeps all.
	KeepLinks time.Duration
	// Oldest is how old a touchpoint may be; zero takes any age.
	Oldest  time.Duration
	Session time.Duration // group session; zero means 20 s
	Log     *slog.Logger
	Metrics *Metrics
	// Now is the wall clock, the only source of the moment of receipt. nil means time.Now.
	Now func() time.Time
}

// Stage runs the ingest of all raw partitions that the group assigns to this process.
type Stage struct {
	opt   Options
	names *identity.Directory
	in    *stream.Gatherer // all workers read through it …
	out   *stream.Combiner // … and write through it
	halts stream.Halts
	quiet quiet
}

// New returns a stage; nothing runs before Run.
func New(opt Options) *Stage {
	if opt.Session == 0 {
		opt.Session = 20 * time.Second
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Metrics == nil {
		opt.Metrics = NewMetrics(nil)
	}
	return &Stage{opt: opt, names: &identity.Directory{Redis: opt.Redis, Keep: opt.KeepLinks}, in: stream.NewGatherer(opt.Kafka), out: stream.NewCombiner(opt.Kafka)}
}

// Run reads raw topics until ctx ends, then waits for its workers.
func (s *Stage) Run(ctx context.Context) error {
	group := stream.Group{
		ID: Group, Brokers: s.opt.Brokers, Dialer: s.opt.Dialer, Client: s.opt.Kafka, Topics: slices.Sorted(maps.Keys(s.opt.Topics)),
		Session: s.opt.Session, Log: s.opt.Log,
		Work: func(ctx context.Context, a stream.Assignment, commit func(int64)) {
			newWorker(s, a, commit).run(ctx)
		},
	}
	return group.Run(ctx)
}

// Halted returns why a raw partition of this process stands still and needs a person, or "".
func (s *Stage) Halted() string { return s.halts.String() }

// HaltedPartitions returns which raw partitions of this process stand still and need a person, as topic/partition.
func (s *Stage) HaltedPartitions() []string { return s.halts.Names() }

func (s *Stage) allowed(ctx context.Context) error {
	if s.opt.Allowed == nil {
		return nil
	}
	return s.opt.Allowed(ctx)
}

func (s *Stage) now() touchpoint.Millis { return touchpoint.MillisOf(s.opt.Now()) }

func (s *Stage) token(a stream.Assignment) fence.Token {
	return fence.Token{Generation: a.Generation, Member: a.Member, Heartbeat: s.now()}
}
