package stream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
	"github.com/twmb/franz-go/pkg/kfake"

	"touchwatch/deploy/connect"
)

// door is a transport that counts fetches, holds them while it is shut, and fails as many as it is told to.
type door struct {
	kafka.RoundTripper
	fetches atomic.Int64 // requests
	asks    atomic.Int64 // partitions in them
	held    atomic.Int64
	failing atomic.Int64
	open    chan struct{}
}

func newDoor(client *kafka.Client) (*door, *kafka.Client) {
	d := &door{RoundTripper: client.Transport, open: make(chan struct{})}
	return d, &kafka.Client{Addr: client.Addr, Transport: d}
}

func (d *door) RoundTrip(ctx context.Context, addr net.Addr, req kafka.Request) (kafka.Response, error) {
	if f, ok := req.(*fetchapi.Request); ok {
		d.fetches.Add(1)
		for _, t := range f.Topics {
			d.asks.Add(int64(len(t.Partitions)))
		}
		d.held.Add(1)
		select {
		case <-d.open:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if d.failing.Add(-1) >= 0 {
			return nil, errors.New("the network is gone")
		}
	}
	return d.RoundTripper.RoundTrip(ctx, addr, req)
}

// waiting is how many partitions of all leaders wait.
func (g *Gatherer) waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, r := range g.rounds {
		r.mu.Lock()
		n += len(r.waiting)
		r.mu.Unlock()
	}
	return n
}

const testGather = 10 * time.Millisecond

// steadily is a fetcher under steady traffic.
func steadily(g *Gatherer, topic string, partition int) *Fetcher {
	return &Fetcher{Client: g.client, Topic: topic, Partition: partition, MaxBytes: 1 << 20, MaxWait: 200 * time.Millisecond, Gather: testGather, With: g, rate: 1e6}
}

// outcome is what a fetch came to, as text.
func outcome(b Batch, err error) string {
	var outside *OffsetError
	switch {
	case errors.As(err, &outside):
		return fmt.Sprintf("outside %d to %d", outside.LogStart, outside.High)
	case err != nil:
		return "error"
	}
	return fmt.Sprintf("%snext %d of %d", values(b.Records), b.Next, b.HighWatermark)
}

// together has a fetch of partition 0 held at the door, so that one of each of the others has to wait, and lets them go on.
// It returns what became of each.
func (w *world) together(g *Gatherer, d *door, offsets []int64, meanwhile func()) []string {
	w.t.Helper()
	got := make([]string, len(offsets))
	var fetches sync.WaitGroup
	begin := func(p int) {
		fetches.Go(func() {
			b, err := steadily(g, w.topic, p).Fetch(context.Background(), offsets[p])
			got[p] = outcome(b, err)
		})
	}
	begin(0)
	w.until("the first is under way", func() bool { return d.held.Load() == 1 })
	for p := 1; p < len(offsets); p++ {
		begin(p)
	}
	w.until("the others wait", func() bool { return g.waiting() == len(offsets) })
	meanwhile()
	close(d.open)
	fetches.Wait()
	return got
}

func TestPartitionsThatWaitAtTheSameMomentShareARequest(t *testing.T) {
	w := newWorld(t, 5)
	for p := range 5 {
		w.ours(p, fmt.Sprint("a", p), fmt.Sprint("b", p))
	}
	d, client := newDoor(w.Client)
	got := w.together(NewGatherer(client), d, []int64{0, 0, 1, 0, 2}, func() {})
	want := []string{"0=a0 1=b0 next 2 of 2", "0=a1 1=b1 next 2 of 2", "1=b2 next 2 of 2", "0=a3 1=b3 next 2 of 2", "next 2 of 2"}
	for p := range want {
		if got[p] != want[p] {
			t.Errorf("partition %d: got %s, want %s", p, got[p], want[p])
		}
	}
	if d.fetches.Load() != 2 || d.asks.Load() != 5 {
		t.Errorf("%d requests for %d partitions, want 2 for 5", d.fetches.Load(), d.asks.Load())
	}
}

func TestAnErrorIsOfThePartitionThatHasIt(t *testing.T) {
	w := newWorld(t, 4)
	for p := range 4 {
		w.ours(p, fmt.Sprint("a", p))
	}
	d, client := newDoor(w.Client)
	got := w.together(NewGatherer(client), d, []int64{0, 0, 7, 0}, func() {})
	if want := "0=a0 next 1 of 1|0=a1 next 1 of 1|outside 0 to 1|0=a3 next 1 of 1"; strings.Join(got, "|") != want {
		t.Errorf("got %s, want %s", strings.Join(got, "|"), want)
	}
}

func TestALostRequestIsAnErrorForAllOfItAndNobodyElse(t *testing.T) {
	w := newWorld(t, 3)
	for p := range 3 {
		w.ours(p, fmt.Sprint("a", p))
	}
	d, client := newDoor(w.Client)
	got := w.together(NewGatherer(client), d, []int64{0, 0, 0}, func() { d.failing.Store(1) })
	if want := "error|0=a1 next 1 of 1|0=a2 next 1 of 1"; strings.Join(got, "|") != want {
		t.Errorf("got %s, want %s", strings.Join(got, "|"), want)
	}
	d.failing.Store(1)
	if _, err := steadily(NewGatherer(client), w.topic, 1).Fetch(context.Background(), 0); err == nil || !strings.Contains(err.Error(), "the network is gone") {
		t.Errorf("a fetch whose request is lost: got %v", err)
	}
}

