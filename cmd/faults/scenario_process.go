package faults

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/cmd/app"
	"touchwatch/ingest/fence"
	"touchwatch/ingest/stream"
	"touchwatch/processors/keyed"
)

// apart starts the two processes that most scenarios have: a front that stays, and a worker to break.
func (r *Run) apart() (front, worker *node, err error) {
	if front, err = r.node("front", app.RoleWeb, app.RoleArchive); err != nil {
		return nil, nil, err
	}
	worker, err = r.node("worker", app.RoleIngest, app.RoleCustomers)
	return front, worker, err
}

// eachApart starts processes of which ingest has one of its own, to break it alone, and returns that.
func (r *Run) eachApart() (ingest *node, err error) {
	if _, err := r.node("front", app.RoleWeb, app.RoleArchive); err != nil {
		return nil, err
	}
	if _, err := r.node("customers", app.RoleCustomers); err != nil {
		return nil, err
	}
	return r.node("ingest-1", app.RoleIngest)
}

// works waits until a node has applied entries of the timeline: it owns partitions, and is in the middle of it.
func (n *node) works() error {
	return until(n.run.ctx, settleWithin, func() error {
		if n.metric("touchwatch_keyed_entries_total") == 0 {
			return fmt.Errorf("%s has applied nothing", n.name)
		}
		return nil
	})
}

// kill ends the worker again and again while a load passes through it: in the middle of its work, and twice while it joins.
func kill(r *Run) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(9000, 30*time.Second)
	if err != nil {
		return err
	}
	kills := int64(0)
	for i := range 6 {
		if i%3 != 2 {
			if err := worker.works(); err != nil {
				return err
			}
		}
		if err := r.pause(r.between(100*time.Millisecond, 2*time.Second)); err != nil {
			return err
		}
		if l.under() != nil && kills >= 4 {
			break
		}
		if err := l.under(); err != nil {
			return err
		}
		if worker, err = r.killed(worker); err != nil {
			return err
		}
		kills++
	}
	if err := r.prove(kills, "processes killed with SIGKILL under load"); err != nil {
		return err
	}
	return l.wait()
}

// roll replaces two processes with all roles one after the other under load, as a deployment does, and watches that the one that is
// left goes on.
func roll(r *Run) error {
	old := make([]*node, 2)
	for i := range old {
		var err error
		if old[i], err = r.node("node-" + strconv.Itoa(i)); err != nil {
			return err
		}
	}
	l, err := r.loaded(6000, 20*time.Second)
	if err != nil {
		return err
	}
	rolled, longest := int64(0), time.Duration(0)
	for i, n := range old {
		if err := errors.Join(l.reach(0.2+0.3*float64(i)), n.works(), l.under()); err != nil {
			return err
		}
		took, err := n.stop(nodeStop)
		if err != nil {
			return err
		}
		r.forget(n)
		r.note("%s ended in order under load, after %s", n.name, took.Round(time.Millisecond))
		rolled, longest = rolled+1, max(longest, took)
		if err := l.under(); err != nil {
			return err
		}
		next, err := r.node(n.name)
		if err != nil {
			return err
		}
		if err := next.untilReady(); err != nil {
			return err
		}
	}
	if longest > nodeStop {
		return fmt.Errorf("a process took %s to end", longest)
	}
	if err := r.prove(rolled, "processes ended by SIGTERM under load and replaced"); err != nil {
		return err
	}
	return l.wait()
}

// zombie freezes the worker until others own its partitions, and then lets it go on: it believes that it owns them still.
func zombie(r *Run) error {
	_, first, err := r.apart()
	if err != nil {
		return err
	}
	second, err := r.node("second", app.RoleIngest, app.RoleCustomers)
	if err != nil {
		return err
	}
	l, err := r.loaded(8000, 26*time.Second)
	if err != nil {
		return err
	}
	taken, rejected := int64(0), int64(0)
	for _, n := range []*node{first, second} {
		if err := errors.Join(n.works(), r.pause(r.between(0, time.Second)), l.under()); err != nil {
			return err
		}
		before, err := r.owners()
		if err != nil {
			return err
		}
		refused := n.metric(refusedFlushes)
		if err := n.signal(freeze); err != nil {
			return err
		}
		r.note("froze %s (process %d)", n.name, n.pid())
		if err := r.pause(session + r.between(1500*time.Millisecond, 4*time.Second)); err != nil {
			return err
		}
		now, err := r.owners()
		if err != nil {
			return err
		}
		for p, owner := range now {
			if before[p] != owner {
				taken++
			}
		}
		r.kafka.proxy.Keep(asks(apiHeartbeat)) // else the broker may tell it first
		if err := errors.Join(l.under(), n.signal(thaw)); err != nil {
			return err
		}
		err = r.stayOwned(zombieFor)
		rejected += int64(n.metric(refusedFlushes) - refused)
		r.kafka.proxy.Heal()
		if err != nil {
			return err
		}
		r.note("%s goes on, a session and more later", n.name)
	}
	if err := r.prove(taken, "timeline partitions taken over while their owner was frozen"); err != nil {
		return err
	}
	if err := r.prove(rejected, "flushes of a woken worker that were refused"); err != nil {
		return err
	}
	return l.wait()
}

