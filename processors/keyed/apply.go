package keyed

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
)

// apply folds a fetched batch and flushes it.
func (w *worker[S]) apply(ctx context.Context, b fetched) error {
	entries, err := w.decode(b.Records)
	if err != nil {
		return err
	}
	if err := w.warm(ctx, entries); err != nil {
		return err
	}
	for i, e := range entries {
		if e == nil {
			continue
		}
		w.at.Store(b.Records[i].Offset)
		w.pulse.Add(1)
		if err := w.fold(e, b.Records[i].Offset, b.Records[i].Value); err != nil {
			return err
		}
	}
	w.next = max(w.next, b.Next)
	w.opt.Metrics.entries.Add(float64(len(b.Records)))
	if ctx.Err() == nil { // a worker that was left behind tells nothing of a partition that others have
		w.opt.Metrics.lag(w.opt.Topic, w.a.Partition, b.HighWatermark-w.next)
	}
	if len(b.Records) > 0 {
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	w.arrived(b)
	w.pulse.Add(1)
	return w.fireTimers(ctx)
}

// decode reads the entries of a batch; the place of one below the stored offset stays nil.
func (w *worker[S]) decode(records []stream.Record) ([]*timeline.Entry, error) {
	entries := make([]*timeline.Entry, len(records))
	for i := range records {
		if records[i].Offset < w.next {
			continue
		}
		e, err := timeline.Decode(records[i].Value)
		if err != nil {
			return nil, &stream.HaltError{Err: fmt.Errorf("topic %s partition %d offset %d: %w: it was written by another version of the program, or by something else", w.opt.Topic, w.a.Partition, records[i].Offset, err)}
		}
		entries[i] = e
	}
	return entries, nil
}

// warm opens the states that the batch needs, and reads those that memory has not in one round trip.
func (w *worker[S]) warm(ctx context.Context, entries []*timeline.Entry) error {
	var missing []string
	asked := map[string]bool{}
	for _, e := range entries {
		if e == nil || e.Kind == timeline.Config || asked[e.Subject] {
			continue
		}
		if n := w.cache.get(e.Subject); n == nil {
			asked[e.Subject] = true
			missing = append(missing, e.Subject)
		} else if err := w.open(n); err != nil {
			return err
		}
	}
	w.opt.Metrics.misses.Add(float64(len(missing)))
	if len(missing) == 0 {
		return nil
	}
	pipe := w.opt.Redis.Pipeline()
	var byBucket [Buckets][]string
	for _, subject := range missing {
		b := BucketOf(subject)
		byBucket[b] = append(byBucket[b], subject)
	}
	var replies [Buckets]*redis.SliceCmd
	for b, subjects := range byBucket {
		if len(subjects) > 0 {
			replies[b] = pipe.HMGet(ctx, w.keys.Bucket(b), subjects...)
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("read %d states of partition %d: %w", len(missing), w.a.Partition, err)
	}
	for b, subjects := range byBucket {
		for j, subject := range subjects {
			stored, _ := replies[b].Val()[j].(string)
			if err := w.open(w.admit(subject, stored)); err != nil {
				return err
			}
		}
	}
	return nil
}

// admit puts a subject into the cache, with what is stored of it.
func (w *worker[S]) admit(subject, stored string) *node[S] {
	if stored == "" {
		return w.cache.put(subject, 0)
	}
	n := w.cache.put(subject, historyUnknown)
	n.body = []byte(stored)
	return n
}

// open decodes a state, or makes a new one when nothing is stored, unless it is open.
func (w *worker[S]) open(n *node[S]) error {
	if n.state != nil {
		return nil
	}
	if len(n.body) == 0 {
		w.cache.open(n, w.logic.New(n.subject))
		return nil
	}
	s, err := w.logic.Decode(n.body)
	if err != nil {
		return &stream.HaltError{Err: fmt.Errorf("state of %s in %s: %w", n.subject, w.keys.States(n.subject), err)}
	}
	w.cache.open(n, s)
	return nil
}

// fold applies one entry, whose wire form the history may keep, unless its source says that it was applied before.
func (w *worker[S]) fold(e *timeline.Entry, offset int64, wire []byte) error {
	if e.Kind == timeline.Config {
		return w.configure(e.Config)
	}
	if e.Source.Topic != "" {
		name := source{e.Source.Topic, e.Source.Partition}
		p := position{e.Source.Epoch, e.Source.Offset, e.Source.Index}
		last, known := w.sources[name]
		if known && p.reached(last) {
			w.opt.Metrics.repeats.Inc()
			return nil
		}
		if !known {
			name.topic = strings.Clone(name.topic) // the entry's is a part of the fetched batch
		}
		w.sources[name], w.moved[name] = p, p
	}
	n := w.cache.get(e.Subject)
	if w.fx.removed[e.Subject] { // forgotten earlier in this batch, and here again
		n.state, n.remembered = w.logic.New(n.subject), 0
		w.fx.removed[e.Subject] = false
	}
	w.fx.Begin(e.Subject, offset)
	w.fx.wire = wire
	w.logic.Fold(n.state, e, w.fx)
	w.cache.touch(n)
	if e.Kind == timeline.Timer {
		delete(w.sentTimers, timerKey{e.Subject, e.Timer.Name})
	}
	return nil
}

// configure activates newer settings from here on.
func (w *worker[S]) configure(c *timeline.ConfigBody) error {
	if c == nil || c.Sequence <= w.configSequence {
		return nil
	}
	if err := w.activate(c.Content); err != nil {
		return err
	}
	w.configSequence, w.config = c.Sequence, c.Content
	w.opt.Log.Info("settings active", "topic", w.opt.Topic, "partition", w.a.Partition, "sequence", c.Sequence, "hash", c.Hash)
	return nil
}
