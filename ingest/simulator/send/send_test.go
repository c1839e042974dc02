package send_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"touchwatch/deploy/connect"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/simulator/send"
	"touchwatch/ingest/stream"
)

var start = time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)

const partitions = 3

func broker(t *testing.T) (*kfake.Cluster, *kafka.Client) {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions,
		simulator.TopicProfiles, simulator.TopicWebsite, simulator.TopicChat, simulator.TopicSocial, simulator.TopicCall))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	client, err := connect.Kafka{Brokers: cluster.ListenAddrs()}.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connect.CloseKafka(client) })
	return cluster, client
}

// read returns all records of a topic, in order per partition.
func read(t *testing.T, client *kafka.Client, topic string) (all [partitions][]stream.Record) {
	t.Helper()
	for p := range partitions {
		f := stream.Fetcher{Client: client, Topic: topic, Partition: p, MaxBytes: 1 << 20, MaxWait: 50 * time.Millisecond}
		for offset := int64(0); ; {
			batch, err := f.Fetch(t.Context(), offset)
			if err != nil {
				t.Fatal(err)
			}
			if len(batch.Records) == 0 && batch.Next >= batch.HighWatermark {
				break
			}
			all[p] = append(all[p], batch.Records...)
			offset = batch.Next
		}
	}
	return all
}

var raw = [...]string{simulator.TopicWebsite, simulator.TopicChat, simulator.TopicSocial, simulator.TopicCall}

// expectInOrder compares what is in the topics with the world's records: all of them, once, in the order of their keys.
func expectInOrder(t *testing.T, client *kafka.Client, world *simulator.World, n int) {
	t.Helper()
	want := map[string][]simulator.Record{}
	for range n {
		r := world.Next()
		want[r.Topic+string(r.Key)] = append(want[r.Topic+string(r.Key)], r)
	}
	found := 0
	for _, topic := range raw {
		for _, records := range read(t, client, topic) {
			for _, r := range records {
				key := topic + string(r.Key)
				if len(want[key]) == 0 || !bytes.Equal(want[key][0].Value, r.Value) {
					t.Fatalf("record %d of %s is not the next one of its key", found, topic)
				}
				if hs := want[key][0].Headers; len(hs) > 0 && r.Header(hs[0].Key) != string(hs[0].Value) {
					t.Fatalf("header %s is %q", hs[0].Key, r.Header(hs[0].Key))
				}
				want[key] = want[key][1:]
				found++
			}
		}
	}
	if found != n {
		t.Errorf("%d of %d records are in the topics", found, n)
	}
}

func TestAllRecordsArriveInTheOrderOfTheirKeys(t *testing.T) {
	_, client := broker(t)
	sender := &send.Sender{Client: client, Log: slog.New(slog.DiscardHandler), Limit: 20_000}
	if err := sender.Run(t.Context(), simulator.New(simulator.Demo(3, start))); err != nil {
		t.Fatal(err)
	}
	if sender.Sent() != 20_000 {
		t.Errorf("%d sent", sender.Sent())
	}
	expectInOrder(t, client, simulator.New(simulator.Demo(3, start)), 20_000)
}

func TestProfilesArriveKeyedByCustomer(t *testing.T) {
	_, client := broker(t)
	world := simulator.New(simulator.Options{Customers: 300, Start: start})
	sender := &send.Sender{Client: client, Log: slog.New(slog.DiscardHandler)}
	if err := sender.Profiles(t.Context(), world); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, records := range read(t, client, simulator.TopicProfiles) {
		for _, r := range records {
			n++
			if !bytes.Contains(r.Value, r.Key) {
				t.Fatalf("key %s of %s", r.Key, r.Value)
			}
		}
	}
	if n != 300 {
		t.Errorf("%d profiles", n)
	}
}

// logs counts lines that contain a text.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

func TestABrokerThatRefusesForAWhileCostsNoRecord(t *testing.T) {
	cluster, client := broker(t)
	refused := 0
	cluster.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		if refused++; refused > 40 {
			return nil, nil, false
		}
		cluster.KeepControl()
		res := req.ResponseKind().(*kmsg.ProduceResponse)
		for _, topic := range req.(*kmsg.ProduceRequest).Topics {
			rt := kmsg.NewProduceResponseTopic()
			rt.Topic, rt.TopicID = topic.Topic, topic.TopicID
			for _, p := range topic.Partitions {
				rp := kmsg.NewProduceResponseTopicPartition()
				rp.Partition, rp.ErrorCode = p.Partition, kerr.NotEnoughReplicas.Code
				rt.Partitions = append(rt.Partitions, rp)
			}
			res.Topics = append(res.Topics, rt)
		}
		return res, nil, true
	})
	var lines logs
	sender := &send.Sender{Client: client, Log: slog.New(slog.NewTextHandler(&lines, nil)), Limit: 5_000}
	if err := sender.Run(t.Context(), simulator.New(simulator.Demo(3, start))); err != nil {
		t.Fatal(err)
	}
	if refused <= 40 {
		t.Fatalf("only %d writes were refused: the fault was not injected", refused)
	}
	expectInOrder(t, client, simulator.New(simulator.Demo(3, start)), 5_000)
	if n := lines.count("the world stands still"); n == 0 || n > 12 {
		t.Errorf("%d warnings for one fault", n)
	}
	if n := lines.count("writes again"); n == 0 {
		t.Error("nobody was told that it works again")
	}
}

func TestCancellingEndsTheRunSoonAndSaysWhatIsMissing(t *testing.T) {
	cluster, client := broker(t)
	stuck := make(chan struct{})
	var once sync.Once
	cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		once.Do(func() { close(stuck) })
		cluster.SleepControl(func() { <-t.Context().Done() })
		return nil, nil, false
	})
	ctx, cancel := context.WithCancel(t.Context())
	sender := &send.Sender{Client: client, Log: slog.New(slog.DiscardHandler)}
	done := make(chan error)
	go func() { done <- sender.Run(ctx, simulator.New(simulator.Demo(3, start))) }()
	<-stuck
	cancel()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "were not acknowledged") {
			t.Errorf("got %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("still running 5 s after the end of its context")
	}
}

// The pace is the world's: the clock stands for it, so that a second of the world needs a second of the clock.
func TestWorldTimeIsPacedByTheClock(t *testing.T) {
	_, client := broker(t)
	begun := time.Now()
	sender := &send.Sender{Client: client, Log: slog.New(slog.DiscardHandler), Speed: 20, Until: start.Add(10 * time.Second)}
	if err := sender.Run(t.Context(), simulator.New(simulator.Options{Seed: 1, Start: start})); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took < 400*time.Millisecond {
		t.Errorf("10 s of the world at 20 times the speed took %s", took)
	}
	if sender.Sent() < 300 {
		t.Errorf("%d records in 10 s of the world", sender.Sent())
	}
}

func BenchmarkRun(b *testing.B) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions,
		simulator.TopicProfiles, simulator.TopicWebsite, simulator.TopicChat, simulator.TopicSocial, simulator.TopicCall))
	if err != nil {
		b.Fatal(err)
	}
	defer cluster.Close()
	client, err := connect.Kafka{Brokers: cluster.ListenAddrs()}.Client()
	if err != nil {
		b.Fatal(err)
	}
	defer connect.CloseKafka(client)
	sender := &send.Sender{Client: client, Log: slog.New(slog.DiscardHandler), Limit: int64(b.N)}
	world := simulator.New(simulator.Demo(1, start))
	b.ResetTimer()
	if err := sender.Run(b.Context(), world); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
