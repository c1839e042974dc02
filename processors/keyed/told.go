package keyed

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
)

// Told is what the relays have copied to Kafka, by what the topics of alerts and signals hold. It is read once and not changed
// afterwards, so it is safe for concurrent use.
type Told struct {
	relay    Relay
	versions map[string]int64 // of an alert: the highest that is in its topic
	signals  map[told]position
}

// told is where signals came from and the partition of their topic they went to. A relay copies in order, so of these all up to the last
// one are there.
type told struct {
	from source
	to   int
}

// ReadTold reads the topics that a relay fills, from their oldest record to their end. read hears how many records were read since it was
// called last.
func ReadTold(ctx context.Context, client *kafka.Client, r Relay, read func(n int)) (*Told, error) {
	t := &Told{relay: r, versions: map[string]int64{}, signals: map[told]position{}}
	for p := range r.AlertPartitions {
		if err := readThrough(ctx, client, r.Alerts, p, read, t.alert); err != nil {
			return nil, err
		}
	}
	for p := range r.SignalPartitions {
		err := readThrough(ctx, client, r.Signals, p, read, func(rec *stream.Record) error { return t.signal(p, rec) })
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}

// readThrough calls fn for each record of a partition, up to the end it had at the beginning.
func readThrough(ctx context.Context, client *kafka.Client, topic string, partition int, read func(int), fn func(*stream.Record) error) error {
	next, end, err := stream.Bounds(ctx, client, topic, partition)
	if err != nil {
		return err
	}
	f := stream.Fetcher{Client: client, Topic: topic, Partition: partition, MaxBytes: fetchBytes, MaxWait: time.Second}
	for next < end {
		b, err := f.FetchPatiently(ctx, next)
		if err != nil {
			return err
		}
		for i := range b.Records {
			if err := fn(&b.Records[i]); err != nil {
				return fmt.Errorf("topic %s partition %d offset %d: %w", topic, partition, b.Records[i].Offset, err)
			}
		}
		next = b.Next
		read(len(b.Records))
	}
	return nil
}

// alertName is what tells versions of alerts apart.
type alertName struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
}

// alert notes a version of an alert. What is no alert was not copied by a relay.
func (t *Told) alert(r *stream.Record) error {
	var a alertName
	if err := json.Unmarshal(r.Value, &a); err != nil {
		return nil
	}
	if held, ok := t.versions[a.ID]; !ok || held < a.Version {
		t.versions[a.ID] = a.Version
	}
	return nil
}

func (t *Told) signal(partition int, r *stream.Record) error {
	e, err := timeline.Decode(r.Value)
	if err != nil {
		return err
	}
	if e.Kind != timeline.Signal {
		return nil
	}
	k := told{source{e.Source.Topic, e.Source.Partition}, partition}
	p := position{e.Source.Epoch, e.Source.Offset, e.Source.Index}
	if held, ok := t.signals[k]; !ok || held.reached(p) {
		t.signals[k] = p
	}
	return nil
}

// knows reports whether an outbox entry of a partition is in Kafka, and where it is or would be: 0 and up for alerts, below for signals.
func (t *Told) knows(from source, o *outEntry) (target int, known bool) {
	if o.kind == OutSignal {
		to := timeline.Partition(o.key, max(t.relay.SignalPartitions, 1))
		last, ok := t.signals[told{from, to}]
		return -1 - to, t.relay.Signals == "" || (ok && position{0, o.offset, int32(o.index)}.reached(last))
	}
	to := timeline.Partition(o.key, max(t.relay.AlertPartitions, 1))
	var a alertName
	if err := json.Unmarshal(o.body, &a); err != nil {
		return to, t.relay.Alerts == "" // a Logic made no JSON: tell it, others will say so
	}
	version, ok := t.versions[a.ID]
	return to, t.relay.Alerts == "" || (ok && version >= a.Version)
}

// untold collects, per target, the outbox entries of a partition that no relay has copied. A relay copies in order: when a later one is
// in Kafka, the earlier ones for the same target were there as well, and retention has deleted them since.
type untold struct {
	told *Told
	from source
	wait map[int][]outEntry
	n    int
}

// sift takes the outbox of a batch.
func (u *untold) sift(fx *Effects) {
	for i := range fx.out {
		target, known := u.told.knows(u.from, &fx.out[i])
		if known {
			u.n -= len(u.wait[target])
			delete(u.wait, target)
		} else {
			u.wait[target] = append(u.wait[target], fx.out[i])
			u.n++
		}
	}
	clear(fx.out)
	fx.out = fx.out[:0]
}

// keep forgets the entries of offsets from next on, which will be folded again.
func (u *untold) keep(next int64) {
	for target, waiting := range u.wait {
		kept := slices.DeleteFunc(waiting, func(o outEntry) bool { return o.offset >= next })
		u.n -= len(waiting) - len(kept)
		u.wait[target] = kept
	}
}

// after returns what waits behind an outbox entry, in order.
func (u *untold) after(offset int64, index int) []outEntry {
	var all []outEntry
	for _, waiting := range u.wait {
		for _, o := range waiting {
			if o.offset > offset || (o.offset == offset && o.index > index) {
				all = append(all, o)
			}
		}
	}
	slices.SortFunc(all, func(a, b outEntry) int {
		return cmp.Or(cmp.Compare(a.offset, b.offset), cmp.Compare(a.index, b.index))
	})
	return all
}
