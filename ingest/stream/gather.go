package stream

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
)

// Bounds of one request: how many partitions it asks for, how many bytes it takes for all of them and for each.
const (
	roundPartitions     = 64
	roundBytes          = 4 << 20
	roundPartitionBytes = 1 << 20
)

// Gatherer fetches what several goroutines want of one broker with one request. Under steady traffic each of them would let the broker gather
// for a while; here they gather together, in rounds: when the one that came first has waited as long as it wants to, whoever waits then goes
// with it, and the broker answers at once with what it has. A broker's work is by the request, and so is much of a client's. Partitions that
// are read together are also worked on together, so that what their workers write can be combined. Safe for concurrent use; no goroutine of its own.
type Gatherer struct {
	client  *kafka.Client
	leaders leadership
	table[roundKey, *ask]
}

// roundKey says who goes together: partitions of one leader that gather for as long.
type roundKey struct {
	leader int
	gather time.Duration
}

// ask is what one goroutine wants; answer and err are written before answered is closed.
type ask struct {
	lane
	offset, maxBytes int64
	since            time.Time
	answered         chan struct{}
	answer           *kafka.FetchResponse
	err              error
}

func (a *ask) done() <-chan struct{} { return a.answered }

// errAlone says that a partition has to be asked for by itself, because it is not known who leads it.
var errAlone = errors.New("the leader is not known")

// NewGatherer returns a Gatherer that asks through client.
func NewGatherer(client *kafka.Client) *Gatherer {
	return &Gatherer{client: client, leaders: leadership{client: client}}
}

// fetch waits for the round and returns the answer for the partition; faults of the partition itself are in it. Other errors are of the
// request, or of ctx when that ends, or errAlone.
func (g *Gatherer) fetch(ctx context.Context, gather time.Duration, l lane, offset, maxBytes int64) (*kafka.FetchResponse, error) {
	leader, ok := g.leaders.of(ctx, l)
	if !ok {
		return nil, errAlone
	}
	r := g.of(roundKey{leader, gather})
	a := &ask{lane: l, offset: offset, maxBytes: min(maxBytes, roundPartitionBytes), since: time.Now(), answered: make(chan struct{})}
	if err := r.join(ctx, []*ask{a}, func(ctx context.Context) error { return g.round(ctx, r, gather) }); err != nil {
		return nil, err
	}
	return a.answer, a.err
}

// round asks for those that wait when the one that came first has waited for long enough. The caller holds the turn.
func (g *Gatherer) round(ctx context.Context, r *rounds[*ask], gather time.Duration) error {
	if !Sleep(ctx, time.Until(firstOf(r).Add(gather))) {
		return ctx.Err()
	}
	asks := nextAsks(r)
	res, err := g.send(ctx, asks)
	if err != nil && ctx.Err() != nil {
		return err
	}
	r.remove(asks)
	for _, a := range asks {
		if a.err = err; err == nil {
			a.answer, a.err = answerOf(res, a)
		}
		if a.err != nil || a.answer.Error != nil {
			g.leaders.forget(a.topic)
		}
		close(a.answered)
	}
	return nil
}

// firstOf is since when the one that came first waits. Somebody waits.
func firstOf(r *rounds[*ask]) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting[0].since
}

// nextAsks is who goes together: those that came first, each partition once. Another partition stands first in each round, so that none is cut
// off by the bound of bytes for ever.
func nextAsks(r *rounds[*ask]) []*ask {
	r.mu.Lock()
	defer r.mu.Unlock()
	var asks []*ask
	for _, a := range r.waiting {
		if len(asks) == roundPartitions {
			break
		}
		if !slices.ContainsFunc(asks, func(b *ask) bool { return a.lane == b.lane }) {
			asks = append(asks, a)
		}
	}
	r.sent++
	first := r.sent % len(asks)
	return slices.Concat(asks[first:], asks[:first])
}
