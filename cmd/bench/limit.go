package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"golang.org/x/sync/errgroup"

	"touchwatch/cmd/app"
	"touchwatch/deploy/connect"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/processors/keyed"
)

// Sizes of the program's batches, which the bare loop keeps to.
const (
	rawBytes      = 512 << 10
	timelineBytes = 1 << 20
	insertRows    = 100_000
	insertEvery   = 2 * time.Second
)

// bare is the bare loop: it reads the raw topics, writes entries of the size that the program's have, reads them again, writes a state of
// the size that the program's have for each customer of a batch in one transaction, and, where there is an archive, reads the entries
// once more and inserts rows that the program has made. It looks at nothing but keys, decodes nothing, decides nothing, keeps nothing,
// and forgoes all that makes the result right: plans, owners, offsets that are watched, histories, timers, outbox.
type bare struct {
	trial      *trial
	state      redis.UniversalClient // the client of the program's flushes
	entry      []byte                // an entry as long as the program's are on average
	body       []byte                // a state likewise
	perRecord  float64               // entries that a raw record becomes
	rows       *rowSample            // nil without the archive
	partitions int

	made    atomic.Int64 // entries written to the timeline
	left    atomic.Int32 // raw partitions that are not read to their end
	applied atomic.Int64
	stored  atomic.Int64
	rowsIn  chan int
}

// limit measures the bare loop on the backlog that the program has worked off, and adds how near the program came to it: by the clock, which
// other programs of the machine disturb, and by the processor time of all processes, which they disturb less.
func (t *trial) limit(name string, rate float64, cost Row) error {
	b, err := t.newBare()
	if err != nil {
		return err
	}
	defer func() { _ = b.state.Close() }()
	m := t.meter()
	stop := t.run.tell.during("bare loop", func() (int64, int64) { return b.applied.Load(), t.events })
	err = b.run(t.run.ctx)
	stop()
	if err != nil {
		return err
	}
	events, took := b.applied.Load(), m.took()
	limit := float64(events) / took.Seconds()
	row := Row{Part: PartLimit, Case: name}
	row.add("bare loop", limit, "events/s")
	row.add("ours", rate, "events/s")
	target := shareAlone
	if b.rows != nil {
		target = shareWithArchive
	}
	row.atLeast("ours/limit", rate/limit, "", target)
	var costs Row
	m.costs(&costs, events)
	row.add("by processor time", costs.total()/max(cost.total(), 1e-9), "")
	row.Values = append(row.Values, costs.Values...)
	row.Note = fmt.Sprintf("entries of %d bytes, states of %d bytes", len(b.entry), len(b.body))
	t.run.row(row)
	t.run.tell.say("%s: the bare loop makes %s events/s, ratio %s", name, figure(limit), figure(rate/limit))
	return nil
}

// newBare looks at what the program made, and creates the topic and the table of the loop.
func (t *trial) newBare() (*bare, error) {
	b := &bare{trial: t, partitions: t.cfg.Topics.TimelinePartitions, perRecord: float64(t.events) / float64(t.records)}
	entry, err := t.meanEntry()
	if err != nil {
		return nil, err
	}
	state, err := t.meanState()
	if err != nil {
		return nil, err
	}
	b.entry, b.body = make([]byte, entry), make([]byte, state)
	if t.hasArchive() {
		if b.rows, err = t.sampleRows(); err != nil {
			return nil, err
		}
		b.rowsIn = make(chan int, 4*b.partitions)
	}
	topic := connect.Topic{Name: limitTopic, Partitions: b.partitions, Replication: t.cfg.Topics.Replication, Config: map[string]string{"max.message.bytes": "8388608"}}
	if err := connect.EnsureTopics(t.run.ctx, t.kafka, []connect.Topic{topic}); err != nil {
		return nil, err
	}
	b.state, err = t.cfg.Redis.StateClient()
	return b, err
}

// meanEntry is the mean size of the timeline's first entries.
func (t *trial) meanEntry() (int, error) {
	sum, n := 0, 0
	for p := range t.cfg.Topics.TimelinePartitions {
		f := stream.Fetcher{Client: t.kafka, Topic: app.TopicTimeline, Partition: p, MaxBytes: timelineBytes, MaxWait: time.Second}
		_, end, err := stream.Bounds(t.run.ctx, t.kafka, app.TopicTimeline, p)
		if err != nil {
			return 0, err
		}
		batch, err := f.Fetch(t.run.ctx, end/2) // behind the profiles
		if err != nil {
			return 0, err
		}
		for _, r := range batch.Records {
			sum, n = sum+len(r.Value), n+1
		}
	}
	if n == 0 {
		return 0, errors.New("the timeline is empty: there is no entry to measure")
	}
	return sum / n, nil
}

// meanState is the mean size of the states in the first of the partitions' buckets.
func (t *trial) meanState() (int, error) {
	sum, n := 0, 0
	for _, k := range t.customers() {
		for b := range 16 {
			states, err := t.redis.HVals(t.run.ctx, k.Bucket(b)).Result()
			if err != nil {
				return 0, fmt.Errorf("measure states: %w", err)
			}
			for _, s := range states {
				sum, n = sum+len(s), n+1
			}
		}
	}
	if n == 0 {
		return 0, errors.New("there are no states in Redis to measure")
	}
	return sum / n, nil
}

// run moves everything once.
func (b *bare) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	var raws [][2]any
	for _, raw := range b.trial.cfg.Topics.Raw {
		if raw.Name == simulator.TopicProfiles {
			continue
		}
		for p := range raw.Partitions {
			raws = append(raws, [2]any{raw.Name, p})
		}
	}
	b.left.Store(int32(len(raws)))
	for _, r := range raws {
		group.Go(func() error { return b.ingest(ctx, r[0].(string), r[1].(int)) })
	}
	for p := range b.partitions {
		group.Go(func() error { return b.fold(ctx, p) })
		if b.rows != nil {
			group.Go(func() error { return b.collect(ctx, p) })
		}
	}
	if b.rows != nil {
		group.Go(func() error { return b.insert(ctx) })
	}
	return group.Wait()
}

