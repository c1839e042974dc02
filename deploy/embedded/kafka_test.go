package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"touchwatch/deploy/connect"
)

func startKafka(t testing.TB, options KafkaOptions) (*Kafka, *kafka.Client) {
	t.Helper()
	if options.Listen == "" {
		options.Listen = "127.0.0.1:0"
	}
	k, err := StartKafka(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	client, err := connect.Kafka{Brokers: []string{k.Addr()}}.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		connect.CloseKafka(client)
		for range 2 {
			if err := k.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return k, client
}

func produce(t testing.TB, client *kafka.Client, topic string, values ...[]byte) {
	t.Helper()
	records := make([]kafka.Record, len(values))
	for i, v := range values {
		records[i] = kafka.Record{Time: time.Unix(0, 0), Key: kafka.NewBytes([]byte("k")), Value: kafka.NewBytes(v)}
	}
	res, err := client.Produce(t.Context(), &kafka.ProduceRequest{Topic: topic, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records...)})
	if err != nil || res.Error != nil {
		t.Fatal(err, res)
	}
}

func logEnds(t testing.TB, client *kafka.Client, topic string) (first, last int64) {
	t.Helper()
	res, err := client.ListOffsets(t.Context(), &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: {kafka.FirstOffsetOf(0), kafka.LastOffsetOf(0)}}})
	if err != nil {
		t.Fatal(err)
	}
	return res.Topics[topic][0].FirstOffset, res.Topics[topic][0].LastOffset
}

func TestOldRecordsGoAndNewOnesStay(t *testing.T) {
	_, client := startKafka(t, KafkaOptions{MaxAge: 300 * time.Millisecond, SweepEvery: 20 * time.Millisecond})
	topic := connect.Topic{Name: "x", Partitions: 1, Config: map[string]string{"retention.ms": "1209600000"}}
	if err := connect.EnsureTopics(t.Context(), client, []connect.Topic{topic}); err != nil {
		t.Fatal(err)
	}
	produce(t, client, "x", []byte("old")) // the records claim to be of 1970: only their arrival counts
	if first, last := logEnds(t, client, "x"); first != 0 || last != 1 {
		t.Fatalf("a new record is gone at once: %d to %d", first, last)
	}
	deadline := time.Now().Add(10 * time.Second)
	for first := int64(0); first != 1; {
		if time.Now().After(deadline) {
			t.Fatal("an old record stays")
		}
		first, _ = logEnds(t, client, "x")
	}
	produce(t, client, "x", []byte("new"))
	if first, last := logEnds(t, client, "x"); first > 1 || last != 2 {
		t.Errorf("%d to %d", first, last)
	}
}

func TestMemoryStaysFlatHoweverMuchIsWritten(t *testing.T) {
	const bound = 4 << 20
	_, client := startKafka(t, KafkaOptions{MaxBytes: bound, SweepEvery: 5 * time.Millisecond})
	if err := connect.EnsureTopics(t.Context(), client, []connect.Topic{{Name: "x", Partitions: 1}}); err != nil {
		t.Fatal(err)
	}
	value := bytes.Repeat([]byte("0123456789abcdef"), 4<<10)
	batch := [][]byte{value, value, value, value}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse
	}
	before := heap()
	written := 0
	for written < 40*bound {
		produce(t, client, "x", batch...)
		written += len(batch) * len(value)
	}
	deadline := time.Now().Add(10 * time.Second)
	for first, last := logEnds(t, client, "x"); (last-first)*int64(len(value)) > bound; first, last = logEnds(t, client, "x") {
		if time.Now().After(deadline) {
			t.Fatalf("records %d to %d stay", first, last)
		}
	}
	if grown := int64(heap()) - int64(before); grown > 4*bound {
		t.Errorf("%d MiB were written within a bound of %d MiB, and the heap grew by %d MiB", written>>20, bound>>20, grown>>20)
	}
}

func TestTopicsAreNotMadeByAccident(t *testing.T) {
	_, client := startKafka(t, KafkaOptions{})
	if _, err := connect.PartitionCount(t.Context(), client, "nosuch"); !errors.Is(err, kafka.UnknownTopicOrPartition) {
		t.Errorf("a topic nobody made: %v", err)
	}
	k, _ := startKafka(t, KafkaOptions{AutoCreate: true, Partitions: 3})
	w := &kafka.Writer{Addr: kafka.TCP(k.Addr()), Topic: "made", AllowAutoTopicCreation: true, BatchTimeout: time.Millisecond, Transport: &kafka.Transport{}}
	defer func() { _ = w.Close(); w.Transport.(*kafka.Transport).CloseIdleConnections() }()
	if err := w.WriteMessages(t.Context(), kafka.Message{Value: []byte("x")}); err != nil {
		t.Error(err)
	}
}

func TestAConsumerGroupWorks(t *testing.T) {
	k, client := startKafka(t, KafkaOptions{})
	if err := connect.EnsureTopics(t.Context(), client, []connect.Topic{{Name: "x", Partitions: 2}}); err != nil {
		t.Fatal(err)
	}
	dialer, err := connect.Kafka{Brokers: []string{k.Addr()}}.Dialer()
	if err != nil {
		t.Fatal(err)
	}
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{ID: "g", Brokers: []string{k.Addr()}, Topics: []string{"x"}, Dialer: dialer})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = group.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	generation, err := group.Next(ctx)
	if err != nil || len(generation.Assignments["x"]) != 2 {
		t.Fatal(generation, err)
	}
	if err := generation.CommitOffsets(map[string]map[int]int64{"x": {0: 7}}); err != nil {
		t.Error(err)
	}
}

func TestATakenAddressIsNamed(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	addr := taken.Addr().String()
	_, kafkaErr := StartKafka(t.Context(), KafkaOptions{Listen: addr})
	_, redisErr := StartRedis(t.Context(), RedisOptions{Listen: addr})
	for service, err := range map[string]error{"Kafka": kafkaErr, "Redis": redisErr} {
		var got *AddressTaken
		if !errors.As(err, &got) || *got != (AddressTaken{service, addr}) {
			t.Errorf("%s: %v", service, err)
		}
	}
	for _, addr := range []string{"", "127.0.0.1", "0.0.0.0:0", "example.org:1"} {
		if _, err := StartKafka(t.Context(), KafkaOptions{Listen: addr}); err == nil || !bytes.Contains([]byte(err.Error()), []byte(fmt.Sprintf("%q", addr))) {
			t.Errorf("address %q: %v", addr, err)
		}
	}
}
