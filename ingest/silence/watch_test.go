package silence

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"touchwatch/deploy/embedded/twin"
	"touchwatch/ingest/intake"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
)

// database is this package's on a shared Redis.
const database = 9

func TestAWatcherNamesSilentTopicsAndStalledPartitions(t *testing.T) {
	broker, store, ctx := twin.NewKafka(t), twin.NewRedis(t, database), context.Background()
	topic := broker.Topic("raw", 2, nil)
	now := time.UnixMilli(int64(monday))
	options := Options{
		Kafka: broker.Client, Redis: store.Client, Topics: []string{topic}, Partitions: map[string]int{topic: 2},
		Me: "first", Log: slog.New(slog.DiscardHandler), Metrics: NewMetrics(nil), Every: 5 * time.Second, Now: func() time.Time { return now },
	}
	w := New(options)
	options.Me, options.Metrics = "second", NewMetrics(nil)
	other := New(options)
	look := func() {
		t.Helper()
		for _, each := range []*Watcher{w, other} {
			if err := each.Look(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	progress := func(p int) {
		t.Helper()
		if err := store.Client.HSet(ctx, intake.LedgerKey(topic, p), "up_to", int64(touchpoint.MillisOf(now))).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := stream.Produce(ctx, broker.Client, topic, 1, []stream.Record{{Value: []byte("x")}}); err != nil {
		t.Fatal(err)
	}
	look()
	// A week of looking, in short: the topic is known to have 600 events in this hour.
	known, err := w.read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	l := known[topic]
	if l.End != 1 {
		t.Fatalf("counted %d records, want 1", l.End)
	}
	for h := range l.Hours {
		l.Hours[h], l.Known[h] = 600, true
	}
	l.Since = l.Since.Add(-24 * time.Hour)
	body, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Client.HSet(ctx, learnedKey, topic, body).Err(); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		now = now.Add(2 * time.Minute)
		progress(0)
		look()
	}
	for name, each := range map[string]*Watcher{"counting": w, "reading": other} {
		all := strings.Join(each.Warnings(), "\n")
		if !strings.Contains(all, "channel silent: "+topic) || !strings.Contains(all, topic+"/1 have not reached") || strings.Contains(all, topic+"/0") && each == w {
			t.Errorf("%s: warnings are %q", name, all)
		}
	}
	if got := testutil.ToFloat64(w.opt.Metrics.silent.WithLabelValues(topic)); got != 1 {
		t.Errorf("the metric says %v", got)
	}
	if _, err := stream.Produce(ctx, broker.Client, topic, 0, []stream.Record{{Value: []byte("x")}}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(10 * time.Second)
	progress(0)
	progress(1)
	look()
	if all := other.Warnings(); len(all) > 0 {
		t.Errorf("all is as usual, and the warnings are %q", all)
	}
}
