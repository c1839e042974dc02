package faults

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"
)

// soakRate is how many records a second the soak sends: enough to be in the middle of work at any moment, and little enough to compare
// an hour of it.
const soakRate = 150

// soakGrowth bounds how much more memory the front, which lives as long as the soak, may hold at its end than after a tenth of it. A heap may be
// twice what is in use, so this is far above what is usual, and far below what a leak adds in an hour.
const soakGrowth = 100 << 20

// Soak is a scenario of its own length: a load for that long, a random fault every few seconds, and every comparison at the end.
func Soak(within time.Duration) *Scenario {
	return &Scenario{
		Name: "soak", Row: "35", play: func(r *Run) error { return soak(r, within) },
		Fault: "random faults of most kinds, one every few seconds, for a given time",
		Holds: "the same as after any other scenario, and memory does not grow",
	}
}

// soak runs random faults until the load is over.
func soak(r *Run, within time.Duration) error {
	front, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(int64(within.Seconds()*soakRate), within)
	if err != nil {
		return err
	}
	r.sampler.allowRewind(redisGroups...) // Redis is among what is killed
	counts, began, early := map[string]int64{}, time.Now(), 0.0
	var deck []int // each harm comes once before any comes again
	for end := began.Add(within - 15*time.Second); time.Now().Before(end) && l.under() == nil; {
		if early == 0 && time.Since(began) > within/10 {
			early = front.metric(residentMemory)
		}
		if err := r.pause(r.between(4*time.Second, 12*time.Second)); err != nil {
			return err
		}
		if len(deck) == 0 {
			deck = r.dice.Perm(len(harms))
		}
		h := &harms[deck[0]]
		deck = deck[1:]
		r.note("harm: %s", h.name)
		if worker, err = h.do(r, worker); err != nil {
			return fmt.Errorf("%s: %w", h.name, err)
		}
		counts[h.name]++
	}
	r.kafka.proxy.Heal()
	r.redis.proxy.Heal()
	for _, h := range harms {
		r.note("%3d times: %s", counts[h.name], h.name)
	}
	if err := errors.Join(r.prove(int64(len(counts)), "kinds of random faults"), r.flat(front, early), worker.works()); err != nil {
		return err
	}
	select {
	case err := <-l.done:
		return err
	case <-time.After(within + settleWithin):
		return errors.New("not everything was sent within twice the time")
	}
}

// flat checks that a node's memory has not grown.
func (r *Run) flat(n *node, early float64) error {
	now := n.metric(residentMemory)
	r.note("%s held %.0f MB after a tenth of the time and holds %.0f MB now", n.name, early/1e6, now/1e6)
	if early == 0 || now > early+soakGrowth {
		return fmt.Errorf("%s holds %.0f MB, it held %.0f MB after a tenth of the time and may hold %d MB more", n.name, now/1e6, early/1e6, soakGrowth/1_000_000)
	}
	return nil
}

// harm is one thing that the soak does to the product or its servers; it returns the worker, which may be another process then.
type harm struct {
	name string
	do   func(*Run, *node) (*node, error)
}

// beside is a harm that leaves the worker what it is.
func beside(do func(*Run) error) func(*Run, *node) (*node, error) {
	return func(r *Run, worker *node) (*node, error) { return worker, do(r) }
}

