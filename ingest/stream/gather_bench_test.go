package stream

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"touchwatch/deploy/connect"
)

// What a record costs in requests while 8 partitions get one after the other as fast as one writer writes.
func BenchmarkSteadyFetches(b *testing.B) {
	for _, shared := range []bool{false, true} {
		b.Run(map[bool]string{false: "alone", true: "together"}[shared], func(b *testing.B) { steadyFetches(b, shared) })
	}
}

func steadyFetches(b *testing.B, shared bool) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		b.Fatal(err)
	}
	defer cluster.Close()
	client, err := connect.Kafka{Brokers: cluster.ListenAddrs()}.Client()
	if err != nil {
		b.Fatal(err)
	}
	defer connect.CloseKafka(client)
	const partitions = 8
	ctx, topic := context.Background(), "steady"
	if err := connect.EnsureTopics(ctx, client, []connect.Topic{{Name: topic, Partitions: partitions, Replication: 1}}); err != nil {
		b.Fatal(err)
	}
	d, counted := newDoor(client)
	close(d.open)
	g := NewGatherer(counted)
	var left, work sync.WaitGroup
	left.Add(b.N)
	ctx, cancel := context.WithCancel(ctx)
	b.ResetTimer()
	for p := range partitions {
		work.Go(func() {
			f := steadily(g, topic, p)
			if f.Gather = 20 * time.Millisecond; !shared {
				f.With = nil
			}
			for offset := int64(0); ctx.Err() == nil; {
				if batch, err := f.Fetch(ctx, offset); err == nil {
					offset = batch.Next
					left.Add(-len(batch.Records))
				}
			}
		})
	}
	for n := range b.N {
		if _, err := ProduceUntil(ctx, client, topic, n%partitions, []Record{{Value: []byte("x")}}, func(err error) { b.Log(err) }); err != nil {
			b.Fatal(err)
		}
	}
	left.Wait()
	b.StopTimer()
	cancel()
	work.Wait()
	b.ReportMetric(float64(d.fetches.Load())/float64(b.N), "requests/record")
}
