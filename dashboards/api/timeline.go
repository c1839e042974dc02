package api

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
)

// appendWithin bounds how long a person waits for an action to be taken.
const appendWithin = 10 * time.Second

// KafkaTimeline appends entries to a topic, each to the partition that owns its subject. It is safe for concurrent use.
type KafkaTimeline struct {
	Client     *kafka.Client
	Topic      string
	Partitions int
}

// Append implements Timeline. It repeats failed attempts for a while: the entry's id makes a repetition harmless.
func (k *KafkaTimeline) Append(ctx context.Context, e timeline.Entry) error {
	value, err := timeline.Encode(nil, &e)
	if err != nil {
		return fmt.Errorf("append %s: %w", e.ID, err)
	}
	ctx, cancel := context.WithTimeout(ctx, appendWithin)
	defer cancel()
	record := stream.Record{Key: []byte(e.Subject), Value: value, Time: e.At.At()}
	partition := timeline.Partition(e.Subject, k.Partitions)
	if _, err := stream.ProduceUntil(ctx, k.Client, k.Topic, partition, []stream.Record{record}, func(error) {}); err != nil {
		return fmt.Errorf("append %s: %w", e.ID, err)
	}
	return nil
}
