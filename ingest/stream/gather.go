package stream

import (
	"context"
	"errors"
	"slices"
	"sync"
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
	client *kafka.Client

	mu      sync.Mutex
	rounds  map[roundKey]*rounds
	leaders map[string]leaders // by topic
}

// roundKey says who goes together: partitions of one leader that gather for as long.
type roundKey struct {
	leader int
	gather time.Duration
}

// rounds is who waits, in the order in which they came.
type rounds struct {
	gather time.Duration
	turn   chan struct{} // held by whoever asks for all
	mu     sync.Mutex
	asks   []*ask
	sent   int // rounds so far: another partition stands first in each, so that none is cut off by the bound of bytes for ever
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

// errAlone says that a partition has to be asked for by itself, because it is not known who leads it.
var errAlone = errors.New("the leader is not known")

// NewGatherer returns a Gatherer that asks through client.
func NewGatherer(client *kafka.Client) *Gatherer {
	return &Gatherer{client: client, rounds: map[roundKey]*rounds{}, leaders: map[string]leaders{}}
}

// fetch waits for the round and returns the answer for the partition; faults of the partition itself are in it. Other errors are of the
// request, or of ctx when that ends, or errAlone.
func (g *Gatherer) fetch(ctx context.Context, gather time.Duration, l lane, offset, maxBytes int64) (*kafka.FetchResponse, error) {
	leader, ok := g.leader(ctx, l)
	if !ok {
		return nil, errAlone
	}
	r := g.of(roundKey{leader, gather})
	a := &ask{lane: l, offset: offset, maxBytes: min(maxBytes, roundPartitionBytes), since: time.Now(), answered: make(chan struct{})}
	r.add(a)
	for {
		select {
		case <-a.answered:
			return a.answer, a.err
		case <-ctx.Done():
			r.remove([]*ask{a})
			return nil, ctx.Err()
		case r.turn <- struct{}{}:
		}
		err := g.lead(ctx, r, a)
		if err != nil {
			r.remove([]*ask{a}) // before another has the turn, so that it is not asked for by that one
		}
		<-r.turn
		if err != nil {
			return nil, err
		}
	}
}

// lead sends rounds until mine is answered. When ctx ends, what the others want stays: one of them has the next turn. The caller holds the turn.
func (g *Gatherer) lead(ctx context.Context, r *rounds, mine *ask) error {
	for {
		select {
		case <-mine.answered: // by the one who had the turn before, or by the last round
			return nil
		default:
		}
		if !Sleep(ctx, time.Until(r.due())) {
			return ctx.Err()
		}
		asks := r.next()
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
				g.forget(a.topic)
			}
			close(a.answered)
		}
	}
}

func (g *Gatherer) of(k roundKey) *rounds {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.rounds[k]
	if r == nil {
		r = &rounds{gather: k.gather, turn: make(chan struct{}, 1)}
		g.rounds[k] = r
	}
	return r
}

func (r *rounds) add(a *ask) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asks = append(r.asks, a)
}

// remove takes out who has an answer or does not wait any more.
func (r *rounds) remove(asks []*ask) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asks = slices.DeleteFunc(r.asks, func(a *ask) bool { return slices.Contains(asks, a) })
}

// due is when the one that came first has waited long enough. Somebody waits.
func (r *rounds) due() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asks[0].since.Add(r.gather)
}

// next is who goes together: those that came first, each partition once.
func (r *rounds) next() []*ask {
	r.mu.Lock()
	defer r.mu.Unlock()
	var asks []*ask
	for _, a := range r.asks {
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
