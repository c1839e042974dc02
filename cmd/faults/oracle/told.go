package oracle

import (
	"context"
	"fmt"
	"time"

	"touchwatch/ingest/stream"
	"touchwatch/processors/keyed"
)

// Told is a board that knows every alert of the topic of alerts and of the outboxes, which hold what was not copied there yet. It stands in
// for one that listened, where nobody did.
func (o *Oracle) Told(ctx context.Context, topic string, partitions int) (*Board, error) {
	b := &Board{cancel: func() {}, done: make(chan struct{}), alerts: map[string]Alert{}, seen: map[string]map[int64]Alert{}}
	close(b.done)
	take := func(body []byte) error {
		a, err := parseAlert(body)
		if err == nil {
			b.take([]Alert{a})
		}
		return err
	}
	for p := range partitions {
		if err := o.eachRecord(ctx, topic, p, func(r *stream.Record) error { return take(r.Value) }); err != nil {
			return nil, err
		}
	}
	for prefix, n := range map[string]int{keyed.CustomerPrefix: o.TimelinePartitions, keyed.PlacePrefix: o.PlacePartitions} {
		for p := range n {
			if err := o.eachWaiting(ctx, keyed.NewKeys(prefix, p), take); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// eachWaiting visits the alerts in an outbox.
func (o *Oracle) eachWaiting(ctx context.Context, keys keyed.Keys, visit func([]byte) error) error {
	entries, err := o.Redis.XRange(ctx, keys.Out(), "-", "+").Result()
	if err != nil {
		return fmt.Errorf("read outbox: %w", err)
	}
	for _, e := range entries {
		body, ok := e.Values["body"].(string)
		if !ok || e.Values["kind"] != keyed.OutAlert {
			continue
		}
		if err := visit([]byte(body)); err != nil {
			return err
		}
	}
	return nil
}

// eachRecord reads a partition of any topic from its first record to its last.
func (o *Oracle) eachRecord(ctx context.Context, topic string, partition int, each func(*stream.Record) error) error {
	f := stream.Fetcher{Client: o.Kafka, Topic: topic, Partition: partition, MaxBytes: 4 << 20, MaxWait: 50 * time.Millisecond}
	for next := int64(0); ; {
		b, err := f.Fetch(ctx, next)
		if err != nil {
			return fmt.Errorf("read %s partition %d: %w", topic, partition, err)
		}
		for i := range b.Records {
			if err := each(&b.Records[i]); err != nil {
				return fmt.Errorf("record %d of %s partition %d: %w", b.Records[i].Offset, topic, partition, err)
			}
		}
		if next = b.Next; next >= b.HighWatermark {
			return nil
		}
	}
}
