package faults

import (
	"errors"
	"time"
)

// soakRate is how many records a second the soak sends: enough to be in the middle of work at any moment, and little enough to compare
// an hour of it.
const soakRate = 150

// Soak is a scenario of its own length: a load for that long, a random fault every few seconds, and every comparison at the end.
func Soak(within time.Duration) *Scenario {
	return &Scenario{
		Name: "soak", Row: "35", play: func(r *Run) error { return soak(r, within) },
		Fault: "random faults of every kind, one every few seconds, for a given time",
		Holds: "the same as after any other scenario",
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
	faults, grew := int64(0), front.metric("process_resident_memory_bytes")
	for end := time.Now().Add(within - 15*time.Second); time.Now().Before(end) && l.under() == nil; {
		if err := r.pause(r.between(4*time.Second, 12*time.Second)); err != nil {
			return err
		}
		if worker, err = r.harm(worker); err != nil {
			return err
		}
		faults++
	}
	r.kafka.proxy.Heal()
	r.redis.proxy.Heal()
	r.note("the front held %.0f MB at the beginning and %.0f MB now", grew/1e6, front.metric("process_resident_memory_bytes")/1e6)
	if err := r.prove(faults, "random faults"); err != nil {
		return err
	}
	if err := worker.works(); err != nil {
		return err
	}
	select {
	case err := <-l.done:
		return err
	case <-time.After(within + settleWithin):
		return errors.New("not everything was sent within twice the time")
	}
}

// harm does one random thing to the product or its servers, and returns the worker, which may be another process then.
func (r *Run) harm(worker *node) (*node, error) {
	pause := func() error { return r.pause(r.between(time.Second, 8*time.Second)) }
	restart := func(s *server) error {
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
	hold := func(p *Proxy, what string) error {
		r.note("%s answers nothing for a while", what)
		p.Hold(true, true)
		defer p.Heal()
		return pause()
	}
	switch r.dice.IntN(11) {
	case 0, 1:
		return r.killed(worker)
	case 2:
		at := append(append([]point{}, ingestPoints...), customerPoints...)[r.dice.IntN(len(ingestPoints)+len(customerPoints))]
		return r.killedAt(worker, &at)
	case 3:
		r.note("froze %s", worker.name)
		if err := worker.signal(freeze); err != nil {
			return worker, err
		}
		err := pause()
		_ = worker.signal(thaw)
		return worker, err
	case 4:
		r.note("cutting %d connections", r.kafka.proxy.Cut()+r.redis.proxy.Cut())
	case 5:
		r.note("answers of Redis to transactions are cut off")
		r.redis.proxy.DropReplies(8, execs)
	case 6:
		r.note("answers of the broker to writes are cut off")
		r.kafka.proxy.DropReplies(5, asks(apiProduce))
	case 7:
		return worker, restart(r.redis)
	case 8:
		return worker, restart(r.kafka)
	case 9:
		return worker, restart(r.house)
	default:
		if r.dice.IntN(2) == 0 {
			return worker, hold(r.kafka.proxy, "kafka")
		}
		return worker, hold(r.redis.proxy, "redis")
	}
	return worker, nil
}
