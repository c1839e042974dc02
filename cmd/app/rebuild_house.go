package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/segmentio/kafka-go"

	"touchwatch/deploy/connect"
	"touchwatch/ingest/stream"
	"touchwatch/processors/archive"
)

// RebuildClickHouse sets the archive back to the oldest record of each partition it reads, and returns how many records those are. It
// refuses while a process archives. The rows come when one is started; they are the same as those that were written before.
func RebuildClickHouse(ctx context.Context, cfg Config) (int64, error) {
	if !cfg.History() {
		return 0, errors.New("no ClickHouse is configured: set clickhouse.addrs")
	}
	client, err := cfg.Kafka.Client()
	if err != nil {
		return 0, err
	}
	defer connect.CloseKafka(client)
	members, err := stream.Members(ctx, client, archive.ConsumerGroup)
	if err != nil {
		return 0, &ServerError{"kafka", err}
	}
	if len(members) > 0 {
		return 0, fmt.Errorf("stop the touchwatch processes with the role archive first: the consumer group %s has %d members (%s)", archive.ConsumerGroup, len(members), strings.Join(members, ", "))
	}
	records, err := rewindArchive(ctx, client)
	if err != nil {
		return 0, &ServerError{"kafka", err}
	}
	return records, nil
}

// rewindArchive commits the first offset of every partition that the archive reads.
func rewindArchive(ctx context.Context, client *kafka.Client) (int64, error) {
	back := &kafka.OffsetCommitRequest{GroupID: archive.ConsumerGroup, GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{}}
	records := int64(0)
	for _, topic := range []string{TopicTimeline, TopicSignals, TopicAlerts} {
		n, err := connect.PartitionCount(ctx, client, topic)
		if err != nil {
			return 0, err
		}
		for p := range n {
			first, end, err := stream.Bounds(ctx, client, topic, p)
			if err != nil {
				return 0, err
			}
			records += end - first
			back.Topics[topic] = append(back.Topics[topic], kafka.OffsetCommit{Partition: p, Offset: first})
		}
	}
	res, err := client.OffsetCommit(ctx, back)
	if err != nil {
		return 0, fmt.Errorf("set group %s back: %w", archive.ConsumerGroup, err)
	}
	for topic, partitions := range res.Topics {
		for _, p := range partitions {
			if p.Error != nil {
				return 0, fmt.Errorf("set group %s back on %s partition %d: %w", archive.ConsumerGroup, topic, p.Partition, p.Error)
			}
		}
	}
	return records, nil
}
