// Package send carries a simulated world to Kafka: it paces world time by the clock, keys and partitions the records as
// other producers do, and sees that each arrives. It is the shell around package simulator and makes up nothing of its own.
//
// Records of one partition are written in their order, one batch at a time, acknowledged by all replicas, and repeated
// until that succeeds; meanwhile the world stands still, so nothing is dropped and memory stays bounded. An attempt
// whose outcome is unknown may leave a batch in the log twice, as with any source: touchpoint ids make it count once.
package send

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"

	"touchwatch/deploy/connect"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
)

const (
	// every is how long a record waits for others of its partition, at most twice.
	every = 25 * time.Millisecond
	// batchRecords bounds one write; at 400 bytes a record that is 400 kB.
	batchRecords = 1000
	// waitingBatches is how many batches of a partition may wait for the broker before the world stands still.
	waitingBatches = 2
)

// Sender sends one world. Its fields are set before Run and not changed afterwards; Sent may be called at any time.
type Sender struct {
	Client *kafka.Client
	Log    *slog.Logger
	// Speed is how many seconds of world time pass in a second; 0 means as fast as the brokers take it.
	Speed float64
	// Limit ends the run after so many records, and after the few that the world made at the same moment, so that its truth is about what
	// was sent; 0 means no limit.
	Limit int64
	// Until ends the run before the first record at or after that world time; zero means no end.
	Until time.Time
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	sent    atomic.Int64
	failing atomic.Int64 // lanes that cannot write at the moment
}

// Sent returns how many records the brokers have acknowledged so far.
func (s *Sender) Sent() int64 { return s.sent.Load() }

// Profiles sends the CRM's records and returns when all are acknowledged.
func (s *Sender) Profiles(ctx context.Context, world *simulator.World) error {
	records := world.Profiles()
	next := func() (simulator.Record, bool) {
		if len(records) == 0 {
			return simulator.Record{}, false
		}
		r := records[0]
		records = records[1:]
		return r, true
	}
	return s.run(ctx, next, 0)
}

// Run sends the world until Limit, Until or ctx ends it. It returns nil when all records that were made are
// acknowledged, and else an error that says how many are not; after ctx has ended it returns within a second.
func (s *Sender) Run(ctx context.Context, world *simulator.World) error {
	made := int64(0)
	next := func() (simulator.Record, bool) {
		if s.Limit > 0 && made >= s.Limit && world.Settled() {
			return simulator.Record{}, false
		}
		r := world.Next()
		made++
		return r, s.Until.IsZero() || r.At.Before(s.Until)
	}
	return s.run(ctx, next, s.Speed)
}

// run is one run over the records of next.
func (s *Sender) run(ctx context.Context, next func() (simulator.Record, bool), speed float64) error {
	partitions, err := s.partitions(ctx)
	if err != nil {
		return err
	}
	now := s.Now
	if now == nil {
		now = time.Now
	}
	p := &post{sender: s, ctx: ctx, partitions: partitions, lanes: map[laneKey]*lane{}, now: now}
	before := s.sent.Load()
	p.pump(next, speed)
	p.close()
	if left := p.made - (s.sent.Load() - before); left > 0 {
		return fmt.Errorf("send simulated records: %d of %d were not acknowledged: %w", left, p.made, context.Cause(ctx))
	}
	return nil
}

// partitions asks how many partitions each topic has, and waits while the brokers cannot be reached.
func (s *Sender) partitions(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	for _, topic := range [...]string{
		simulator.TopicProfiles, simulator.TopicWebsite, simulator.TopicChat, simulator.TopicSocial, simulator.TopicCall,
	} {
		trouble := ""
		for {
			n, err := connect.PartitionCount(ctx, s.Client, topic)
			if err == nil {
				counts[topic] = n
				break
			}
			if err.Error() != trouble {
				trouble = err.Error()
				s.Log.Warn("simulator waits for the brokers", "topic", topic, "error", err)
			}
			if !stream.Sleep(ctx, 500*time.Millisecond) {
				return nil, fmt.Errorf("send simulated records: %w", err)
			}
		}
	}
	return counts, nil
}

