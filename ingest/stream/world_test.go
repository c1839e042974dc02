package stream

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"touchwatch/deploy/embedded/twin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a broker with a topic, and another client that writes what ours does not.
type world struct {
	*twin.Kafka
	t     *testing.T
	topic string
}

func newWorld(t *testing.T, partitions int) *world {
	t.Helper()
	w := &world{Kafka: twin.NewKafka(t), t: t}
	w.topic = w.Topic("stream", partitions, nil)
	return w
}

// ours writes values to a partition as one batch.
func (w *world) ours(partition int, values ...string) int64 {
	w.t.Helper()
	var records []Record
	for _, v := range values {
		records = append(records, Record{Key: []byte("k"), Value: []byte(v)})
	}
	base, err := Produce(context.Background(), w.Client, w.topic, partition, records)
	if err != nil {
		w.t.Fatal(err)
	}
	return base
}

// theirs is a producer of another make.
func (w *world) theirs(options ...kgo.Opt) *kgo.Client {
	w.t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(w.Brokers...), kgo.DefaultProduceTopic(w.topic), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(50 * time.Millisecond),
	}, options...)...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(client.Close)
	return client
}

// fetcher reads a partition of the topic.
func (w *world) fetcher(partition int) *Fetcher {
	return &Fetcher{Client: w.Client, Topic: w.topic, Partition: partition, MaxBytes: 1 << 20, MaxWait: 200 * time.Millisecond}
}

// all reads a partition from offset to its end and fails when that does not come to an end.
func (w *world) all(partition int, offset int64) []Record {
	w.t.Helper()
	var all []Record
	for range 1000 {
		b, err := w.fetcher(partition).Fetch(context.Background(), offset)
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, b.Records...)
		if offset = b.Next; offset >= b.HighWatermark {
			return all
		}
	}
	w.t.Fatalf("reading partition %d of %s stands at offset %d", partition, w.topic, offset)
	return nil
}

// values are the values of records, with their offsets.
func values(records []Record) string {
	out := ""
	for _, r := range records {
		out += fmt.Sprintf("%d=%s ", r.Offset, r.Value)
	}
	return out
}
