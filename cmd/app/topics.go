package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"touchwatch/deploy/connect"
	"touchwatch/ingest/decode"
)

// The topics that the program writes.
const (
	TopicTimeline = "customer.timeline"
	TopicSignals  = "signals"
	TopicAlerts   = "alerts"
	TopicDead     = "touchpoints.dead"
)

// partitionsKey keeps the partition counts that states were made for: another count would send a customer to another owner.
const partitionsKey = "tw:partitions"

// all lists every topic with how it is created.
func (t *Topics) all() []connect.Topic {
	retention := strconv.FormatInt(t.TimelineRetention.Milliseconds(), 10)
	if t.TimelineRetention == 0 {
		retention = strconv.FormatInt((14 * 24 * 3600 * 1000), 10)
	}
	// The timeline's time is the broker's, so that a backfill of old events is not deleted unread; a batch holds all that one
	// fetch of raw records becomes, so it may be larger than the broker's default of 1 MiB.
	timeline := map[string]string{"message.timestamp.type": "LogAppendTime", "retention.ms": retention, "max.message.bytes": "8388608"}
	var all []connect.Topic
	for _, raw := range t.Raw {
		all = append(all, connect.Topic{Name: raw.Name, Partitions: raw.Partitions, Replication: t.Replication, Config: map[string]string{"max.message.bytes": "2097152"}})
	}
	return append(all,
		connect.Topic{Name: TopicTimeline, Partitions: t.TimelinePartitions, Replication: t.Replication, Config: timeline},
		connect.Topic{Name: TopicSignals, Partitions: t.PlacePartitions, Replication: t.Replication, Config: timeline},
		connect.Topic{Name: TopicAlerts, Partitions: t.PlacePartitions, Replication: t.Replication, Config: map[string]string{"retention.ms": retention, "max.message.bytes": "8388608"}},
		connect.Topic{Name: TopicDead, Partitions: 1, Replication: t.Replication, Config: map[string]string{"retention.ms": retention, "max.message.bytes": "2621440"}},
	)
}

// ensure creates the topics that are missing. A raw topic that exists may have any number of partitions: it is often older than
// this program, and its number says nothing about who owns a customer.
func (t *Topics) ensure(ctx context.Context, client *kafka.Client) error {
	wanted := *t
	wanted.Raw = slices.Clone(t.Raw)
	for i := range wanted.Raw {
		n, err := connect.PartitionCount(ctx, client, wanted.Raw[i].Name)
		if err == nil {
			wanted.Raw[i].Partitions = n
		} else if !errors.Is(err, kafka.UnknownTopicOrPartition) {
			return err
		}
	}
	return connect.EnsureTopics(ctx, client, wanted.all())
}

// formats maps raw topics to the format of records that name none.
func (t *Topics) formats() map[string]string {
	out := map[string]string{}
	for _, raw := range t.Raw {
		out[raw.Name] = raw.Format
		if raw.Format == "" {
			out[raw.Name] = decode.DefaultFormat(raw.Name)
		}
	}
	return out
}

// rawPartitions returns names in order and the partition count of each raw topic, as the brokers have them: operators may
// have added some.
func (t *Topics) rawPartitions(ctx context.Context, client *kafka.Client) ([]string, map[string]int, error) {
	var names []string
	counts := map[string]int{}
	for _, raw := range t.Raw {
		n, err := connect.PartitionCount(ctx, client, raw.Name)
		if err != nil {
			return nil, nil, err
		}
		names = append(names, raw.Name)
		counts[raw.Name] = n
	}
	return names, counts, nil
}

// pinPartitions stores the partition counts of the keyed topics at the first start and compares them at every later one.
func pinPartitions(ctx context.Context, client redis.UniversalClient, t *Topics) error {
	for topic, n := range map[string]int{TopicTimeline: t.TimelinePartitions, TopicSignals: t.PlacePartitions} {
		if _, err := client.HSetNX(ctx, partitionsKey, topic, n).Result(); err != nil {
			return fmt.Errorf("store partition count of %s: %w", topic, err)
		}
		stored, err := client.HGet(ctx, partitionsKey, topic).Int()
		if err != nil && !errors.Is(err, redis.Nil) {
			return fmt.Errorf("read partition count of %s: %w", topic, err)
		}
		if stored != n {
			return fmt.Errorf("the states in Redis were made for %d partitions of %s, the configuration says %d: set topics.timeline_partitions and topics.place_partitions back, or start with an empty Redis and let the timeline be read again", stored, topic, n)
		}
	}
	return nil
}
