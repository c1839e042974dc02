// Package feed reads what the customers' and places' stages publish in Redis (outbox, beats, current alerts, ranks, minutes)
// and tells it to the boards' hub. One goroutine follows one partition: it loads the present picture, then waits for news
// with one blocking read of the partition's two streams, whose keys share a slot, so a single server and a cluster serve alike.
//
// It writes nothing. Whatever goes wrong, a partition is loaded again as a whole, so a break never leaves a partial
// picture. It leaves the picture itself, and browsers, to alerts/hub. Run a Feed once.
package feed

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/redis/go-redis/v9"

	"touchwatch/alerts/hub"
	"touchwatch/processors/keyed"
)

// Board takes the news. alerts/hub.Hub is one.
type Board interface {
	// Publish takes n in without waiting for any browser. The feed does not touch n afterwards.
	Publish(n hub.News)
	// Reset says that what was told before may not hold, because Redis was rewound or replaced. Whole news follows.
	Reset()
}

// Options configure a Feed.
type Options struct {
	// Redis is read only. Each partition holds one connection while it waits, so the pool needs Customers + Places + Spare.
	Redis     redis.UniversalClient
	Board     Board
	Customers int // partitions of the timeline
	Places    int // partitions of the topic signals
	Log       *slog.Logger
	Metrics   *Metrics
	// Block is how long one read waits for news, and so how long Run may take to return. Zero means 1 s.
	Block time.Duration
	// Refresh is how often scores at risk are computed anew: they recover as time goes by, without an event. Zero means 1 minute.
	Refresh time.Duration
	// Now is the wall clock; nil means time.Now.
	Now func() time.Time
}

// Spare is how many connections the pool needs beside one per partition.
const Spare = 4

// Feed follows all partitions of both stages.
type Feed struct {
	opt     Options
	readers []*reader
	health  *health
}

// New returns a feed; nothing runs before Run. It returns an error when the client's pool is too small: the feed would
// then wait for its own connections.
func New(opt Options) (*Feed, error) {
	if opt.Block == 0 {
		opt.Block = time.Second
	}
	if opt.Refresh == 0 {
		opt.Refresh = time.Minute
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Metrics == nil {
		opt.Metrics = NewMetrics(nil)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	want := opt.Customers + opt.Places + Spare
	if have, known := poolSize(opt.Redis); known && have < want {
		return nil, fmt.Errorf("live feed: the Redis pool has %d connections, want at least %d (one per partition and %d more)", have, want, Spare)
	}
	f := &Feed{opt: opt}
	for p := range opt.Customers {
		f.readers = append(f.readers, newReader(&f.opt, "customers", keyed.CustomerPrefix, p))
	}
	for p := range opt.Places {
		f.readers = append(f.readers, newReader(&f.opt, "places", keyed.PlacePrefix, p))
	}
	f.health = newHealth(opt.Log, len(f.readers))
	return f, nil
}

// PoolSize returns the pool size that a client for this many partitions needs.
func PoolSize(customers, places int) int { return customers + places + 2*Spare }

func poolSize(c redis.UniversalClient) (int, bool) {
	switch c := c.(type) {
	case *redis.Client:
		return c.Options().PoolSize, true
	case *redis.ClusterClient:
		return c.Options().PoolSize, true
	}
	return 0, false
}

// Run follows the partitions until ctx ends, then waits for its goroutines.
func (f *Feed) Run(ctx context.Context) {
	for _, r := range f.readers { // until a partition is heard, the age of the picture is unknown
		f.opt.Board.Publish(hub.News{Part: r.part, Progress: &hub.Progress{}})
	}
	var running sync.WaitGroup
	for _, r := range f.readers {
		running.Go(func() { f.follow(ctx, r) })
	}
	running.Wait()
}

// Ready returns nil when every partition is followed, or an error that says which is not and why.
func (f *Feed) Ready(context.Context) error { return f.health.err() }

// follow holds sessions on one partition until ctx ends.
func (f *Feed) follow(ctx context.Context, r *reader) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 100*time.Millisecond, 2*time.Second
	for ctx.Err() == nil {
		err := r.session(ctx, func() {
			f.health.up(r.part)
			pause.Reset()
		})
		if ctx.Err() != nil {
			return
		}
		f.opt.Metrics.reloads.WithLabelValues(reloadReason(err)).Inc()
		if isReload(err) {
			continue
		}
		f.health.down(r.part, err)
		wait(ctx, pause.NextBackOff())
	}
}

// wait sleeps until d has passed or ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// jitter returns a moment up to d away, so that partitions do not all refresh at once.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }
