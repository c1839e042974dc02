package stream

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// waiter is what somebody wants of a broker; done is closed when it has its answer.
type waiter interface {
	comparable
	done() <-chan struct{}
}

// rounds is what several goroutines want of one broker, in the order in which it came. One of them at a time has the turn and asks for all.
type rounds[W waiter] struct {
	turn    chan struct{} // held by whoever asks
	mu      sync.Mutex
	waiting []W
	sent    int // rounds so far
}

// table has the rounds of those that go together, such as all of one broker. Its zero value is empty.
type table[K comparable, W waiter] struct {
	mu     sync.Mutex
	rounds map[K]*rounds[W]
}

func (t *table[K, W]) of(k K) *rounds[W] {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.rounds[k]
	if r == nil {
		if t.rounds == nil {
			t.rounds = map[K]*rounds[W]{}
		}
		r = newRounds[W]()
		t.rounds[k] = r
	}
	return r
}

func newRounds[W waiter]() *rounds[W] { return &rounds[W]{turn: make(chan struct{}, 1)} }

// join waits until all of mine are answered: by others, or by rounds that this goroutine asks itself. round has to answer some that wait and
// take them out; its error, or the end of ctx, ends the wait: what others want stays, and one of them has the next turn.
func (r *rounds[W]) join(ctx context.Context, mine []W, round func(context.Context) error) error {
	r.mu.Lock()
	r.waiting = append(r.waiting, mine...)
	r.mu.Unlock()
	for {
		open := slices.IndexFunc(mine, unanswered)
		if open < 0 {
			return nil
		}
		select {
		case <-mine[open].done():
			continue
		case <-ctx.Done():
			r.remove(mine)
			return ctx.Err()
		case r.turn <- struct{}{}:
		}
		var err error
		for err == nil && slices.ContainsFunc(mine, unanswered) { // the one who had the turn before may have answered them
			err = round(ctx)
		}
		if err != nil {
			r.remove(mine) // before another has the turn, so that nobody asks for them any more
		}
		<-r.turn
		if err != nil {
			return err
		}
	}
}

func unanswered[W waiter](w W) bool {
	select {
	case <-w.done():
		return false
	default:
		return true
	}
}

// remove takes out who has an answer or does not wait any more.
func (r *rounds[W]) remove(gone []W) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = slices.DeleteFunc(r.waiting, func(w W) bool { return slices.Contains(gone, w) })
}

// leadersFor is how long it is taken for known who leads a partition; what is asked is what the client knows anyway.
const leadersFor = time.Second

// leadership knows which broker leads which partition.
type leadership struct {
	client *kafka.Client
	mu     sync.Mutex
	topics map[string]leaders
}

// leaders is who leads the partitions of a topic.
type leaders struct {
	of map[int]int // partition → id of the broker
	at time.Time
}

// of returns the broker that leads a partition, if that is known.
func (s *leadership) of(ctx context.Context, l lane) (int, bool) {
	s.mu.Lock()
	known := s.topics[l.topic]
	s.mu.Unlock()
	if time.Since(known.at) > leadersFor {
		m, err := s.client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{l.topic}})
		if err != nil || len(m.Topics) != 1 || m.Topics[0].Error != nil {
			return 0, false
		}
		known = leaders{of: map[int]int{}, at: time.Now()}
		for _, p := range m.Topics[0].Partitions {
			if p.Error == nil && p.Leader.Host != "" {
				known.of[p.ID] = p.Leader.ID
			}
		}
		s.mu.Lock()
		if s.topics == nil {
			s.topics = map[string]leaders{}
		}
		s.topics[l.topic] = known
		s.mu.Unlock()
	}
	id, ok := known.of[l.partition]
	return id, ok
}

// forget has the leaders of a topic asked for anew.
func (s *leadership) forget(topic string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.topics, topic)
}

// roundTrip sends one request, within the client's time for one.
func roundTrip(ctx context.Context, client *kafka.Client, req kafka.Request) (kafka.Response, error) {
	if client.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, client.Timeout)
		defer cancel()
	}
	transport := client.Transport
	if transport == nil {
		transport = kafka.DefaultTransport
	}
	return transport.RoundTrip(ctx, client.Addr, req)
}
