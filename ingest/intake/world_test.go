package intake

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
)

const partitions = 3

// world is an in-process Kafka and Redis with the topics of the stage.
type world struct {
	t       *testing.T
	redis   redis.UniversalClient
	client  *kafka.Client
	brokers []string
	cluster *kfake.Cluster
}

func newWorld(t *testing.T) *world {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "touchpoints.website", "touchpoints.chat", "customers.profiles", "touchpoints.dead"), kfake.SeedTopics(partitions, "customer.timeline"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr(), MaxRetries: -1})
	t.Cleanup(func() { client.Close() })
	return &world{
		t: t, redis: client, brokers: cluster.ListenAddrs(), cluster: cluster,
		client: &kafka.Client{Addr: kafka.TCP(cluster.ListenAddrs()...), Timeout: 10 * time.Second},
	}
}

// start runs the stage; stop ends it and waits.
func (w *world) start() (stop func()) {
	w.t.Helper()
	stage := New(Options{
		Brokers: w.brokers, Kafka: w.client, Redis: w.redis, Session: 6 * time.Second,
		Topics:   map[string]string{"touchpoints.website": "touchwatch.website", "touchpoints.chat": "touchwatch.chat", "customers.profiles": "touchwatch.profile"},
		Timeline: "customer.timeline", Partitions: partitions, Dead: "touchpoints.dead",
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := stage.Run(ctx); err != nil {
			w.t.Error(err)
		}
	}()
	return func() { cancel(); <-done }
}

func (w *world) send(topic string, values ...string) {
	w.t.Helper()
	for _, v := range values {
		if _, err := stream.Produce(context.Background(), w.client, topic, 0, []stream.Record{{Key: []byte("k"), Value: []byte(v)}}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// read returns all records of a topic, partition by partition.
func (w *world) read(topic string, partitions int) []stream.Record {
	w.t.Helper()
	var all []stream.Record
	for p := range partitions {
		f := stream.Fetcher{Client: w.client, Topic: topic, Partition: p, MaxBytes: 4 << 20, MaxWait: 10 * time.Millisecond}
		for next := int64(0); ; {
			b, err := f.Fetch(context.Background(), next)
			if err != nil {
				w.t.Fatal(err)
			}
			all = append(all, b.Records...)
			if next = b.Next; next >= b.HighWatermark {
				break
			}
		}
	}
	return all
}

// timeline returns the entries of all partitions.
func (w *world) timeline() []*timeline.Entry {
	w.t.Helper()
	var all []*timeline.Entry
	for _, r := range w.read("customer.timeline", partitions) {
		e, err := timeline.Decode(r.Value)
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func (w *world) until(what string, cond func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("not within 20 s: %s", what)
		}
	}
}