// finished reports whether so many entries are all that there will be.
func (b *bare) finished(n int64) bool { return b.left.Load() == 0 && n >= b.made.Load() }

// ingest reads one raw partition to its end and writes its entries, one request per timeline partition and batch.
func (b *bare) ingest(ctx context.Context, topic string, partition int) error {
	defer b.left.Add(-1)
	_, end, err := stream.Bounds(ctx, b.trial.kafka, topic, partition)
	if err != nil {
		return err
	}
	due := 0.0
	batches := make([][]protocol.Record, b.partitions)
	for next := int64(0); next < end; {
		before := next
		next, err = fetchKeys(ctx, b.trial.kafka, topic, partition, next, rawBytes, func(key []byte) {
			p := timeline.Partition(string(key), b.partitions)
			for due += b.perRecord; due >= 1; due-- {
				batches[p] = append(batches[p], protocol.Record{Key: protocol.NewBytes(key), Value: protocol.NewBytes(b.entry)})
			}
		})
		if err != nil {
			return err
		}
		if next == before && !sleep(ctx, time.Millisecond) {
			return ctx.Err()
		}
		if err := b.produce(ctx, batches); err != nil {
			return err
		}
	}
	return nil
}

// produce writes what was gathered, all partitions at once, and empties it.
func (b *bare) produce(ctx context.Context, batches [][]protocol.Record) error {
	var wg sync.WaitGroup
	errs := make([]error, len(batches))
	for p, records := range batches {
		if len(records) == 0 {
			continue
		}
		wg.Go(func() {
			res, err := b.trial.kafka.Produce(ctx, &kafka.ProduceRequest{Topic: limitTopic, Partition: p, RequiredAcks: kafka.RequireAll, Records: protocol.NewRecordReader(records...)})
			if err == nil {
				err = res.Error
			}
			if errs[p] = err; err == nil {
				b.made.Add(int64(len(records)))
			}
		})
	}
	wg.Wait()
	for p := range batches {
		batches[p] = batches[p][:0]
	}
	return errors.Join(errs...)
}

// fold reads one timeline partition and writes a state for each customer of a batch, and the offset, in one transaction.
func (b *bare) fold(ctx context.Context, partition int) error {
	keys := keyed.NewKeys("bench:", partition)
	changed, buckets := map[string]bool{}, make([][]any, keyed.Buckets)
	for next := int64(0); !b.finished(b.applied.Load()); {
		n := int64(0)
		after, err := fetchKeys(ctx, b.trial.kafka, limitTopic, partition, next, timelineBytes, func(key []byte) {
			n++
			if subject := string(key); !changed[subject] {
				changed[subject] = true
				bucket := keyed.BucketOf(subject)
				buckets[bucket] = append(buckets[bucket], subject, b.body)
			}
		})
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		next = after
		if _, err := b.state.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.HSet(ctx, keys.Offset(), "next", next)
			for i, fields := range buckets {
				if len(fields) > 0 {
					p.HSet(ctx, keys.Bucket(i), fields...)
					buckets[i] = buckets[i][:0]
				}
			}
			return nil
		}); err != nil {
			return fmt.Errorf("write states: %w", err)
		}
		clear(changed)
		b.applied.Add(n)
	}
	return nil
}

// collect reads one timeline partition for the archive.
func (b *bare) collect(ctx context.Context, partition int) error {
	for next := int64(0); !b.finished(b.stored.Load()); {
		n := 0
		after, err := fetchKeys(ctx, b.trial.kafka, limitTopic, partition, next, timelineBytes, func([]byte) { n++ })
		if err != nil {
			return err
		}
		if next = after; n == 0 {
			continue
		}
		select {
		case b.rowsIn <- n:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// insert writes as many rows as entries were collected, as many at once as the program does.
func (b *bare) insert(ctx context.Context) error {
	tick := time.NewTicker(insertEvery)
	defer tick.Stop()
	for gathered := 0; ; {
		select {
		case n := <-b.rowsIn:
			if gathered += n; gathered < insertRows && !b.finished(b.stored.Load()+int64(gathered)) {
				continue
			}
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if gathered > 0 {
			if err := b.rows.insert(ctx, b.trial.past, gathered); err != nil {
				return err
			}
			b.stored.Add(int64(gathered))
			gathered = 0
		}
		if b.finished(b.stored.Load()) {
			return nil
		}
	}
}

// fetchKeys fetches once and hands over the keys of the records from offset on, which each may keep; values are not looked at. It returns
// the next offset.
func fetchKeys(ctx context.Context, client *kafka.Client, topic string, partition int, offset, bytes int64, each func(key []byte)) (int64, error) {
	res, err := client.Fetch(ctx, &kafka.FetchRequest{Topic: topic, Partition: partition, Offset: offset, MinBytes: 1, MaxBytes: bytes, MaxWait: 100 * time.Millisecond})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return offset, fmt.Errorf("fetch %s partition %d: %w", topic, partition, err)
	}
	next := offset
	for {
		r, err := res.Records.ReadRecord()
		if err != nil { // io.EOF: no more
			return next, nil
		}
		key, err := protocol.ReadAll(r.Key)
		if err != nil {
			return next, err
		}
		_ = r.Key.Close()
		if r.Value != nil {
			_ = r.Value.Close()
		}
		if next = max(next, r.Offset+1); r.Offset >= offset {
			each(key)
		}
	}
}
