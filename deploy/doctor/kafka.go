package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"

	"touchwatch/deploy/connect"
)

// Topic is a topic that the product needs.
type Topic struct {
	connect.Topic
	// Raw topics may have any number of partitions, and their settings are their owner's.
	Raw bool
	// Fixed says that the number of partitions decides who owns a customer.
	Fixed bool
	// KeepAtLeast is the shortest sound retention; zero asks for none.
	KeepAtLeast time.Duration
}

// Kafka is what the brokers say.
type Kafka struct {
	Brokers int
	Topics  map[string]KafkaTopic // those that exist
}

// KafkaTopic is one topic as it is.
type KafkaTopic struct {
	Partitions, Leaderless, Replicas, InSync int               // Replicas and InSync: the least over the partitions
	Config                                   map[string]string // nil: the brokers do not tell
}

// topicSettings are the settings of a topic that matter.
var topicSettings = []string{"retention.ms", "retention.bytes", "cleanup.policy", "message.timestamp.type", "max.message.bytes", "min.insync.replicas"}

// ReadKafka asks the brokers about topics.
func ReadKafka(ctx context.Context, client *kafka.Client, topics []Topic) (Kafka, error) {
	var names []string
	for _, t := range topics {
		names = append(names, t.Name)
	}
	meta, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: names})
	if err != nil {
		return Kafka{}, err
	}
	k := Kafka{Brokers: len(meta.Brokers), Topics: map[string]KafkaTopic{}}
	for _, t := range meta.Topics {
		if errors.Is(t.Error, kafka.UnknownTopicOrPartition) {
			continue
		}
		if t.Error != nil {
			return k, fmt.Errorf("topic %s: %w", t.Name, t.Error)
		}
		k.Topics[t.Name] = describeTopic(t)
	}
	return k, readTopicSettings(ctx, client, k.Topics)
}

func describeTopic(t kafka.Topic) KafkaTopic {
	out := KafkaTopic{Partitions: len(t.Partitions)}
	for i, p := range t.Partitions {
		if p.Leader.Host == "" {
			out.Leaderless++
		}
		if i == 0 || len(p.Replicas) < out.Replicas {
			out.Replicas = len(p.Replicas)
		}
		if i == 0 || len(p.Isr) < out.InSync {
			out.InSync = len(p.Isr)
		}
	}
	return out
}

// readTopicSettings fills in the settings; brokers that do not let them be read leave them unknown.
func readTopicSettings(ctx context.Context, client *kafka.Client, topics map[string]KafkaTopic) error {
	if len(topics) == 0 {
		return nil
	}
	var ask []kafka.DescribeConfigRequestResource
	for _, name := range slices.Sorted(maps.Keys(topics)) {
		ask = append(ask, kafka.DescribeConfigRequestResource{ResourceType: kafka.ResourceTypeTopic, ResourceName: name, ConfigNames: topicSettings})
	}
	res, err := client.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{Resources: ask})
	if err != nil {
		return fmt.Errorf("read topic settings: %w", err)
	}
	for _, r := range res.Resources {
		t, ok := topics[r.ResourceName]
		if !ok || r.Error != nil {
			continue
		}
		t.Config = map[string]string{}
		for _, e := range r.ConfigEntries {
			t.Config[e.ConfigName] = e.ConfigValue
		}
		topics[r.ResourceName] = t
	}
	return nil
}

// Judge compares the brokers with what is needed.
func (k Kafka) Judge(topics []Topic) []Finding {
	all := []Finding{{Server: "kafka", Check: "brokers", Severity: OK, Found: strconv.Itoa(k.Brokers)}}
	if k.Brokers < 3 {
		all[0].Severity, all[0].Advice = Warning, "use at least three brokers with replication 3 and min.insync.replicas=2: with fewer a broken machine stops everything or loses records"
	}
	for _, want := range topics {
		has, ok := k.Topics[want.Name]
		if !ok {
			all = append(all, Finding{Server: "kafka", Check: want.Name, Severity: Error, Found: "the topic does not exist", Advice: "run 'touchwatch migrate'; 'touchwatch serve' creates it as well"})
			continue
		}
		all = append(all, has.judge(want, k.Brokers)...)
	}
	return all
}

