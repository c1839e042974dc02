package stream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/produce"
)

// gate is a transport that counts writes, holds them until it is opened, and fails as many as it is told to.
type gate struct {
	kafka.RoundTripper
	writes  atomic.Int64
	failing atomic.Int64
	open    chan struct{}
}

func newGate(w *world) (*gate, *kafka.Client) {
	g := &gate{RoundTripper: w.Client.Transport, open: make(chan struct{})}
	return g, &kafka.Client{Addr: w.Client.Addr, Transport: g}
}

func (g *gate) RoundTrip(ctx context.Context, addr net.Addr, req kafka.Request) (kafka.Response, error) {
	if _, ok := req.(*produce.Request); ok {
		g.writes.Add(1)
		select {
		case <-g.open:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if g.failing.Add(-1) >= 0 {
			return nil, errors.New("the network is gone")
		}
	}
	return g.RoundTripper.RoundTrip(ctx, addr, req)
}

func (c *Combiner) waiting(topic string, partition int) int {
	q := c.queue(lane{topic, partition})
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.jobs)
}

func send(c *Combiner, ctx context.Context, topic string, values ...string) error {
	var records []Record
	for _, v := range values {
		records = append(records, Record{Value: []byte(v)})
	}
	return c.Produce(ctx, topic, 0, records, func(error) {})
}

func TestWhatWaitsGoesTogetherInItsOrder(t *testing.T) {
	w := newWorld(t, 1)
	g, client := newGate(w)
	c := NewCombiner(client)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if err := send(c, context.Background(), w.topic, fmt.Sprint(i, "a"), fmt.Sprint(i, "b")); err != nil {
				t.Error(err)
			}
		})
		w.until("it waits in its turn", func() bool { return c.waiting(w.topic, 0) == i+1 && g.writes.Load() == 1 })
	}
	close(g.open)
	all.Wait()
	if n := g.writes.Load(); n != 2 {
		t.Errorf("%d requests, want the first by itself and one for the nineteen that waited", n)
	}
	var want strings.Builder
	for i := range 20 {
		fmt.Fprintf(&want, "%d=%da %d=%db ", 2*i, i, 2*i+1, i)
	}
	if got := values(w.all(0, 0)); got != want.String() {
		t.Errorf("got  %s\nwant %s", got, want.String())
	}
}

func TestAFailedWriteIsRepeatedForAllWhoseItWas(t *testing.T) {
	w := newWorld(t, 1)
	g, client := newGate(w)
	g.failing.Store(2)
	c := NewCombiner(client)
	var heard atomic.Int64
	var all sync.WaitGroup
	for i := range 5 {
		all.Go(func() {
			if err := c.Produce(context.Background(), w.topic, 0, []Record{{Value: fmt.Append(nil, i)}}, func(error) { heard.Add(1) }); err != nil {
				t.Error(err)
			}
		})
	}
	w.until("all wait", func() bool { return c.waiting(w.topic, 0) == 5 })
	close(g.open)
	all.Wait()
	got := strings.Fields(values(w.all(0, 0)))
	for i := range got {
		got[i] = got[i][len(got[i])-1:]
	}
	slices.Sort(got)
	if heard.Load() != 2 || strings.Join(got, "") != "01234" {
		t.Errorf("%d errors were told of, in the log are %v; want 2 and each once", heard.Load(), got)
	}
}

func TestOneWhoLeavesHoldsUpNobody(t *testing.T) {
	w := newWorld(t, 1)
	g, client := newGate(w)
	c := NewCombiner(client)
	leaving, leave := context.WithCancel(context.Background())
	left := make(chan error, 1)
	go func() { left <- send(c, leaving, w.topic, "left") }()
	w.until("its request is under way", func() bool { return g.writes.Load() == 1 })
	stayed := make(chan error, 1)
	go func() { stayed <- send(c, context.Background(), w.topic, "stayed") }()
	w.until("another waits", func() bool { return c.waiting(w.topic, 0) == 2 })
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the one who left: got %v", err)
	}
	close(g.open)
	if err := <-stayed; err != nil {
		t.Error(err)
	}
	if got := values(w.all(0, 0)); got != "0=stayed " || c.waiting(w.topic, 0) != 0 {
		t.Errorf("got %s with %d still waiting; nobody waits for what was left, so nobody sends it again", got, c.waiting(w.topic, 0))
	}
}

func TestABatchIsBounded(t *testing.T) {
	w := newWorld(t, 1)
	g, client := newGate(w)
	c := NewCombiner(client)
	large := strings.Repeat("x", combineBytes/2-10)
	var all sync.WaitGroup
	for i := range 5 {
		all.Go(func() {
			if err := send(c, context.Background(), w.topic, large); err != nil {
				t.Error(err)
			}
		})
		w.until("it waits", func() bool { return c.waiting(w.topic, 0) == i+1 && g.writes.Load() == 1 })
	}
	close(g.open)
	all.Wait()
	if n := g.writes.Load(); n != 3 {
		t.Errorf("%d requests for one and then four of half the bound, want 3", n)
	}
}
