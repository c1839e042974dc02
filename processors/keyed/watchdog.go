package keyed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/ingest/fence"
	"touchwatch/ingest/stream"
)

// stuckLooks is how often a worker has to be found at the same place: a process that was suspended is looked at once when it goes
// on, and is not taken for stuck. stuckMost bounds how many workers a partition gives up on: each leaves a goroutine behind. stuckPause is
// how long the partition stays without a worker, so that what made it hang may pass. leaveWithin is what a worker gets to end when its
// generation does: the group waits for it, and no partition of this process would go to anybody.
const (
	stuckLooks  = 4
	stuckMost   = 3
	stuckPause  = 5 * time.Second
	leaveWithin = 10 * time.Second
)

// attend works on a partition until ctx ends. The group's heartbeats go on when a fold hangs, so nobody else would notice: a
// worker that makes no progress for Options.Stuck is left behind (what it holds was never written, and its token is taken away, so it
// never will be), and a new worker reads the partition from its stored offset. What hangs every time stands still with an alarm.
//
// The partition stays assigned to this process all the while. Leaving the group would stop every other partition for a rebalance, and an entry
// that hangs this fold hangs the one of the next process too, which would leave in its turn. A person who restarts this process gives
// the partition to others, if there are others.
func (r *Runtime[S]) attend(ctx context.Context, a stream.Assignment, commit func(int64)) {
	log := r.opt.Log.With("topic", r.opt.Topic, "partition", a.Partition)
	defer r.halts.Clear(a.Name()) // whoever has the partition next says how it is
	defer r.opt.Metrics.gone(r.opt.Topic, a.Partition)
	for tries := 1; ctx.Err() == nil; tries++ {
		w := newWorker(r, a, commit)
		err := r.watch(ctx, w)
		if err == nil {
			return
		}
		r.opt.Metrics.stuck.Inc()
		if ctx.Err() != nil {
			log.Error("worker did not end with its generation and is left behind", "error", err)
			return
		}
		r.halts.Set(a.Name(), err.Error())
		if err := r.letGo(ctx, a); err != nil {
			log.Warn("cannot take the token of a stuck worker away, it expires by itself", "error", err)
		}
		if tries == stuckMost {
			log.Error("partition stands still: its worker got stuck again and again; it stays with this process until that is restarted: look at the entry and restart with a program that can fold it", "tries", tries, "error", err)
			<-ctx.Done()
			return
		}
		log.Error("worker makes no progress, it is left behind and the partition read again", "tries", tries, "error", err)
		stream.Sleep(ctx, min(stuckPause, r.opt.Stuck))
	}
}

// watch runs a worker and returns nil when it has ended, or what it was doing when it got stuck.
func (r *Runtime[S]) watch(ctx context.Context, w *worker[S]) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.run(ctx)
	}()
	look := time.NewTicker(r.opt.Stuck / stuckLooks)
	defer look.Stop()
	leaving := ctx.Done()
	var leave <-chan time.Time
	for seen, still := w.pulse.Load(), 0; ; {
		select {
		case <-done:
			return nil
		case <-leaving:
			leaving, leave = nil, time.After(leaveWithin)
		case <-leave:
			return fmt.Errorf("partition %d of %s: no end within %s", w.a.Partition, w.opt.Topic, leaveWithin)
		case <-look.C:
			if now := w.pulse.Load(); now != seen {
				seen, still = now, 0
			} else if still++; still >= stuckLooks {
				return fmt.Errorf("partition %d of %s: no progress for %s at offset %d", w.a.Partition, w.opt.Topic, r.opt.Stuck, w.at.Load())
			}
		}
	}
}

// letGo takes the token of this process's worker away, so that whatever it still writes is refused, and whom the group gives
// the partition next need not wait until the token expires.
func (r *Runtime[S]) letGo(ctx context.Context, a stream.Assignment) error {
	key := NewKeys(r.opt.Prefix, a.Partition).Owner()
	return r.opt.Redis.Watch(ctx, func(tx *redis.Tx) error {
		stored, err := tx.Get(ctx, key).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		if held, ok := fence.Parse(stored); !ok || held.Member != a.Member || held.Generation != a.Generation {
			return nil
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Del(ctx, key)
			return nil
		})
		return err
	}, key)
}