// harms are what the soak draws from. What needs servers or limits of its own is left to its scenario: a Redis cluster, a failover, two
// brokers, full disks, a worker without files, added partitions.
var harms = []harm{
	{"the worker is killed", (*Run).killed},
	{"the worker is killed at a point between two durable effects", func(r *Run, worker *node) (*node, error) {
		at := append(append([]point{}, ingestPoints...), customerPoints...)[r.dice.IntN(len(ingestPoints)+len(customerPoints))]
		return r.killedAt(worker, &at)
	}},
	{"the worker is frozen", func(r *Run, worker *node) (*node, error) {
		if err := worker.signal(freeze); err != nil {
			return worker, err
		}
		err := r.moment()
		_ = worker.signal(thaw)
		return worker, err
	}},
	{"all connections to Kafka and Redis are cut", beside(func(r *Run) error {
		r.note("cut %d connections", r.kafka.proxy.Cut()+r.redis.proxy.Cut())
		return nil
	})},
	{"answers of Redis to transactions are cut off", beside(func(r *Run) error { r.redis.proxy.DropReplies(8, execs); return nil })},
	{"answers of the broker to writes are cut off", beside(func(r *Run) error { r.kafka.proxy.DropReplies(5, asks(apiProduce)); return nil })},
	{"writes lose partitions on their way", beside(func(r *Run) error {
		return r.while(r.kafka.proxy, func(p *Proxy) {
			p.Change(func(request []byte) []byte {
				if cut := part(request); cut != nil {
					return cut.frame
				}
				return nil
			})
		})
	})},
	{"commits count and are said to have timed out", beside(func(r *Run) error {
		return r.while(r.kafka.proxy, func(p *Proxy) { p.Retort(doubtedCommits(5, new(atomic.Int64))) })
	})},
	{"the coordinator answers with errors", beside(func(r *Run) error {
		codes := []kafka.Error{kafka.NotCoordinatorForGroup, kafka.GroupLoadInProgress, kafka.RebalanceInProgress, kafka.UnknownMemberId}
		return r.while(r.kafka.proxy, func(p *Proxy) { p.Stand(newExcuses(codes[r.dice.IntN(len(codes))]).answer) })
	})},
	{"the broker answers nothing", beside(func(r *Run) error { return r.while(r.kafka.proxy, func(p *Proxy) { p.Hold(true, true) }) })},
	{"the broker is killed", beside(func(r *Run) error { return r.restarted(r.kafka) })},
	{"Redis answers nothing", beside(func(r *Run) error { return r.while(r.redis.proxy, func(p *Proxy) { p.Hold(true, true) }) })},
	{"Redis is slow", beside(func(r *Run) error { return r.while(r.redis.proxy, func(p *Proxy) { p.Delay(200 * time.Millisecond) }) })},
	{"Redis is killed", beside(func(r *Run) error { return r.restarted(r.redis) })},
	{"Redis is killed and loads for long", beside(func(r *Run) error {
		commands, err := r.logged()
		if err != nil {
			return err
		}
		usual := r.redis.command
		r.redis.command = append(append([]string{}, usual...), "--key-load-delay", loadDelay(commands))
		err = r.restarted(r.redis)
		r.redis.command = usual
		return err
	})},
	{"Redis refuses as a replica", beside(func(r *Run) error {
		return r.turned([]any{"replicaof", "127.0.0.1", "1"}, []any{"replicaof", "no", "one"})
	})},
	{"Redis refuses for want of memory", beside(func(r *Run) error {
		return r.turned([]any{"config", "set", "maxmemory", "1mb"}, []any{"config", "set", "maxmemory", "0"})
	})},
	{"ClickHouse is killed", beside(func(r *Run) error { return r.restarted(r.house) })},
	{"ClickHouse refuses", beside(func(r *Run) error {
		if r.house == nil {
			return nil
		}
		refusals := [][]byte{tooManyParts, outOfMemory, timedOut}
		return r.while(r.house.proxy, func(p *Proxy) { p.Answer(1<<30, isInsert, refusals[r.dice.IntN(len(refusals))]) })
	})},
	{"a board reads nothing from now on", beside(func(r *Run) error { _, err := r.deaf(); return err })},
	{"all boards are cut", beside(func(r *Run) error { r.note("cut %d boards", r.web.Cut()); return nil })},
}

// isInsert recognises a request to ClickHouse that writes.
func isInsert(request []byte) bool { return bytes.Contains(bytes.ToUpper(request), []byte("INSERT")) }

// moment is a pause of random length in which something is broken.
func (r *Run) moment() error { return r.pause(r.between(time.Second, 8*time.Second)) }

// while breaks what passes a proxy for a moment.
func (r *Run) while(p *Proxy, broken func(*Proxy)) error {
	broken(p)
	defer p.Heal()
	return r.moment()
}

// turned gives Redis a command that breaks it, and after a moment one that mends it.
func (r *Run) turned(breaks, mends []any) error {
	if err := r.state.Do(r.ctx, breaks...).Err(); err != nil {
		return err
	}
	err := r.moment()
	return errors.Join(err, r.state.Do(r.ctx, mends...).Err())
}

// restarted kills a server, if there is one, and starts it again.
func (r *Run) restarted(s *server) error {
	if s == nil {
		return nil
	}
	if err := s.current.kill(); err != nil {
		return err
	}
	r.note("killed %s (process %d)", s.name, s.current.pid())
	if err := r.pause(r.between(0, 4*time.Second)); err != nil {
		return err
	}
	return s.start(r.ctx)
}
