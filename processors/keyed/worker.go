package keyed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
)

// Pace of a worker.
const (
	tickEvery  = 100 * time.Millisecond // progress, timers, beats
	aliveEvery = time.Second            // an idle owner shows that it is alive and checks that it still owns
	beatEvery  = 200 * time.Millisecond // at most this often the boards hear news
	fetchBytes = 1 << 20                // per fetch: about 2,000 entries, one flush
	fetchWait  = 250 * time.Millisecond // how long the broker may hold an answer while there is nothing new …
	gatherWait = 20 * time.Millisecond  // … and under steady traffic

	lateBytes = fetchBytes / 2         // how much a worker waits for that is late anyway …
	lateWait  = 500 * time.Millisecond // … how long at most …
	lateLeast = 100                    // … if the last batch had as many entries: a trickle is not worth waiting for
)

// worker owns one partition during one generation.
type worker[S any] struct {
	rt     *Runtime[S]
	opt    *Options
	a      stream.Assignment
	keys   Keys
	commit func(int64)
	pulse  atomic.Int64 // rises with everything the worker gets done, for the watchdog
	at     atomic.Int64 // offset of the entry that is folded now or was last, for the watchdog

	// What follows belongs to one session, from take to the first error.
	token          string // as last written
	session        string // as taken; boards reload when it changes
	stored         string // the offset field as last written
	next           int64  // next offset to apply, −1 when the partition was never applied
	configSequence int64
	config         []byte // settings activated since the last flush
	logic          Logic[S]
	cache          *cache[S]
	fx             *Effects
	scratch        []byte         // where a state is encoded
	buckets        [Buckets][]any // its fields and values, per state hash
	sources        map[source]position
	moved          map[source]position // sources that moved since the last flush
	live           map[countKey]Counts
	newest         touchpoint.Millis // newest minute counted
	ended          map[string]touchpoint.Millis
	sentTimers     map[timerKey]time.Time
	pending        *awaited
	progress       Progress
	caught         atomic.Int64 // Progress.UpTo that was reached, for the relay
	late           atomic.Bool  // it lies further back than Options.Late
	beat           beat
	flushedAt      time.Time
	outFull        bool
}

// fetched is one answer of the fetch loop.
type fetched struct {
	stream.Batch
	started time.Time
	err     error
}

func newWorker[S any](rt *Runtime[S], a stream.Assignment, commit func(int64)) *worker[S] {
	return &worker[S]{rt: rt, opt: &rt.opt, a: a, keys: NewKeys(rt.opt.Prefix, a.Partition), commit: commit}
}

// run holds sessions until ctx ends. Whatever goes wrong, the answer is the same: forget, read Redis, go on from its offset.
func (w *worker[S]) run(ctx context.Context) {
	log := w.opt.Log.With("topic", w.opt.Topic, "partition", w.a.Partition)
	stream.Persist(ctx, w.hold, func(err error, news bool) {
		w.opt.Metrics.sessions.WithLabelValues(sessionEnd(err)).Inc()
		if errors.Is(err, errHeld) || errors.Is(err, errLost) {
			w.opt.Metrics.gone(w.opt.Topic, w.a.Partition) // its owner tells
		}
		if stream.Halted(err) {
			w.rt.halts.Set(w.a.Name(), err.Error())
			log.Error("partition stands still until a person acts", "error", err)
		} else if news {
			log.Warn("partition will be read again from its stored offset", "error", err)
		}
	})
}

// hold takes the partition and works on it until an error or the end of ctx.
func (w *worker[S]) hold(ctx context.Context) error {
	w.pulse.Add(1)
	if err := w.take(ctx); err != nil {
		return err
	}
	w.rt.holding.Add(1)
	defer w.rt.holding.Add(-1)
	if err := w.start(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer cancel()
	batches := make(chan fetched, 1)
	helpers.Go(func() { w.fetchLoop(ctx, w.next, batches) })
	if w.opt.Relay.Alerts != "" {
		relay := newRelay(w)
		helpers.Go(func() { relay.run(ctx) })
	}
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		w.pulse.Add(1)
		incoming := batches
		if w.outFull {
			incoming = nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case b := <-incoming:
			if b.err != nil {
				return b.err
			}
			if err := w.apply(ctx, b); err != nil {
				return err
			}
			w.rt.halts.Clear(w.a.Name())
		case <-tick.C:
			if err := w.tick(ctx); err != nil {
				return err
			}
		}
	}
}

// start finds the first offset of a partition that was never applied.
func (w *worker[S]) start(ctx context.Context) error {
	w.moved = map[source]position{}
	w.beat = beat{reload: true}
	w.config = nil
	if w.next >= 0 {
		return nil
	}
	first, _, err := stream.Bounds(ctx, w.opt.Kafka, w.opt.Topic, w.a.Partition)
	if err != nil {
		return err
	}
	w.next = first
	return nil
}

// fetchLoop reads ahead by one batch. Faults of the broker are logged once and tried again; an offset outside the log ends
// the session.
func (w *worker[S]) fetchLoop(ctx context.Context, next int64, out chan<- fetched) {
	f := stream.Fetcher{Client: w.opt.Kafka, Topic: w.opt.Topic, Partition: w.a.Partition, MaxBytes: fetchBytes, Gather: gatherWait, With: w.rt.in}
	said, last := false, 0
	for ctx.Err() == nil {
		started := time.Now()
		f.MinBytes, f.MaxWait = 1, fetchWait
		if w.late.Load() && last >= lateLeast {
			f.MinBytes, f.MaxWait = lateBytes, lateWait
		}
		batch, err := f.Fetch(ctx, next)
		var outside *stream.OffsetError
		if errors.As(err, &outside) {
			err = &stream.HaltError{Err: fmt.Errorf("%w; the states of this partition reflect offset %d. Stop all processes and run 'touchwatch rebuild redis --from-retained': it makes the states anew from the records that are left", outside, next)}
		} else if err != nil {
			if !said && ctx.Err() == nil {
				said = true
				w.opt.Log.Warn("cannot fetch, trying again", "topic", w.opt.Topic, "partition", w.a.Partition, "error", err)
			}
			w.opt.Metrics.fetchErrors.Inc()
			stream.Sleep(ctx, 300*time.Millisecond)
			continue
		}
		if said && err == nil {
			said = false
			w.opt.Log.Info("fetching again", "topic", w.opt.Topic, "partition", w.a.Partition)
		}
		next, last = batch.Next, len(batch.Records)
		select {
		case out <- fetched{Batch: batch, started: started, err: err}:
		case <-ctx.Done():
		}
		if err != nil {
			return
		}
	}
}

// sessionEnd names the reason of a session's end for the metric.
func sessionEnd(err error) string {
	switch {
	case errors.Is(err, errHeld):
		return "held_by_other"
	case errors.Is(err, errLost):
		return "lost"
	case stream.Halted(err):
		return "halted"
	}
	return "error"
}
