package stream

import (
	"context"
	"slices"
	"sync"

	"github.com/segmentio/kafka-go"
)

// combineBytes bounds what is sent together, in bytes of keys and values; what is larger by itself goes alone. It lies below every topic's
// max.message.bytes.
const combineBytes = 1 << 20

// Combiner sends what several goroutines have for one partition at the same moment as one batch: while a request is under way, what
// comes waits and goes with the next one. Nothing waits when nothing is under way. A broker's work is by the request, not by the record, so
// under load this is most of what a broker can be spared. Safe for concurrent use.
type Combiner struct {
	client *kafka.Client
	mu     sync.Mutex
	lanes  map[lane]*queue
}

type lane struct {
	topic     string
	partition int
}

// queue is what waits for one partition, in the order in which it came.
type queue struct {
	lane
	turn chan struct{} // held by whoever sends
	mu   sync.Mutex
	jobs []*job
}

// job is what one goroutine has to send. Its records stay together, in their order.
type job struct {
	records []Record
	bytes   int
	written chan struct{}
}

// NewCombiner returns a Combiner that sends through client.
func NewCombiner(client *kafka.Client) *Combiner {
	return &Combiner{client: client, lanes: map[lane]*queue{}}
}

// Produce returns when all records are in the log of the partition, within one batch and in their order, or when ctx ends: then it is not
// known whether they are. Attempts are repeated as ProduceUntil does; onError hears of those this goroutine made, for itself or others.
// The caller must not change the records' memory after an error: an attempt may still be reading it.
func (c *Combiner) Produce(ctx context.Context, topic string, partition int, records []Record, onError func(error)) error {
	if len(records) == 0 {
		return nil
	}
	q := c.queue(lane{topic, partition})
	j := q.add(records)
	for {
		select {
		case <-j.written:
			return nil
		case <-ctx.Done():
			q.remove([]*job{j})
			return ctx.Err()
		case q.turn <- struct{}{}:
		}
		err := q.send(ctx, c.client, j, onError)
		if err != nil {
			q.remove([]*job{j}) // before another has the turn, so that it is not sent by that one
		}
		<-q.turn
		if err != nil {
			return err
		}
	}
}

func (c *Combiner) queue(l lane) *queue {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.lanes[l]
	if q == nil {
		q = &queue{lane: l, turn: make(chan struct{}, 1)}
		c.lanes[l] = q
	}
	return q
}

func (q *queue) add(records []Record) *job {
	j := &job{records: records, written: make(chan struct{})}
	for i := range records {
		j.bytes += len(records[i].Key) + len(records[i].Value)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs = append(q.jobs, j)
	return j
}

// remove takes jobs out: they are written, or nobody waits for them any more.
func (q *queue) remove(jobs []*job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs = slices.DeleteFunc(q.jobs, func(j *job) bool { return slices.Contains(jobs, j) })
}

// send writes what waits, oldest first, until mine is written. The caller holds the turn.
func (q *queue) send(ctx context.Context, client *kafka.Client, mine *job, onError func(error)) error {
	pause := firstAgain
	for {
		select {
		case <-mine.written: // by the one who had the turn before, or by the last round
			return nil
		default:
		}
		jobs, records := q.next()
		_, err := Produce(ctx, client, q.topic, q.partition, records)
		if err == nil {
			q.remove(jobs)
			for _, j := range jobs {
				close(j.written)
			}
			pause = firstAgain
			continue
		}
		if ctx.Err() != nil {
			return err
		}
		onError(err)
		if !Sleep(ctx, pause) {
			return err
		}
		pause = min(2*pause, longestAgain)
	}
}

// next is what goes together: the oldest jobs, at least one, up to the bound.
func (q *queue) next() (jobs []*job, records []Record) {
	q.mu.Lock()
	defer q.mu.Unlock()
	bytes, count := 0, 0
	for _, j := range q.jobs {
		if bytes += j.bytes; bytes > combineBytes && len(jobs) > 0 {
			break
		}
		jobs, count = append(jobs, j), count+len(j.records)
	}
	if len(jobs) == 1 {
		return jobs, jobs[0].records
	}
	records = make([]Record, 0, count)
	for _, j := range jobs {
		records = append(records, j.records...)
	}
	return jobs, records
}