// refusedFlushes counts what a worker wanted to write to a partition that others own.
const refusedFlushes = "touchwatch_keyed_flushes_rejected_total"

// zombieFor is how long a woken worker hears nothing from the broker, and tries to write.
const zombieFor = 2500 * time.Millisecond

// stayOwned watches for a while, some hundred times a second, that no partition of the timeline goes back: neither its offset nor the generation of
// its owner. What a zombie writes would be gone soon, as its successor writes again.
func (r *Run) stayOwned(d time.Duration) error {
	type held struct{ generation, next int64 }
	highest := map[int]held{}
	for end := time.Now().Add(d); time.Now().Before(end); stream.Sleep(r.ctx, 2*time.Millisecond) {
		for p := range r.cfg.Topics.TimelinePartitions {
			keys := keyed.NewKeys(keyed.CustomerPrefix, p)
			var owner, next *redis.StringCmd
			_, err := r.state.TxPipelined(r.ctx, func(pipe redis.Pipeliner) error {
				owner, next = pipe.Get(r.ctx, keys.Owner()), pipe.HGet(r.ctx, keys.Offset(), "next")
				return nil
			})
			if err != nil {
				return fmt.Errorf("watch partition %d: %w", p, err)
			}
			token, _ := fence.Parse(owner.Val())
			offset, _ := next.Int64()
			now, before := held{int64(token.Generation), offset}, highest[p]
			if now.generation < before.generation || now.next < before.next {
				return fmt.Errorf("partition %d went back from offset %d of generation %d to offset %d of generation %d: a worker wrote that owns it no more", p, before.next, before.generation, now.next, now.generation)
			}
			highest[p] = now
		}
	}
	return nil
}

// owners are the members that own the timeline's partitions, as Redis has them.
func (r *Run) owners() (map[int]string, error) {
	all := map[int]string{}
	for p := range r.cfg.Topics.TimelinePartitions {
		stored, err := r.state.Get(r.ctx, keyed.NewKeys(keyed.CustomerPrefix, p).Owner()).Result()
		if err != nil {
			return nil, fmt.Errorf("owner of partition %d: %w", p, err)
		}
		token, _ := fence.Parse(stored)
		all[p] = token.Member
	}
	return all, nil
}

// storm lets workers join and leave all the time, some in order and some by SIGKILL.
func storm(r *Run) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(9000, 30*time.Second)
	if err != nil {
		return err
	}
	workers, changes := []*node{worker}, int64(0)
	for i := 0; changes < 12 && l.under() == nil; i++ {
		if err := r.pause(r.between(500*time.Millisecond, 2500*time.Millisecond)); err != nil {
			return err
		}
		changes++
		if len(workers) < 3 {
			n, err := r.node("worker-"+strconv.Itoa(i), app.RoleIngest, app.RoleCustomers)
			if err != nil {
				return err
			}
			workers = append(workers, n)
			continue
		}
		n := workers[r.dice.IntN(len(workers))]
		if r.dice.IntN(3) == 0 {
			r.note("killing %s", n.name)
			err = n.kill()
		} else {
			r.note("ending %s", n.name)
			_, err = n.stop(nodeStop)
		}
		if err != nil {
			return err
		}
		r.forget(n)
		workers = slices.DeleteFunc(workers, func(other *node) bool { return other == n })
	}
	if err := r.prove(max(0, changes-3), "times that a worker joined or left under load"); err != nil {
		return err
	}
	return l.wait()
}
