package intake

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"touchwatch/ingest/fence"
	"touchwatch/ingest/identity"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
)

// Restoring says from what links and positions are made anew.
type Restoring struct {
	// Ends are, per partition of the timeline, the offset to end before.
	Ends []int64
	// Partitions are those of each raw topic, as the brokers have them.
	Partitions map[string]int
	// Cut says that the timeline lacks its oldest records: a plan of which nothing is left may have come before those that are found.
	Cut bool
	// Read hears how many entries of the timeline were read since it was called last.
	Read func(n int)
}

// Restored says what was made.
type Restored struct {
	Links      int      // written, an alias may have had several
	Positions  int      // raw partitions that ingest goes on with where it was
	Unfinished int      // of these with a plan of which a part was missing in the timeline
	Warnings   []string // what a person should know
}

// restoreAtOnce is how many touchpoints' aliases one question to the directory is about.
const restoreAtOnce = 1000

// Restore makes the directory of links and the ledgers of the raw partitions from the timeline. It needs an empty directory and no
// ledger, and nobody who ingests meanwhile; after an error both have to be emptied again.
//
// Links are made by the rules of ingest, touchpoint by touchpoint in the order of receipt; whose each is stands in the timeline.
//
// A ledger goes on behind what the timeline holds for certain. Going on further back would make ingest decide again whose touchpoints
// are that count already, and a link that came since would let one count for two customers. Going on further ahead would lose
// what a crash kept from being written: see trace. The last plan is therefore compared with its records, and when a part is missing, it
// is stored as an unfinished one with the customers of those that are there; a start sends it as after any crash. Records that
// became dead letters leave nothing in the timeline; where they are read again, a second letter from the same source comes about, which
// the commands for dead letters know.
func (s *Stage) Restore(ctx context.Context, r Restoring) (Restored, error) {
	done := Restored{}
	traces, err := s.restoreLinks(ctx, r, &done)
	if err != nil {
		return done, err
	}
	committed, err := s.committed(ctx, r.Partitions)
	if err != nil {
		return done, err
	}
	for _, topic := range slices.Sorted(maps.Keys(r.Partitions)) {
		for p := range r.Partitions[topic] {
			at := rawPartition{topic, p}
			t := traces[at]
			if t == nil {
				t = &trace{}
			}
			delete(traces, at)
			if err := s.restoreLedger(ctx, at, t, committed[at], r.Cut, &done); err != nil {
				return done, fmt.Errorf("restore the position of %s partition %d: %w", topic, p, err)
			}
		}
	}
	for _, at := range slices.SortedFunc(maps.Keys(traces), rawPartition.compare) {
		done.Warnings = append(done.Warnings, fmt.Sprintf("the timeline holds touchpoints of %s partition %d, which is no raw partition now", at.topic, at.partition))
	}
	return done, nil
}

// rawPartition names a partition of a raw topic.
type rawPartition struct {
	topic     string
	partition int
}

func (a rawPartition) compare(b rawPartition) int {
	return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
}

// restoreLinks reads the timeline through, stores the links its touchpoints make, and returns what it tells of each raw partition.
func (s *Stage) restoreLinks(ctx context.Context, r Restoring, done *Restored) (map[rawPartition]*trace, error) {
	log, err := openMerged(ctx, s.opt.Kafka, s.opt.Timeline, r.Ends, r.Read)
	if err != nil {
		return nil, err
	}
	traces := map[rawPartition]*trace{}
	for chunk := make([]touchpoint.Touchpoint, 0, restoreAtOnce); ; {
		t, err := log.take(ctx)
		if err != nil {
			return nil, err
		}
		if t != nil {
			at := rawPartition{t.Source.Topic, int(t.Source.Partition)}
			if traces[at] == nil {
				traces[at] = &trace{}
			}
			traces[at].add(t)
			chunk = append(chunk, *t)
		}
		if len(chunk) == restoreAtOnce || t == nil {
			if err := s.learn(ctx, chunk, done); err != nil {
				return nil, err
			}
			chunk = chunk[:0]
		}
		if t == nil {
			return traces, nil
		}
	}
}

// learn stores the links that touchpoints make as those of their customers.
func (s *Stage) learn(ctx context.Context, all []touchpoint.Touchpoint, done *Restored) error {
	known, err := s.names.Fetch(ctx, identity.Asked(all))
	if err != nil {
		return err
	}
	m := identity.NewMap(known)
	for i := range all {
		m.Learn(&all[i], all[i].Customer)
	}
	done.Links += len(m.Links())
	return s.names.Restore(ctx, m.Links(), s.now())
}

// committed asks Kafka up to where the group has told that raw partitions are whole in the timeline; −1 where it told nothing.
func (s *Stage) committed(ctx context.Context, partitions map[string]int) (map[rawPartition]int64, error) {
	ask := &kafka.OffsetFetchRequest{GroupID: Group, Topics: map[string][]int{}}
	all := map[rawPartition]int64{}
	for topic, n := range partitions {
		for p := range n {
			ask.Topics[topic] = append(ask.Topics[topic], p)
			all[rawPartition{topic, p}] = -1
		}
	}
	res, err := s.opt.Kafka.OffsetFetch(ctx, ask)
	if err == nil {
		err = res.Error
	}
	if errors.Is(err, kafka.GroupIdNotFound) { // it never committed, or too long ago
		return all, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read committed offsets of group %s: %w", Group, err)
	}
	for topic, answers := range res.Topics {
		for _, a := range answers {
			if a.Error != nil {
				return nil, fmt.Errorf("read committed offsets of group %s, %s partition %d: %w", Group, topic, a.Partition, a.Error)
			}
			all[rawPartition{topic, a.Partition}] = a.CommittedOffset
		}
	}
	return all, nil
}

