package connect

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
)

// Topic is a topic that must exist.
type Topic struct {
	Name string
	// Partitions is how many it has, at least 1; of an existing topic it is compared.
	Partitions int
	// Replication is how many brokers hold each partition; 0 means the broker's default. Not compared.
	Replication int
	// Config holds topic settings by their Kafka names, e.g. "retention.ms". Set only when the topic is created.
	Config map[string]string
}

// visibleWithin bounds the wait for a topic just created to be known to all brokers with a leader for each partition.
const visibleWithin = 15 * time.Second

// EnsureTopics creates the topics that are missing, waits until they can be used, and checks that each has as many
// partitions as asked for. Two processes may call it at the same time. It never changes a topic that exists.
// The error names each topic that is wrong, with what to do.
func EnsureTopics(ctx context.Context, client *kafka.Client, topics []Topic) error {
	counts, err := partitionCounts(ctx, client, names(topics))
	if err != nil {
		return err
	}
	var missing []Topic
	for _, t := range topics {
		if counts[t.Name] == 0 {
			missing = append(missing, t)
		}
	}
	if len(missing) > 0 {
		if err := createTopics(ctx, client, missing); err != nil {
			return err
		}
		if counts, err = waitForTopics(ctx, client, names(topics)); err != nil {
			return err
		}
	}
	return comparePartitions(topics, counts)
}

// PartitionCount asks the brokers, not a cache, how many partitions a topic has. An unknown topic is an error that
// wraps kafka.UnknownTopicOrPartition.
func PartitionCount(ctx context.Context, client *kafka.Client, topic string) (int, error) {
	counts, err := partitionCounts(ctx, client, []string{topic})
	if err != nil {
		return 0, err
	}
	if counts[topic] == 0 {
		return 0, fmt.Errorf("topic %s: %w", topic, kafka.UnknownTopicOrPartition)
	}
	return counts[topic], nil
}

func names(topics []Topic) []string {
	list := make([]string, len(topics))
	for i, t := range topics {
		list[i] = t.Name
	}
	return list
}

func createTopics(ctx context.Context, client *kafka.Client, topics []Topic) error {
	configs := make([]kafka.TopicConfig, len(topics))
	for i, t := range topics {
		if t.Partitions < 1 {
			return fmt.Errorf("create topic %s: %d partitions; at least 1 is needed", t.Name, t.Partitions)
		}
		configs[i] = kafka.TopicConfig{Topic: t.Name, NumPartitions: t.Partitions, ReplicationFactor: t.Replication}
		if t.Replication == 0 {
			configs[i].ReplicationFactor = -1
		}
		for _, key := range slices.Sorted(maps.Keys(t.Config)) {
			configs[i].ConfigEntries = append(configs[i].ConfigEntries, kafka.ConfigEntry{ConfigName: key, ConfigValue: t.Config[key]})
		}
	}
	res, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: configs})
	if err != nil {
		return fmt.Errorf("create topics: %w", err)
	}
	var problems []error
	for _, t := range topics {
		if err := res.Errors[t.Name]; err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			problems = append(problems, fmt.Errorf("create topic %s: %w", t.Name, err))
		}
	}
	return errors.Join(problems...)
}

func waitForTopics(ctx context.Context, client *kafka.Client, names []string) (map[string]int, error) {
	ctx, cancel := context.WithTimeout(ctx, visibleWithin)
	defer cancel()
	for {
		counts, err := partitionCounts(ctx, client, names)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(names, func(name string) bool { return counts[name] == 0 })
		why := errors.New("a partition has no leader")
		if i < 0 {
			if i, why = firstUnserved(ctx, client, names, counts); i < 0 {
				return counts, nil
			}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("topic %s was created but cannot be used yet: %w", names[i], why)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// firstUnserved asks the leaders for the bounds of all partitions and returns the first topic that is not served yet, or −1:
// the brokers name a leader a moment before it answers for the partition.
func firstUnserved(ctx context.Context, client *kafka.Client, names []string, counts map[string]int) (int, error) {
	for i, name := range names {
		ask := make([]kafka.OffsetRequest, counts[name])
		for p := range ask {
			ask[p] = kafka.LastOffsetOf(p)
		}
		res, err := client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{name: ask}})
		if err != nil {
			return i, err
		}
		for _, p := range res.Topics[name] {
			if p.Error != nil {
				return i, fmt.Errorf("partition %d: %w", p.Partition, p.Error)
			}
		}
	}
	return -1, nil
}

// partitionCounts asks through a transport of its own, because a kafka.Transport answers metadata from a cache that
// is seconds old. A topic that is unknown, or has a partition without a leader, counts 0.
func partitionCounts(ctx context.Context, client *kafka.Client, names []string) (map[string]int, error) {
	fresh := *client
	if t, ok := client.Transport.(*kafka.Transport); ok {
		transport := &kafka.Transport{Dial: t.Dial, DialTimeout: t.DialTimeout, ClientID: t.ClientID, TLS: t.TLS, SASL: t.SASL, Resolver: t.Resolver}
		defer transport.CloseIdleConnections()
		fresh.Transport = transport
	}
	res, err := fresh.Metadata(ctx, &kafka.MetadataRequest{Topics: names})
	if err != nil {
		return nil, fmt.Errorf("ask brokers for topics: %w", err)
	}
	counts := make(map[string]int, len(names))
	for _, t := range res.Topics {
		switch {
		case t.Error == nil && !slices.ContainsFunc(t.Partitions, func(p kafka.Partition) bool { return p.Leader.Host == "" }):
			counts[t.Name] = len(t.Partitions)
		case t.Error != nil && !errors.Is(t.Error, kafka.UnknownTopicOrPartition) && !errors.Is(t.Error, kafka.LeaderNotAvailable):
			return nil, fmt.Errorf("topic %s: %w", t.Name, t.Error)
		}
	}
	return counts, nil
}

func comparePartitions(topics []Topic, counts map[string]int) error {
	var problems []error
	for _, t := range topics {
		if has := counts[t.Name]; has != t.Partitions {
			problems = append(problems, fmt.Errorf("topic %s has %d partitions, configured are %d: set the configured number to %d, or use another topic name; "+
				"changing the number of an existing topic would send later records of a key to another partition", t.Name, has, t.Partitions, has))
		}
	}
	return errors.Join(problems...)
}
