package bench

import (
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// recoverySlack is a target of the issue that this package was made for: a crash lasts the session time-out and so much longer.
const recoverySlack = 2 * time.Second

// recovery kills the only process under traffic, with many customers in Redis, starts it again at once as a supervisor would, and measures
// how long it takes until every partition is written again, and until what came meanwhile is worked off.
func (r *run) recovery() error {
	if err := r.warm(); err != nil {
		return err
	}
	t, err := r.trial(PartRecovery, withoutArchive)
	if err != nil {
		return err
	}
	defer t.close()
	size, err := t.preload(r.opt.Stored)
	if err != nil {
		return err
	}
	n, err := t.start("")
	if err != nil {
		return err
	}
	if err := t.ready(n); err != nil {
		return err
	}
	tr, err := t.traffic(r.opt.RecoverRate)
	if err != nil {
		return err
	}
	defer tr.stop()
	base := tr.made.Load()
	if !sleep(r.ctx, r.opt.warmUp) {
		return r.ctx.Err()
	}
	if err := n.process.Kill(); err != nil {
		return err
	}
	killed := time.Now()
	t.nodes = nil
	before, err := t.nexts()
	if err != nil {
		return err
	}
	r.tell.say("killed with %s customers in Redis, started again at once", figure(float64(r.opt.Stored)))
	if _, err := t.start(PartRecovery); err != nil {
		return err
	}
	first, all, err := t.flushAgain(killed, before)
	if err != nil {
		return err
	}
	if err := t.poll(func() error { return t.caughtUp(tr, base) }); err != nil {
		return err
	}
	caught := time.Since(killed)
	peak := t.usages()[ours].peak
	if err := tr.end(); err != nil {
		return err
	}
	row := Row{Part: PartRecovery, Case: figure(float64(r.opt.Stored)) + " customers"}
	row.add("session time-out", r.opt.Session.Seconds(), "s")
	row.add("first partition flushes", first.Seconds(), "s")
	row.atMost("all partitions flush", all.Seconds(), "s", (r.opt.Session + recoverySlack).Seconds())
	row.add("caught up", caught.Seconds(), "s")
	row.add("traffic", float64(r.opt.RecoverRate), "events/s")
	row.atMost("peak memory", float64(peak)/1e6, "MB", 300)
	row.Note = fmt.Sprintf("states of %d bytes on average", size)
	r.row(row)
	r.tell.say("all partitions flush %s s after the kill, caught up after %s s", figure(all.Seconds()), figure(caught.Seconds()))
	return t.stop()
}

// nexts are the offsets up to which each partition is applied.
func (t *trial) nexts() ([]int64, error) {
	pipe := t.redis.Pipeline()
	var replies []*redis.StringCmd
	for _, k := range t.customers() {
		replies = append(replies, pipe.HGet(t.run.ctx, k.Offset(), "next"))
	}
	if _, err := pipe.Exec(t.run.ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read applied offsets: %w", err)
	}
	all := make([]int64, len(replies))
	for p, reply := range replies {
		all[p], _ = reply.Int64() // absent: zero
	}
	return all, nil
}

// flushAgain waits until every partition has gone beyond an offset, and returns when the first and the last did.
func (t *trial) flushAgain(since time.Time, before []int64) (first, all time.Duration, err error) {
	err = until(t.run.ctx, t.run.opt.Session+2*time.Minute, func() error {
		now, err := t.nexts()
		if err != nil {
			return err
		}
		behind := 0
		for p := range now {
			if now[p] <= before[p] {
				behind++
			}
		}
		if behind < len(now) && first == 0 {
			first = time.Since(since)
		}
		if behind > 0 {
			return fmt.Errorf("%d of %d partitions have not been flushed since the kill", behind, len(now))
		}
		return nil
	})
	return first, time.Since(since), err
}

// caughtUp reports an error until at most what happens in half a second is not applied.
func (t *trial) caughtUp(tr *traffic, base int64) error {
	applied, err := t.applied()
	if err != nil {
		return err
	}
	if behind := tr.made.Load() - base - applied; behind > int64(t.run.opt.RecoverRate)/2+20 {
		return fmt.Errorf("%d touchpoints are not applied", behind)
	}
	return nil
}