// restoreLedger stores where ingest goes on with a raw partition, unless nothing is known of it: then its oldest record is next.
func (s *Stage) restoreLedger(ctx context.Context, at rawPartition, t *trace, committed int64, cut bool, done *Restored) error {
	first, end, err := stream.Bounds(ctx, s.opt.Kafka, at.topic, at.partition)
	if err != nil {
		return err
	}
	if committed < first || committed > end { // of a topic that was created anew since, or from before what retention deleted
		committed = -1
	}
	from, to := t.reach(committed)
	if to < 0 {
		return nil
	}
	if from < 0 { // nothing stands before the last plan: all of the log belongs to it, or to plans without touchpoints
		from = first
		if cut {
			from = t.last.min
		}
	}
	if from < first && first < to {
		done.Warnings = append(done.Warnings, fmt.Sprintf("%s partition %d: records %d to %d are no longer in the log; whether all of them became touchpoints cannot be told", at.topic, at.partition, from, first-1))
		from = first
	}
	var missing *plan
	if from >= first && from < to && to <= end { // else a start finds the log as it is, and says so
		if missing, err = s.compareLast(ctx, at, t, from, to); err != nil {
			return err
		}
	}
	done.Positions++
	if missing != nil {
		done.Unfinished++
		return s.storeLedger(ctx, at, t.epoch, missing, false)
	}
	p := &plan{From: to, To: to, Customers: []touchpoint.CustomerID{}}
	if t.last != nil {
		p.ReceivedAt = t.last.at
	}
	return s.storeLedger(ctx, at, t.epoch, p, true)
}

// compareLast compares the last plan with its records, and returns the plan that sends what is missing, nil for nothing.
func (s *Stage) compareLast(ctx context.Context, at rawPartition, t *trace, from, to int64) (*plan, error) {
	all, err := s.decodeAgain(ctx, at, t, from, to)
	if err != nil {
		return nil, err
	}
	return t.unfinished(all, to), nil
}

// decodeAgain reads the touchpoints of raw records as they were received with the last plan.
func (s *Stage) decodeAgain(ctx context.Context, at rawPartition, t *trace, from, to int64) ([]touchpoint.Touchpoint, error) {
	w := newWorker(s, stream.Assignment{Topic: at.topic, Partition: at.partition}, nil)
	w.epoch = t.epoch
	f := stream.Fetcher{Client: s.opt.Kafka, Topic: at.topic, Partition: at.partition, MaxBytes: fetchBytes, MaxWait: fetchWait}
	var all []touchpoint.Touchpoint
	for next := from; next < to; {
		b, err := f.FetchPatiently(ctx, next)
		if err != nil {
			return nil, err
		}
		if b.Next == next {
			return nil, fmt.Errorf("record %d is not in the log", next)
		}
		records := b.Records
		if i := slices.IndexFunc(records, func(r stream.Record) bool { return r.Offset >= to }); i >= 0 {
			records = records[:i]
		}
		for _, p := range w.decode(records, t.last.at).touchpoints {
			all = append(all, touchpoint.Touchpoint{Source: p.Source}) // the rest is of no interest, and there may be many
		}
		next = b.Next
	}
	return all, nil
}

// storeLedger writes the ledger of a raw partition that has none.
func (s *Stage) storeLedger(ctx context.Context, at rawPartition, epoch int32, p *plan, finished bool) error {
	key := LedgerKey(at.topic, at.partition)
	held, err := s.opt.Redis.Exists(ctx, key).Result()
	if err != nil {
		return err
	}
	if held > 0 {
		return fmt.Errorf("%s is there already: another process ingests; stop all processes and rebuild again", key)
	}
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode plan: %w", err)
	}
	done := "0"
	if finished {
		done = "1"
	}
	return s.opt.Redis.HSet(ctx, key, "epoch", strconv.Itoa(int(epoch)), "plan", body, "done", done).Err()
}

// Alive says who has shown within patience, by the ledgers, that it ingests one of these raw partitions: "" for nobody.
func Alive(ctx context.Context, client redis.UniversalClient, partitions map[string]int, now touchpoint.Millis, patience time.Duration) (string, error) {
	for _, topic := range slices.Sorted(maps.Keys(partitions)) {
		for p := range partitions[topic] {
			key := LedgerKey(topic, p)
			held, err := client.HGet(ctx, key, "token").Result()
			if err != nil && !errors.Is(err, redis.Nil) {
				return "", fmt.Errorf("read %s: %w", key, err)
			}
			if token, ok := fence.Parse(held); ok && fence.Alive(token, now, patience) {
				return fmt.Sprintf("%s (%s)", token.Member, key), nil
			}
		}
	}
	return "", nil
}