func (t KafkaTopic) judge(want Topic, brokers int) []Finding {
	var all []Finding
	add := func(check string, s Severity, found, advice string) {
		all = append(all, Finding{Server: "kafka", Check: want.Name + " " + check, Severity: s, Found: found, Advice: advice})
	}
	switch n := strconv.Itoa(t.Partitions); {
	case t.Leaderless > 0:
		add("partitions", Error, fmt.Sprintf("%d of %s have no leader", t.Leaderless, n), "look at the brokers: these partitions can be neither read nor written")
	case want.Fixed && t.Partitions != want.Partitions:
		add("partitions", Error, n+", the configuration says "+strconv.Itoa(want.Partitions), "set the configuration to "+n+"; the number says who owns whom and cannot be changed under existing states")
	default:
		add("partitions", OK, n, "")
	}
	switch {
	case t.InSync < t.Replicas:
		add("replicas", Warning, fmt.Sprintf("%d of %d in sync", t.InSync, t.Replicas), "a broker is down or behind: see the brokers' under-replicated partitions")
	case t.Replicas < 2 && brokers > 1:
		add("replicas", Warning, strconv.Itoa(t.Replicas), "give the topic three replicas (kafka-reassign-partitions): a broken disk loses its records")
	}
	if t.Config == nil {
		add("settings", Warning, "the brokers do not tell", "let this user describe topic configurations, or check retention and message.timestamp.type yourself")
		return all
	}
	return append(all, t.judgeSettings(want)...)
}

// judgeSettings looks at what decides whether records are still there when they are read.
func (t KafkaTopic) judgeSettings(want Topic) []Finding {
	var all []Finding
	add := func(check string, s Severity, found, advice string) {
		all = append(all, Finding{Server: "kafka", Check: want.Name + " " + check, Severity: s, Found: found, Advice: advice})
	}
	set := func(name, value string) string {
		return "kafka-configs --alter --entity-type topics --entity-name " + want.Name + " --add-config " + name + "=" + value
	}
	if policy := t.Config["cleanup.policy"]; policy != "" && policy != "delete" {
		add("cleanup.policy", Error, policy, set("cleanup.policy", "delete")+": a compacted topic loses entries that a replay needs")
	}
	if ms, err := strconv.ParseInt(t.Config["retention.ms"], 10, 64); err == nil && want.KeepAtLeast > 0 {
		keep := time.Duration(ms) * time.Millisecond
		if ms >= 0 && keep < want.KeepAtLeast {
			add("retention", Warning, keep.String(), set("retention.ms", strconv.FormatInt(want.KeepAtLeast.Milliseconds(), 10))+": after an outage or for a rebuild the records have to be there still")
		} else {
			add("retention", OK, retention(ms, keep), "")
		}
	}
	if n, err := strconv.ParseInt(t.Config["retention.bytes"], 10, 64); err == nil && n >= 0 && !want.Raw {
		add("retention.bytes", Warning, strconv.FormatInt(n, 10), set("retention.bytes", "-1")+": a bound in bytes deletes records unread in a rush")
	}
	if need := want.Config["message.timestamp.type"]; need != "" && t.Config["message.timestamp.type"] != "" {
		if has := t.Config["message.timestamp.type"]; has != need {
			add("message.timestamp.type", Error, has, set("message.timestamp.type", need)+": a backfill of old events would be deleted unread")
		} else {
			add("message.timestamp.type", OK, has, "")
		}
	}
	if need, err := strconv.ParseInt(want.Config["max.message.bytes"], 10, 64); err == nil && !want.Raw {
		if has, err := strconv.ParseInt(t.Config["max.message.bytes"], 10, 64); err == nil && has < need {
			add("max.message.bytes", Error, strconv.FormatInt(has, 10), set("max.message.bytes", strconv.FormatInt(need, 10))+": a full batch would be refused for ever and its raw partition would stand still")
		}
	}
	if t.Config["min.insync.replicas"] == "1" && t.Replicas > 1 {
		add("min.insync.replicas", Warning, "1", set("min.insync.replicas", "2")+": a write is confirmed that one broken broker may lose")
	}
	return all
}

func retention(ms int64, keep time.Duration) string {
	if ms < 0 {
		return "for ever"
	}
	return keep.String()
}

// CheckKafka reads and judges.
func CheckKafka(ctx context.Context, client *kafka.Client, topics []Topic) []Finding {
	k, err := ReadKafka(ctx, client, topics)
	if err != nil {
		return unreachable("kafka", err, "check kafka.brokers, kafka.tls and kafka.sasl; are the brokers running?")
	}
	return k.Judge(topics)
}
