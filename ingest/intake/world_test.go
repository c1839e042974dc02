package intake

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"touchwatch/deploy/embedded/twin"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
)

const partitions = 3

// database is this package's on a shared Redis.
const database = 13

// world is a Kafka and a Redis with the topics of the stage, created as the product does: embedded ones, or the real ones
// that the environment names.
type world struct {
	t       testing.TB
	kafka   *twin.Kafka
	redis   redis.UniversalClient
	client  *kafka.Client
	brokers []string

	website, chat, profiles, dead, entries string // topics

	stage *Stage // as started last
}

func newWorld(t testing.TB) *world {
	t.Helper()
	broker := twin.NewKafka(t)
	raw := map[string]string{"max.message.bytes": "2097152"}
	return &world{
		t: t, kafka: broker, redis: twin.NewRedis(t, database).Client, brokers: broker.Brokers, client: broker.Client,
		website: broker.Topic("touchpoints.website", 1, raw), chat: broker.Topic("touchpoints.chat", 1, raw), profiles: broker.Topic("customers.profiles", 1, raw),
		dead:    broker.Topic("touchpoints.dead", 1, map[string]string{"max.message.bytes": "2621440"}),
		entries: broker.Topic("customer.timeline", partitions, map[string]string{"message.timestamp.type": "LogAppendTime", "max.message.bytes": "8388608"}),
	}
}

// start runs the stage; stop ends it and waits.
func (w *world) start() (stop func()) {
	w.t.Helper()
	return w.startAs(func(*Options) {})
}

// startAs runs the stage with other options than usual.
func (w *world) startAs(change func(*Options)) (stop func()) {
	w.t.Helper()
	options := Options{
		Brokers: w.brokers, Kafka: w.client, Redis: w.redis, Session: 6 * time.Second,
		Topics:   map[string]string{w.website: "touchwatch.website", w.chat: "touchwatch.chat", w.profiles: "touchwatch.profile"},
		Timeline: w.entries, Partitions: partitions, Dead: w.dead,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	change(&options)
	stage := New(options)
	w.stage = stage
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
	for _, r := range w.read(w.entries, partitions) {
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
