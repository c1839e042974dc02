package keyed

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// ballast is a state of 660 bytes, the average of a simulated shop, whose fold costs next to nothing.
type ballast struct{ body [660]byte }

type ballastLogic struct{}

func (ballastLogic) New(string) *ballast               { return new(ballast) }
func (ballastLogic) Decode(b []byte) (*ballast, error) { return (*ballast)(nil).read(b), nil }
func (ballastLogic) Card(string, *ballast) []byte      { return []byte("{}") }

func (ballastLogic) Encode(dst []byte, s *ballast) ([]byte, error) {
	return append(dst, s.body[:]...), nil
}

func (*ballast) read(b []byte) *ballast {
	s := new(ballast)
	copy(s.body[:], b)
	return s
}

func (ballastLogic) Fold(s *ballast, e *timeline.Entry, fx *Effects) {
	s.body[0]++
	fx.Remember()
	fx.Count(Minute(e.At), string(e.Touchpoint.Channel), Counts{Total: 1})
}

// BenchmarkApply is a fetched batch through memory, fold and flush, per entry: 2,000 entries of 1,000 subjects, all of whose states are in
// memory. The Redis is the embedded one in this process, or the real one that TOUCHWATCH_TEST_REDIS names.
func BenchmarkApply(b *testing.B) {
	const batch, subjects = 2000, 1000
	ctx := context.Background()
	worker := newWorld(b).ballasted(50)
	next := worker.next
	b.ReportAllocs()
	for n := 0; b.Loop(); n += batch {
		b.StopTimer()
		records := make([]stream.Record, batch)
		for i := range records {
			records[i] = record(b, next+int64(i), fmt.Sprintf("cus_%08d", i%subjects))
		}
		next += batch
		fetched := fetched{Batch: stream.Batch{Records: records, Next: next, HighWatermark: next}, started: time.Now()}
		b.StartTimer()
		if err := worker.apply(ctx, fetched); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/entry")
}

// ballasted is a worker of partition 0 that has taken it and fetches nothing by itself.
func (w *world) ballasted(history int) *worker[ballast] {
	w.t.Helper()
	rt := New(Options{
		Group: w.group, Topic: w.entries, Prefix: CustomerPrefix, Brokers: w.brokers, Kafka: w.client, Redis: w.redis, Session: 6 * time.Second,
		History: history, Log: slog.New(slog.DiscardHandler),
	}, func([]byte) (Logic[ballast], error) { return ballastLogic{}, nil })
	worker := newWorker(rt, stream.Assignment{Topic: w.entries, Partition: 0}, func(int64) {})
	if err := worker.take(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	if err := worker.start(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	return worker
}

func record(b testing.TB, offset int64, subject string) stream.Record {
	b.Helper()
	value, err := timeline.Encode(nil, &timeline.Entry{
		Kind: timeline.Touchpoint, Subject: subject, At: touchpoint.Millis(offset),
		Source: touchpoint.Source{Topic: "touchpoints.website", Offset: offset},
		Touchpoint: &touchpoint.Touchpoint{
			ID: touchpoint.ID(fmt.Sprint("website:", offset)), Channel: touchpoint.Website, Kind: touchpoint.PageView, OccurredAt: touchpoint.Millis(offset),
			Aliases: []touchpoint.Alias{{Kind: touchpoint.AliasCookie, Value: "507f191e810c19729de860ea"}}, Format: "touchwatch.website",
			Place: touchpoint.Place{Page: "/checkout/payment", Campaign: "autumn", Release: "2026.11.2", ViewID: "v-81244"},
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	return stream.Record{Offset: offset, Key: []byte(subject), Value: value}
}
