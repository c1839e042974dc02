package faults

import (
	"context"
	"errors"
	"fmt"
	"time"

	"touchwatch/cmd/faults/oracle"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/simulator/send"
	"touchwatch/ingest/touchpoint"
)

// Bounds of waiting for the result; they are far above what it takes.
const (
	settleWithin  = 120 * time.Second
	compareWithin = 60 * time.Second
)

// worldRate is how many touchpoints happen in a second of world time.
const worldRate = 50

// open waits until the product is ready, opens a board on it, sends the CRM's profiles and waits until they are known.
func (r *Run) open() error {
	for _, n := range r.nodes {
		if err := n.untilReady(); err != nil {
			return err
		}
	}
	r.sampler.start()
	var err error
	if r.board, err = oracle.Watch(r.web.Addr()); err != nil {
		return err
	}
	return nil
}

// load is a world on its way.
type load struct {
	run    *Run
	sender *send.Sender
	done   chan error
	n      int64
}

// send sends profiles, waits until all are known, and begins to send n touchpoint records within a time.
func (r *Run) send(n int64, within time.Duration) (*load, error) {
	span := time.Duration(n*11/10/worldRate) * time.Second // ten records hold about eleven touchpoints
	options := simulator.Options{
		Seed: r.opt.Seed, Customers: 400, Rate: worldRate, Start: time.Now().Add(-span - 2*time.Minute), TroubleShare: 0.1, Duplicates: 0.01,
	}
	world := simulator.New(options)
	r.sending = certainly(r.ctx, r.direct)
	profiles := send.Sender{Client: r.sending, Log: quiet()}
	if err := profiles.Profiles(r.ctx, world); err != nil {
		return nil, err
	}
	if err := r.reach(touchpoint.MillisOf(time.Now())); err != nil {
		return nil, fmt.Errorf("profiles: %w", err)
	}
	if err := r.baseline(); err != nil {
		return nil, err
	}
	if err := r.squeeze(world, r.prelude); err != nil {
		return nil, err
	}
	l := &load{run: r, sender: &send.Sender{Client: r.sending, Log: quiet(), Limit: n - r.prelude, Speed: span.Seconds() / within.Seconds()}, done: make(chan error, 1), n: n - r.prelude}
	r.world = oracle.Sent(options, n)
	ctx, cancel := context.WithCancel(r.ctx)
	go func() { l.done <- l.sender.Run(ctx, world) }()
	r.closers = append(r.closers, cancel)
	r.note("sending %d records within %s", n, within)
	return l, nil
}

// reach waits until a share (0 to 1) of the load was sent.
func (l *load) reach(share float64) error {
	return until(l.run.ctx, settleWithin, func() error {
		if sent := l.sender.Sent(); float64(sent) < share*float64(l.n) {
			return fmt.Errorf("%d of %d records were sent", sent, l.n)
		}
		return nil
	})
}

// under reports an error when all was sent already: a fault after the load breaks nothing.
func (l *load) under() error {
	if l.sender.Sent() >= l.n {
		return errors.New("the fault came after the load: send more")
	}
	return nil
}

// wait waits until everything was sent.
func (l *load) wait() error {
	select {
	case err := <-l.done:
		l.run.note("all %d records are sent", l.n)
		return err
	case <-time.After(settleWithin):
		return fmt.Errorf("%d of %d records were sent within %s", l.sender.Sent(), l.n, settleWithin)
	}
}

// reach waits until the board says that everything received up to a moment is in the picture.
func (r *Run) reach(m touchpoint.Millis) error {
	return until(r.ctx, settleWithin, func() error {
		if upTo := r.board.UpTo(); upTo < m {
			return fmt.Errorf("the picture reaches up to %d, which is %s before %d", upTo, m.Sub(upTo), m)
		}
		return nil
	})
}

// settle waits until all that was sent has taken effect, and compares it with the world and with the timeline.
func (r *Run) settle() error {
	began := time.Now()
	if err := r.reach(touchpoint.MillisOf(began)); err != nil {
		return err
	}
	r.note("everything is applied, %s after the end", time.Since(began).Round(100*time.Millisecond))
	if err := until(r.ctx, compareWithin, func() error { return r.oracle.CompareWithWorld(r.ctx, r.world) }); err != nil {
		return fmt.Errorf("the world: %w", err)
	}
	r.note("%d touchpoints took effect once, as the world says", len(r.world.Truth.Owners))
	if err := until(r.ctx, compareWithin, func() error { return r.oracle.CompareWithTimeline(r.ctx, r.board) }); err != nil {
		return fmt.Errorf("the fold over the timeline: %w", err)
	}
	connects, resumed := r.board.Connections()
	r.note("states, alerts and minutes are those of the fold; the board connected %d times and resumed %d times", connects, resumed)
	return nil
}