// post is one run: the pump makes records and puts them on lanes, one per topic-partition.
type post struct {
	sender     *Sender
	ctx        context.Context
	partitions map[string]int
	lanes      map[laneKey]*lane
	now        func() time.Time
	made       int64
	running    sync.WaitGroup
}

type laneKey struct {
	topic     string
	partition int
}

// lane writes the batches of one partition, one after the other.
type lane struct {
	laneKey
	filling []stream.Record // belongs to the pump
	batches chan []stream.Record
}

// pump makes records as they become due, until there are no more or the run is cancelled.
func (p *post) pump(next func() (simulator.Record, bool), speed float64) {
	begun := p.now()
	var first time.Time
	for r, more := next(); more; r, more = next() {
		if first.IsZero() {
			first = r.At
		}
		if speed > 0 {
			due := begun.Add(time.Duration(float64(r.At.Sub(first)) / speed))
			if p.now().Before(due) && !p.pause(due) {
				return
			}
		}
		if p.ctx.Err() != nil || !p.put(&r) {
			return
		}
	}
	p.flush()
}

// pause flushes what is there and waits until a record is due, but for some company not less than every.
func (p *post) pause(due time.Time) bool {
	return p.flush() && stream.Sleep(p.ctx, max(due.Sub(p.now()), every))
}

// put adds a record to the lane of its partition.
func (p *post) put(r *simulator.Record) bool {
	key := laneKey{r.Topic, timeline.Partition(string(r.Key), p.partitions[r.Topic])}
	l := p.lanes[key]
	if l == nil {
		l = &lane{laneKey: key, batches: make(chan []stream.Record, waitingBatches)}
		p.lanes[key] = l
		p.running.Add(1)
		go func() { defer p.running.Done(); p.write(l) }()
	}
	record := stream.Record{Time: p.now(), Key: r.Key, Value: r.Value}
	for _, h := range r.Headers {
		record.Headers = append(record.Headers, stream.Header(h))
	}
	l.filling = append(l.filling, record)
	p.made++
	return len(l.filling) < batchRecords || p.give(l)
}

// flush hands all that was gathered to the lanes, in a fixed order.
func (p *post) flush() bool {
	for _, key := range slices.SortedFunc(maps.Keys(p.lanes), compareKeys) {
		if l := p.lanes[key]; len(l.filling) > 0 && !p.give(l) {
			return false
		}
	}
	return true
}

func compareKeys(a, b laneKey) int {
	if a.topic != b.topic {
		if a.topic < b.topic {
			return -1
		}
		return 1
	}
	return a.partition - b.partition
}

// give hands a lane its batch; while too many wait, so does the world.
func (p *post) give(l *lane) bool {
	select {
	case l.batches <- l.filling:
		l.filling = nil
		return true
	case <-p.ctx.Done():
		return false
	}
}

// write writes a lane's batches until the pump has closed it. After a cancelled attempt the rest is left.
func (p *post) write(l *lane) {
	for batch := range l.batches {
		failed := false
		_, err := stream.ProduceUntil(p.ctx, p.sender.Client, l.topic, l.partition, batch, func(err error) {
			if !failed && p.sender.failing.Add(1) == 1 {
				p.sender.Log.Warn("simulator cannot write, the world stands still", "topic", l.topic, "partition", l.partition, "error", err)
			}
			failed = true
		})
		if failed && p.sender.failing.Add(-1) == 0 && err == nil {
			p.sender.Log.Info("simulator writes again")
		}
		if err != nil {
			continue // cancelled; what is not acknowledged is counted by the caller
		}
		p.sender.sent.Add(int64(len(batch)))
	}
}

// close waits for all lanes to write what they have.
func (p *post) close() {
	for _, l := range p.lanes {
		close(l.batches)
	}
	p.running.Wait()
}
