// Package twin gives tests a Kafka and a Redis: embedded ones, or the real ones that TOUCHWATCH_TEST_KAFKA and
// TOUCHWATCH_TEST_REDIS name, so that one test is a conformance test of both. Tests do not disturb each other on shared
// servers when they take their topics, groups and Redis prefixes from Topic and Unique, and their database from Redis.
//
// It is for tests only. Everything it starts ends with the test that asked for it.
package twin

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"touchwatch/deploy/connect"
)

// Variables that name real servers, each host:port.
const (
	KafkaVariable = "TOUCHWATCH_TEST_KAFKA"
	RedisVariable = "TOUCHWATCH_TEST_REDIS"
)

// Kafka is a broker for one test.
type Kafka struct {
	t       testing.TB
	Brokers []string
	Client  *kafka.Client
	// Cluster injects faults; nil on a real broker, see NeedsFaults.
	Cluster *kfake.Cluster
}

// Admin changes topics behind the back of what is tested: it deletes records and topics, and makes topics anew.
func (k *Kafka) Admin() *kadm.Client {
	k.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(k.Brokers...))
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(client.Close)
	return kadm.NewClient(client)
}

// NewKafka returns the real broker if one is named, else an embedded one that takes as large records as the product's.
func NewKafka(t testing.TB) *Kafka {
	t.Helper()
	k := &Kafka{t: t}
	if named := os.Getenv(KafkaVariable); named != "" {
		k.Brokers = strings.Split(named, ",")
	} else {
		t.Logf("%s is not set: the broker is an embedded one", KafkaVariable)
		cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(time.Second), kfake.BrokerConfigs(map[string]string{
			"group.initial.rebalance.delay.ms": "0", "message.max.bytes": "2097152",
		}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(cluster.Close)
		k.Cluster, k.Brokers = cluster, cluster.ListenAddrs()
	}
	client, err := connect.Kafka{Brokers: k.Brokers}.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connect.CloseKafka(client) })
	k.Client = client
	return k
}

// Topic creates a topic of its own for the test and returns its name, which begins with name. config may be nil.
func (k *Kafka) Topic(name string, partitions int, config map[string]string) string {
	k.t.Helper()
	topic := connect.Topic{Name: Unique(name), Partitions: partitions, Replication: 1, Config: config}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := connect.EnsureTopics(ctx, k.Client, []connect.Topic{topic}); err != nil {
		k.t.Fatal(err)
	}
	return topic.Name
}

// NeedsFaults skips a test whose faults only the embedded broker can have.
func (k *Kafka) NeedsFaults() {
	k.t.Helper()
	if k.Cluster == nil {
		k.t.Skip("the broker is a real one: this test makes the embedded one answer with errors")
	}
}

// Redis is a store for one test, empty at its start.
type Redis struct {
	Addr string
	DB   int
	// Client never sends a command again by itself, as the stages want it.
	Client redis.UniversalClient
	// Mini is the embedded server; nil on a real one.
	Mini *miniredis.Miniredis
}

// NewRedis returns the real server if one is named, else an embedded one. On the real one the test gets the database of that
// number, 1 to 15, to itself, and empties it; packages that are tested at the same time need numbers of their own.
func NewRedis(t testing.TB, db int) *Redis {
	t.Helper()
	r := &Redis{Addr: os.Getenv(RedisVariable), DB: db}
	if r.Addr == "" {
		t.Logf("%s is not set: the Redis is an embedded one", RedisVariable)
		r.Mini = miniredis.NewMiniRedis()
		if err := r.Mini.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Mini.Close)
		r.Addr, r.DB = r.Mini.Addr(), 0
	}
	client, err := connect.Redis{Addrs: []string{r.Addr}, DB: r.DB}.StateClient()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if err := client.FlushDB(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	r.Client = client
	return r
}

var (
	begun = time.Now().Format("150405.000000")
	made  atomic.Int64
)

// Unique returns a name that no other test has, on this server or any time before.
func Unique(name string) string {
	return name + "-" + begun + "-" + strconv.FormatInt(made.Add(1), 10)
}
