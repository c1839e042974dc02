package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// Assignment is one partition that this process owns during one generation of the group.
type Assignment struct {
	Topic      string
	Partition  int
	Generation int32
	Member     string
	Committed  int64 // offset the group committed last; negative when it never did
}

// Group takes part in a consumer group and runs one worker per assigned partition.
type Group struct {
	ID      string
	Brokers []string
	Dialer  *kafka.Dialer
	Client  *kafka.Client // asks who reads what
	Topics  []string
	Log     *slog.Logger
	// Session is how long the broker waits for a heartbeat before it gives the partitions to others; zero means 20 s.
	Session time.Duration
	// Work runs for one partition until ctx ends, and calls commit with offsets up to which everything took effect.
	// It deals with its own errors: when it returns early, nobody reads the partition until the generation ends. It stays assigned to this
	// process meanwhile, because giving one partition away would take all others through a rebalance as well.
	Work func(ctx context.Context, a Assignment, commit func(offset int64))

	look time.Duration // lookEvery, except in tests
}

// closeTimeout bounds leaving the group: with a dead broker the client's Close could wait for ever.
const closeTimeout = 3 * time.Second

// commitEvery is how often offsets are committed. They only show the lag; where to go on is kept in Redis or is idempotent.
const commitEvery = time.Second

// Run joins the group again and again until ctx ends, then waits for the workers and leaves. A broker that cannot be
// reached is logged once per change of state and tried again. It returns an error only for a configuration the client refuses.
func (g *Group) Run(ctx context.Context) error {
	session := g.Session
	if session == 0 {
		session = 20 * time.Second
	}
	if g.look == 0 {
		g.look = lookEvery
	}
	cg, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: g.ID, Brokers: g.Brokers, Dialer: g.Dialer, Topics: g.Topics,
		HeartbeatInterval: max(session/8, 200*time.Millisecond), SessionTimeout: session, RebalanceTimeout: 30 * time.Second,
		JoinGroupBackoff: 500 * time.Millisecond, StartOffset: kafka.FirstOffset, Timeout: 10 * time.Second,
	})
	if err != nil {
		return fmt.Errorf("join group %s: %w", g.ID, err)
	}
	var running sync.WaitGroup
	g.generations(ctx, cg, &running)
	running.Wait()
	closed := make(chan struct{})
	go func() { defer close(closed); _ = cg.Close() }()
	select {
	case <-closed:
	case <-time.After(closeTimeout):
		g.Log.Warn("left the consumer group without the broker's answer", "group", g.ID)
	}
	return nil
}

func (g *Group) generations(ctx context.Context, cg *kafka.ConsumerGroup, running *sync.WaitGroup) {
	trouble := ""
	for ctx.Err() == nil {
		gen, err := cg.Next(ctx)
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, kafka.ErrGroupClosed) {
				return
			}
			if kind := withoutNumbers(err); kind != trouble {
				trouble = kind
				g.Log.Warn("waiting for the consumer group", "group", g.ID, "error", err)
			}
			Sleep(ctx, 500*time.Millisecond)
			continue
		}
		trouble = ""
		g.start(ctx, gen, running)
	}
}

// withoutNumbers is an error's text in which every attempt looks alike: a refused connection names another port each time.
func withoutNumbers(err error) string {
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return '#'
		}
		return c
	}, err.Error())
}

// start runs the workers of one generation; the client waits for them before it joins the next one.
func (g *Group) start(ctx context.Context, gen *kafka.Generation, running *sync.WaitGroup) {
	marks := &offsets{next: map[string]map[int]int64{}}
	count := 0
	for topic, partitions := range gen.Assignments {
		for _, p := range partitions {
			count++
			a := Assignment{Topic: topic, Partition: p.ID, Generation: gen.ID, Member: gen.MemberID, Committed: p.Offset}
			g.launch(ctx, gen, running, func(wctx context.Context) {
				g.Work(wctx, a, func(offset int64) { marks.set(a.Topic, a.Partition, offset) })
				<-wctx.Done() // the client ends the generation, and with it the work on all partitions, when a function it started returns
			})
		}
	}
	g.launch(ctx, gen, running, func(wctx context.Context) { g.commits(wctx, gen, marks) })
	g.launch(ctx, gen, running, g.watch)
	g.Log.Info("partitions assigned", "group", g.ID, "generation", gen.ID, "partitions", count)
}

// launch runs fn with a context that ends with the generation or with ctx. When ctx has ended, the generation goes on until the group is closed: the
// client would take the end of a function for a rebalance, join again, and not leave before all other members have heard of that.
func (g *Group) launch(ctx context.Context, gen *kafka.Generation, running *sync.WaitGroup, fn func(context.Context)) {
	running.Add(1)
	gen.Start(func(genCtx context.Context) {
		wctx, cancel := context.WithCancel(genCtx)
		stop := context.AfterFunc(ctx, cancel)
		fn(wctx)
		stop()
		cancel()
		running.Done()
		if ctx.Err() != nil {
			<-genCtx.Done()
		}
	})
}

// commits is the one committer of a generation, so that commits cannot overtake each other.
func (g *Group) commits(ctx context.Context, gen *kafka.Generation, marks *offsets) {
	for alive := true; alive; {
		alive = Sleep(ctx, commitEvery)
		if due := marks.take(); len(due) > 0 {
			if err := gen.CommitOffsets(due); err != nil && ctx.Err() == nil {
				g.Log.Warn("offset commit failed, will be repeated", "group", g.ID, "error", err)
				marks.putBack(due)
			}
		}
	}
}

// offsets collects the next offset per partition since the last commit.
type offsets struct {
	mu   sync.Mutex
	next map[string]map[int]int64
}

func (o *offsets) set(topic string, partition int, offset int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.next[topic] == nil {
		o.next[topic] = map[int]int64{}
	}
	o.next[topic][partition] = offset
}

func (o *offsets) take() map[string]map[int]int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	due := o.next
	o.next = map[string]map[int]int64{}
	return due
}

// putBack returns what could not be committed, unless something newer came meanwhile.
func (o *offsets) putBack(due map[string]map[int]int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for topic, partitions := range due {
		for p, offset := range partitions {
			if o.next[topic] == nil {
				o.next[topic] = map[int]int64{}
			}
			if _, newer := o.next[topic][p]; !newer {
				o.next[topic][p] = offset
			}
		}
	}
}
