package stream

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, r := range c.rounds {
		r.mu.Lock()
		for _, j := range r.waiting {
			if j.lane == (lane{topic, partition}) {
				n++
			}
		}
		r.mu.Unlock()
	}
	return n
}

func send(c *Combiner, ctx context.Context, topic string, values ...string) error {
	var records []Record
	for _, v := range values {
		records = append(records, Record{Value: []byte(v)})
	}
	return c.Produce(ctx, []Parcel{{Topic: topic, Records: records}}, func(error) {})
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
			if err := c.Produce(context.Background(), []Parcel{{Topic: w.topic, Records: []Record{{Value: fmt.Append(nil, i)}}}}, func(error) { heard.Add(1) }); err != nil {
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
	if heard.Load() != 5 || strings.Join(got, "") != "01234" {
		t.Errorf("%d errors were told of, in the log are %v; want 5, one of the first request and four of the second, and each once", heard.Load(), got)
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

// refusing is a transport whose first answer to a write refuses one partition, although the broker took it.
type refusing struct {
	kafka.RoundTripper
	partition int32
	done      atomic.Bool
	writes    atomic.Int64
	batches   atomic.Int64
}

func (r *refusing) RoundTrip(ctx context.Context, addr net.Addr, req kafka.Request) (kafka.Response, error) {
	p, write := req.(*produce.Request)
	if write {
		r.writes.Add(1)
		for _, t := range p.Topics {
			r.batches.Add(int64(len(t.Partitions)))
		}
	}
	answer, err := r.RoundTripper.RoundTrip(ctx, addr, req)
	if res, ok := answer.(*produce.Response); ok && !r.done.Swap(true) {
		for i := range res.Topics[0].Partitions {
			if p := &res.Topics[0].Partitions[i]; p.Partition == r.partition {
				p.ErrorCode = int16(kafka.NotEnoughReplicas)
			}
		}
	}
	return answer, err
}

func parcels(topic string, partitions int) []Parcel {
	out := []Parcel{{Topic: topic, Partition: partitions}} // an empty one is none
	for p := range partitions {
		out = append(out, Parcel{Topic: topic, Partition: p, Records: []Record{{Value: fmt.Append(nil, "v", p)}}})
	}
	return out
}

func TestParcelsForOneBrokerGoWithOneRequest(t *testing.T) {
	w := newWorld(t, 6)
	g, client := newGate(w)
	close(g.open)
	if err := NewCombiner(client).Produce(context.Background(), parcels(w.topic, 6), func(err error) { t.Error(err) }); err != nil {
		t.Fatal(err)
	}
	if n := g.writes.Load(); n != 1 {
		t.Errorf("%d requests for six partitions of one broker, want 1", n)
	}
	for p := range 6 {
		if got, want := values(w.all(p, 0)), fmt.Sprintf("0=v%d ", p); got != want {
			t.Errorf("partition %d holds %s, want %s", p, got, want)
		}
	}
}

func TestOnlyTheRefusedParcelIsSentAgain(t *testing.T) {
	w := newWorld(t, 3)
	r := &refusing{RoundTripper: w.Client.Transport, partition: 1}
	c := NewCombiner(&kafka.Client{Addr: w.Client.Addr, Transport: r})
	var heard []error
	if err := c.Produce(context.Background(), parcels(w.topic, 3), func(err error) { heard = append(heard, err) }); err != nil {
		t.Fatal(err)
	}
	if len(heard) != 1 || !errors.Is(heard[0], kafka.NotEnoughReplicas) || !strings.Contains(heard[0].Error(), "partition 1") {
		t.Errorf("told of %v, want the refusal of partition 1", heard)
	}
	if r.writes.Load() != 2 || r.batches.Load() != 4 {
		t.Errorf("%d requests with %d batches, want 2 with 4", r.writes.Load(), r.batches.Load())
	}
	if got := values(w.all(0, 0)) + "|" + values(w.all(1, 0)) + "|" + values(w.all(2, 0)); got != "0=v0 |0=v1 1=v1 |0=v2 " {
		t.Errorf("got %s", got)
	}
}

func TestALeaderThatChangesIsFound(t *testing.T) {
	const partitions = 4
	cluster, client, topic := twoBrokers(t, partitions)
	c := NewCombiner(client)
	for round := range 3 {
		for p := range partitions {
			if err := cluster.MoveTopicPartition(topic, int32(p), int32((p+round)%2)); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Produce(context.Background(), parcels(topic, partitions), func(error) {}); err != nil {
			t.Fatal(err)
		}
	}
	for p := range partitions {
		if _, end, err := Bounds(context.Background(), client, topic, p); err != nil || end < 3 {
			t.Errorf("partition %d ends at %d (%v), want three writes at least", p, end, err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.rounds) != 2 {
		t.Errorf("rounds for %d brokers, want 2", len(c.rounds))
	}
}

// slow is a transport of a broker that waits for the replicas of partition 0 as long as the request lets it, and says so.
type slow struct {
	kafka.RoundTripper
	waits chan struct{}
}

func (s *slow) RoundTrip(ctx context.Context, addr net.Addr, req kafka.Request) (kafka.Response, error) {
	answer, err := s.RoundTripper.RoundTrip(ctx, addr, req)
	res, ok := answer.(*produce.Response)
	if !ok {
		return answer, err
	}
	for i := range res.Topics[0].Partitions {
		if p := &res.Topics[0].Partitions[i]; p.Partition == 0 {
			p.ErrorCode = int16(kafka.RequestTimedOut)
			s.waits <- struct{}{}
			if !Sleep(ctx, time.Duration(req.(*produce.Request).Timeout)*time.Millisecond) {
				return nil, ctx.Err()
			}
		}
	}
	return answer, err
}

func TestAPartitionWhoseReplicasAreSlowHoldsUpNoOther(t *testing.T) {
	w := newWorld(t, 4)
	broker := &slow{w.Client.Transport, make(chan struct{}, 100)}
	c := NewCombiner(&kafka.Client{Addr: w.Client.Addr, Transport: broker, Timeout: 2 * time.Second})
	ctx, cancel := context.WithCancel(context.Background())
	var failed atomic.Int64
	ended := make(chan error, 1)
	go func() { ended <- c.Produce(ctx, parcels(w.topic, 4), func(error) { failed.Add(1) }) }()
	<-broker.waits
	<-broker.waits // with the request of its own
	for range 20 {
		if err := c.Produce(ctx, []Parcel{{Topic: w.topic, Partition: 3, Records: []Record{{Value: []byte("x")}}}}, func(err error) { t.Error(err) }); err != nil {
			t.Fatal(err)
		}
	}
	if n := failed.Load(); n != 1 {
		t.Errorf("the slow one failed %d times meanwhile: the others waited for it", n)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the slow one: got %v", err)
	}
	for p, want := range map[int]int{1: 1, 2: 1, 3: 21} {
		if got := len(w.all(p, 0)); got != want {
			t.Errorf("partition %d holds %d records, want %d: what was written is not written again", p, got, want)
		}
	}
}

// chaos is a transport whose writes are lost before or after, come late, or take a while.
type chaos struct {
	kafka.RoundTripper
	mu    sync.Mutex
	dice  *rand.Rand
	lates sync.WaitGroup
}

func (c *chaos) roll(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dice.IntN(n)
}

func (c *chaos) RoundTrip(ctx context.Context, addr net.Addr, req kafka.Request) (kafka.Response, error) {
	if _, ok := req.(*produce.Request); !ok {
		return c.RoundTripper.RoundTrip(ctx, addr, req)
	}
	switch c.roll(10) {
	case 0:
		return nil, errors.New("lost before")
	case 1:
		_, _ = c.RoundTripper.RoundTrip(context.WithoutCancel(ctx), addr, req)
		return nil, errors.New("lost after")
	case 2:
		wait := time.Duration(c.roll(20)) * time.Millisecond
		c.lates.Go(func() {
			Sleep(context.Background(), wait)
			_, _ = c.RoundTripper.RoundTrip(context.Background(), addr, req)
		})
		return nil, errors.New("comes late")
	case 3:
		Sleep(ctx, time.Duration(c.roll(5))*time.Millisecond)
	}
	return c.RoundTripper.RoundTrip(ctx, addr, req)
}

// Each of some workers writes its numbers to several partitions, one after the other, gives up now and then and begins again with the same number,
// as a session does. A reader that skips what it has passed, as the timeline's does, sees every number once, in order, without a gap.
func TestWhateverHappensToRequestsEachNumberCountsOnceInOrder(t *testing.T) {
	const partitions, workers, numbers, seed = 3, 8, 25, 11
	w := newWorld(t, partitions)
	x := &chaos{RoundTripper: w.Client.Transport, dice: rand.New(rand.NewPCG(seed, 1))}
	c := NewCombiner(&kafka.Client{Addr: w.Client.Addr, Transport: x, Timeout: 5 * time.Second})
	var all sync.WaitGroup
	for k := range workers {
		all.Go(func() {
			for i := 1; i <= numbers; {
				ctx, cancel := context.WithCancel(context.Background())
				if x.roll(4) == 0 {
					time.AfterFunc(time.Duration(x.roll(8000))*time.Microsecond, cancel)
				}
				var ps []Parcel
				for p := range partitions {
					ps = append(ps, Parcel{w.topic, p, []Record{{Value: fmt.Appendf(nil, "%d %d", k, 2*i-1)}, {Value: fmt.Appendf(nil, "%d %d", k, 2*i)}}})
				}
				if c.Produce(ctx, ps, func(error) {}) == nil {
					i++
				}
				cancel()
			}
		})
	}
	all.Wait()
	x.lates.Wait()
	repeats := 0
	for p := range partitions {
		var last [workers]int
		for _, r := range w.all(p, 0) {
			var k, n int
			if _, err := fmt.Sscan(string(r.Value), &k, &n); err != nil {
				t.Fatal(err)
			}
			switch {
			case n <= last[k]:
				repeats++
			case n != last[k]+1:
				t.Errorf("partition %d, worker %d: %d follows %d", p, k, n, last[k])
				fallthrough
			default:
				last[k] = n
			}
		}
		for k, n := range last {
			if n != 2*numbers {
				t.Errorf("partition %d, worker %d ends at %d", p, k, n)
			}
		}
	}
	if repeats == 0 {
		t.Error("nothing was written twice: the test shows nothing")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.rounds {
		if len(r.waiting) != 0 || len(r.turn) != 0 {
			t.Errorf("%d still wait, %d have the turn", len(r.waiting), len(r.turn))
		}
	}
}
