package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/segmentio/kafka-go"
)

// Bounds of what is sent together, in bytes of keys and values: to one partition, which lies below every topic's max.message.bytes, and with
// one request, which lies far below every broker's socket.request.max.bytes. What is larger by itself goes alone.
const (
	combineBytes = 1 << 20
	requestBytes = 8 << 20
)

// Parcel is what has to stand in one partition together, in its order.
type Parcel struct {
	Topic     string
	Partition int
	Records   []Record
}

// Combiner sends what several goroutines have for one broker at the same moment with one request, and for one partition as one batch: while a
// request is under way, what comes waits and goes with the next one. Nothing waits when nothing is under way. A broker's work is by the
// request, not by the record, so this is most of what a broker can be spared. Safe for concurrent use; no goroutine of its own outlives a call.
type Combiner struct {
	client           *kafka.Client
	leaders          leadership
	table[int, *job] // by the broker that leads
}

type lane struct {
	topic     string
	partition int
}

// job is a parcel on its way; err is written before answered is closed.
type job struct {
	lane
	records  []Record
	bytes    int
	answered chan struct{}
	err      error // why it is not known to be in the log
}

func (j *job) done() <-chan struct{} { return j.answered }

// NewCombiner returns a Combiner that sends through client.
func NewCombiner(client *kafka.Client) *Combiner {
	return &Combiner{client: client, leaders: leadership{client: client}}
}

// Produce returns when the records of every parcel are in the log of their partition, each parcel within one batch, or when ctx ends: then it is
// not known which are. A parcel whose attempt failed is sent again, after a pause that grows from 50 ms to 2 s; the others are not. It goes with a
// request of its own then, so that a partition whose replicas are slow holds up no other. onError hears of every failed attempt of each. The
// caller must never change the records' memory: an attempt that nobody waits for any more may still be reading it.
func (c *Combiner) Produce(ctx context.Context, parcels []Parcel, onError func(error)) error {
	pause := firstAgain
	for alone := false; ; alone = true {
		failed, err := c.attempt(ctx, parcels, alone)
		if err != nil {
			return err
		}
		if len(failed) == 0 {
			return nil
		}
		parcels = parcels[:0:0]
		for _, j := range failed {
			onError(fmt.Errorf("produce %d records to topic %s partition %d: %w", len(j.records), j.topic, j.partition, j.err))
			parcels = append(parcels, Parcel{j.topic, j.partition, j.records})
		}
		if !Sleep(ctx, pause) {
			return ctx.Err()
		}
		pause = min(2*pause, longestAgain)
	}
}

// attempt has every parcel sent once, those of each broker together or each alone, and returns what failed. Its error is that of ctx.
func (c *Combiner) attempt(ctx context.Context, parcels []Parcel, alone bool) (failed []*job, err error) {
	groups := map[int][]*job{}
	for _, p := range parcels {
		if len(p.Records) == 0 {
			continue
		}
		j := newJob(p)
		leader, known := 0, false
		if !alone {
			leader, known = c.leaders.of(ctx, j.lane)
		}
		if !known {
			leader = apart - len(groups) // a group of its own
		}
		groups[leader] = append(groups[leader], j)
	}
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		broken error
	)
	for leader, jobs := range groups {
		wg.Go(func() {
			err := c.deliver(ctx, leader, jobs)
			mu.Lock()
			defer mu.Unlock()
			broken = errors.Join(broken, err)
			for _, j := range jobs {
				if err == nil && j.err != nil {
					failed = append(failed, j)
				}
			}
		})
	}
	wg.Wait()
	return failed, broken
}

func newJob(p Parcel) *job {
	j := &job{lane: lane{p.Topic, p.Partition}, records: p.Records, answered: make(chan struct{})}
	for i := range j.records {
		j.bytes += len(j.records[i].Key) + len(j.records[i].Value)
	}
	return j
}

// apart is the first number of those groups that do not go with others of their broker; no broker has a negative one.
const apart = -1

// deliver has jobs of one broker sent and returns when each has its outcome, or when ctx ends.
func (c *Combiner) deliver(ctx context.Context, leader int, jobs []*job) error {
	if leader <= apart {
		outcomes, err := c.send(ctx, jobs)
		c.settle(jobs, outcomes, err)
		return ctx.Err()
	}
	r := c.of(leader)
	return r.join(ctx, jobs, func(ctx context.Context) error {
		next := nextJobs(r)
		outcomes, err := c.send(ctx, next)
		if err != nil && ctx.Err() != nil {
			return err
		}
		r.remove(next)
		c.settle(next, outcomes, err)
		return nil
	})
}

// settle gives jobs their outcomes, or the error of their request.
func (c *Combiner) settle(jobs []*job, outcomes map[lane]error, err error) {
	for _, j := range jobs {
		if j.err = err; err == nil {
			j.err = outcomes[j.lane]
		}
		if j.err != nil {
			c.leaders.forget(j.topic)
		}
		close(j.answered)
	}
}

// nextJobs is what goes together: the oldest, at least one, up to the bounds. Those of one partition stay in their order.
func nextJobs(r *rounds[*job]) []*job {
	r.mu.Lock()
	defer r.mu.Unlock()
	var jobs []*job
	held, all := map[lane]int{}, 0
	for _, j := range r.waiting {
		bytes, known := held[j.lane]
		if (known && bytes+j.bytes > combineBytes) || (len(jobs) > 0 && all+j.bytes > requestBytes) {
			held[j.lane] = combineBytes // what comes behind it waits too
			continue
		}
		held[j.lane] = bytes + j.bytes
		all += j.bytes
		jobs = append(jobs, j)
	}
	return jobs
}
