package keyed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// relayBatch bounds how many outbox entries are copied at once; relayKeep how many stay in the outbox behind the relay,
// for boards that reconnect.
const (
	relayBatch = 500
	relayKeep  = 512
	relayEvery = 50 * time.Millisecond
)

// relay copies the outbox of one partition to Kafka, in order, and stores its position. A crash between the two repeats
// entries; their readers know them by their coordinates.
type relay struct {
	opt       *Options
	out       *stream.Combiner
	keys      Keys
	partition int
	caught    func() touchpoint.Millis
	position  string
	passed    []string // ids of the last relayed entries, oldest first, at most relayKeep
	published touchpoint.Millis
}

func newRelay[S any](w *worker[S]) *relay {
	return &relay{
		opt: w.opt, out: w.rt.out, keys: w.keys, partition: w.a.Partition,
		caught: func() touchpoint.Millis { return touchpoint.Millis(w.caught.Load()) },
	}
}

// run copies until ctx ends. Faults are logged once and tried again.
func (r *relay) run(ctx context.Context) {
	said := false
	for ctx.Err() == nil {
		moved, err := r.step(ctx)
		if err != nil && ctx.Err() == nil && !said {
			said = true
			r.opt.Log.Warn("outbox relay waits", "topic", r.opt.Topic, "partition", r.partition, "error", err)
		}
		if err == nil {
			said = false
		}
		if err != nil {
			r.position = ""
			stream.Sleep(ctx, time.Second)
		} else if !moved {
			stream.Sleep(ctx, relayEvery)
		}
	}
}

// step copies the next entries and reports whether there were any.
func (r *relay) step(ctx context.Context) (bool, error) {
	upTo := r.caught()
	if r.position == "" {
		stored, err := r.opt.Redis.HGet(ctx, r.keys.Relay(), "position").Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return false, fmt.Errorf("read relay position: %w", err)
		}
		r.position = max(stored, "0-0")
	}
	entries, err := r.opt.Redis.XRangeN(ctx, r.keys.Out(), "("+r.position, "+", relayBatch).Result()
	if err != nil {
		return false, fmt.Errorf("read outbox: %w", err)
	}
	if len(entries) == 0 {
		return false, r.publish(ctx, upTo)
	}
	if err := r.copy(ctx, entries); err != nil {
		return false, err
	}
	r.position = entries[len(entries)-1].ID
	for _, e := range entries {
		r.passed = append(r.passed, e.ID)
		if body, ok := e.Values["body"].(string); ok && r.opt.Relay.OnAlert != nil && e.Values["kind"] == OutAlert {
			r.opt.Relay.OnAlert([]byte(body))
		}
	}
	return true, r.store(ctx)
}

// store writes the position and trims the outbox behind it.
func (r *relay) store(ctx context.Context) error {
	pipe := r.opt.Redis.Pipeline()
	pipe.HSet(ctx, r.keys.Relay(), "position", r.position)
	if extra := len(r.passed) - relayKeep; extra > 0 {
		pipe.XTrimMinID(ctx, r.keys.Out(), r.passed[extra])
		r.passed = append([]string(nil), r.passed[extra:]...)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("store relay position: %w", err)
	}
	return nil
}

// publish tells downstream that everything received up to upTo has been copied.
func (r *relay) publish(ctx context.Context, upTo touchpoint.Millis) error {
	if upTo <= r.published {
		return nil
	}
	if err := r.opt.Redis.HSet(ctx, r.keys.Relay(), "up_to", int64(upTo)).Err(); err != nil {
		return fmt.Errorf("publish relay progress: %w", err)
	}
	r.published = upTo
	return nil
}

// copy produces the entries, one batch per target partition, each repeated until it is in the log.
func (r *relay) copy(ctx context.Context, entries []redis.XMessage) error {
	var parcels []stream.Parcel
	for _, e := range entries {
		topic, partitions := r.opt.Relay.Alerts, r.opt.Relay.AlertPartitions
		if e.Values["kind"] == OutSignal {
			topic, partitions = r.opt.Relay.Signals, r.opt.Relay.SignalPartitions
		}
		if topic == "" {
			continue
		}
		key, _ := e.Values["key"].(string)
		record, err := r.record(e, key)
		if err != nil {
			return err
		}
		partition := timeline.Partition(key, partitions)
		at := slices.IndexFunc(parcels, func(p stream.Parcel) bool { return p.Topic == topic && p.Partition == partition })
		if at < 0 {
			at = len(parcels)
			parcels = append(parcels, stream.Parcel{Topic: topic, Partition: partition})
		}
		parcels[at].Records = append(parcels[at].Records, record)
	}
	return r.out.Produce(ctx, parcels, func(error) { r.opt.Metrics.relayErrors.Inc() })
}

// record is the Kafka record of an outbox entry: an alert's JSON as it is, a signal as an entry with its coordinates.
func (r *relay) record(e redis.XMessage, key string) (stream.Record, error) {
	body, _ := e.Values["body"].(string)
	if e.Values["kind"] != OutSignal {
		return stream.Record{Key: []byte(key), Value: []byte(body)}, nil
	}
	offset, index, ok := strings.Cut(e.ID, "-")
	o, err1 := strconv.ParseInt(offset, 10, 64)
	i, err2 := strconv.ParseInt(index, 10, 32)
	if !ok || err1 != nil || err2 != nil {
		return stream.Record{}, fmt.Errorf("outbox %s entry %q: want an id of offset and index", r.keys.Out(), e.ID)
	}
	at, payload, ok := strings.Cut(body, " ")
	received, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil {
		return stream.Record{}, fmt.Errorf("outbox %s entry %s: want a time before the signal", r.keys.Out(), e.ID)
	}
	value, err := timeline.Encode(nil, &timeline.Entry{
		Kind: timeline.Signal, Subject: key, At: touchpoint.Millis(received), Payload: []byte(payload),
		Source: touchpoint.Source{Topic: r.opt.Topic, Partition: int32(r.partition), Offset: o - 1, Index: int32(i)},
	})
	return stream.Record{Key: []byte(key), Value: value}, err
}

// SignalBody is the outbox form of a signal: the moment of receipt that caused it, and its payload.
func SignalBody(at touchpoint.Millis, payload []byte) []byte {
	return append(strconv.AppendInt(nil, int64(at), 10), append([]byte{' '}, payload...)...)
}