func TestWhoGivesUpItsTurnDisturbsNobody(t *testing.T) {
	w := newWorld(t, 2)
	w.ours(0, "a")
	w.ours(1, "b")
	d, client := newDoor(w.Client)
	g := NewGatherer(client)
	leader, ok := g.leaders.of(context.Background(), lane{w.topic, 0})
	if !ok {
		t.Fatal("nobody leads the topic")
	}
	turn := g.of(roundKey{leader, testGather}).turn
	turn <- struct{}{} // so that both wait before either has the turn
	ctx, cancel := context.WithCancel(context.Background())
	first, second := make(chan error, 1), make(chan string, 1)
	go func() {
		_, err := steadily(g, w.topic, 0).Fetch(ctx, 0)
		first <- err
	}()
	w.until("the first waits", func() bool { return g.waiting() == 1 })
	go func() { second <- outcome(steadily(g, w.topic, 1).Fetch(context.Background(), 0)) }()
	w.until("both wait", func() bool { return g.waiting() == 2 })
	<-turn
	w.until("both are asked for", func() bool { return d.held.Load() == 1 })
	if d.asks.Load() != 2 {
		t.Errorf("%d in the request, want both", d.asks.Load())
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the first: got %v, want that it was cancelled", err)
	}
	close(d.open)
	if got := <-second; got != "0=b next 1 of 1" {
		t.Errorf("the second: got %s, want its record", got)
	}
	if n := g.waiting(); n != 0 {
		t.Errorf("%d still wait", n)
	}
}

func TestARoundHoldsEachPartitionOnceAndAnotherComesFirstEachTime(t *testing.T) {
	r := newRounds[*ask]()
	for p := range 3 {
		r.waiting = append(r.waiting, &ask{lane: lane{"t", p}})
	}
	r.waiting = append(r.waiting, &ask{lane: lane{"t", 1}, offset: 5})
	first := map[int]bool{}
	for range 3 {
		asks := nextAsks(r)
		if len(asks) != 3 {
			t.Fatalf("%d in a round, want each of 3 once", len(asks))
		}
		first[asks[0].partition] = true
	}
	if len(first) != 3 {
		t.Errorf("first were %v, want each of 3", first)
	}
	r.remove(nextAsks(r))
	if rest := nextAsks(r); len(rest) != 1 || rest[0].offset != 5 {
		t.Errorf("the second of a partition did not stay for the next round")
	}
	for p := range 2 * roundPartitions {
		r.waiting = append(r.waiting, &ask{lane: lane{"u", p}})
	}
	if n := len(nextAsks(r)); n != roundPartitions {
		t.Errorf("%d in a round, want %d at most", n, roundPartitions)
	}
}

func TestAPartitionThatHasMoreDoesNotWaitForOthers(t *testing.T) {
	w := newWorld(t, 1)
	d, client := newDoor(w.Client)
	close(d.open)
	for range 3 {
		w.ours(0, strings.Repeat("x", 60<<10))
	}
	f := steadily(NewGatherer(client), w.topic, 0)
	f.MaxBytes = 1
	f.Gather = time.Hour // whoever waits fails the test
	f.more = true
	for offset := int64(0); offset < 2; offset++ {
		if b, err := f.Fetch(context.Background(), offset); err != nil || b.Next != offset+1 || !f.more {
			t.Fatalf("from %d: next %d, more %t, %v", offset, b.Next, f.more, err)
		}
	}
	if _, err := f.Fetch(context.Background(), 2); err != nil || f.more {
		t.Errorf("at the last record: more %t, %v", f.more, err)
	}
}

// twoBrokers is a cluster of two with a topic, and a client.
func twoBrokers(t *testing.T, partitions int) (*kfake.Cluster, *kafka.Client, string) {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(2))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	client, err := connect.Kafka{Brokers: cluster.ListenAddrs()}.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connect.CloseKafka(client) })
	const topic = "two-brokers"
	if err := connect.EnsureTopics(context.Background(), client, []connect.Topic{{Name: topic, Partitions: partitions, Replication: 1}}); err != nil {
		t.Fatal(err)
	}
	return cluster, client, topic
}

func TestPartitionsOfTwoBrokersGoWithTheirOwn(t *testing.T) {
	cluster, client, topic := twoBrokers(t, 4)
	ctx := context.Background()
	for p := range 4 {
		if err := cluster.MoveTopicPartition(topic, int32(p), int32(p%2)); err != nil {
			t.Fatal(err)
		}
	}
	for p := range 4 {
		again := func(error) {}
		if _, err := ProduceUntil(ctx, client, topic, p, []Record{{Value: []byte(fmt.Sprint(p))}}, again); err != nil {
			t.Fatal(err)
		}
	}
	d, counted := newDoor(client)
	close(d.open)
	g := NewGatherer(counted)
	read := func() {
		var fetches sync.WaitGroup
		for p := range 4 {
			fetches.Go(func() {
				f, want := steadily(g, topic, p), fmt.Sprintf("0=%d next 1 of 1", p)
				var got string
				for range 100 { // as every caller does; the client learns of new leaders within its own time
					if got = outcome(f.Fetch(ctx, 0)); got == want {
						return
					}
					Sleep(ctx, 100*time.Millisecond)
				}
				t.Errorf("partition %d: got %s, want %s", p, got, want)
			})
		}
		fetches.Wait()
	}
	read()
	g.mu.Lock()
	if len(g.rounds) != 2 {
		t.Errorf("rounds for %d brokers, want 2", len(g.rounds))
	}
	g.mu.Unlock()
	for p := range 4 { // each leader changes
		if err := cluster.MoveTopicPartition(topic, int32(p), int32((p+1)%2)); err != nil {
			t.Fatal(err)
		}
	}
	read()
}
