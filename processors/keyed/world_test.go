package keyed

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"touchwatch/deploy/embedded/twin"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
)

// tally is the state of the tests: how many entries it saw, and the settings that were active for the last one.
type tally struct {
	Subject  string
	N        int
	Settings string
	Timers   int
	Sum      touchpoint.Millis
}

// tallyLogic counts entries, emits an alert every tenth, and arms a timer when the entry's receipt is a multiple of 1000.
type tallyLogic struct{ settings string }

func (l tallyLogic) New(subject string) *tally { return &tally{Subject: subject} }
func (l tallyLogic) Decode(b []byte) (*tally, error) {
	t := new(tally)
	return t, json.Unmarshal(b, t)
}

func (l tallyLogic) Encode(dst []byte, s *tally) ([]byte, error) {
	b, err := json.Marshal(s)
	return append(dst, b...), err
}
func (l tallyLogic) Card(subject string, _ *tally) []byte { return []byte(strconv.Quote(subject)) }

func (l tallyLogic) Fold(s *tally, e *timeline.Entry, fx *Effects) {
	if e.Kind == timeline.Timer {
		s.Timers++
		fx.Disarm(e.Timer.Name)
		return
	}
	s.N++
	s.Sum += e.At
	s.Settings = l.settings
	fx.Count(60_000, "all", Counts{Total: 1})
	fx.Rank(float64(s.N))
	if s.N%10 == 0 {
		body := fmt.Sprintf(`{"id":"%s-%d","phase":"firing"}`, s.Subject, s.N)
		fx.Alert(episode.Change{Alert: fmt.Sprintf("%s-%d", s.Subject, s.N), At: e.At, Body: []byte(body)})
	}
	if e.At%1000 == 0 {
		fx.Arm("ring", e.At)
	}
}

// world is a Kafka and a Redis with the topics of a stage: embedded ones, or the real ones that the environment names.
type world struct {
	t       testing.TB
	kafka   *twin.Kafka
	store   *twin.Redis
	redis   redis.UniversalClient // of store
	client  *kafka.Client         // of kafka
	brokers []string
	group   string
	entries string          // topic of the stage
	alerts  string          // topic of alerts
	upTo    atomic.Int64    // what upstream says
	runtime *Runtime[tally] // as started last
}

const (
	partitions = 2
	database   = 12 // this package's on a shared Redis
)

func newWorld(t testing.TB) *world {
	t.Helper()
	broker, store := twin.NewKafka(t), twin.NewRedis(t, database)
	w := &world{
		t: t, kafka: broker, store: store, redis: store.Client, client: broker.Client, brokers: broker.Brokers, group: twin.Unique("tally"),
		entries: broker.Topic("entries", partitions, map[string]string{"message.timestamp.type": "LogAppendTime", "max.message.bytes": "8388608"}),
		alerts:  broker.Topic("alerts", 1, nil),
	}
	w.upTo.Store(1)
	return w
}

// append writes one entry per subject to the timeline, with source coordinates at offset.
func (w *world) append(subjects []string, offset int64, at touchpoint.Millis) {
	w.t.Helper()
	for i, subject := range subjects {
		w.produce(&timeline.Entry{
			Kind: timeline.Touchpoint, Subject: subject, At: at,
			Source: touchpoint.Source{Topic: "raw", Offset: offset, Index: int32(i)},
		})
	}
}

func (w *world) produce(entries ...*timeline.Entry) {
	w.t.Helper()
	for _, e := range entries {
		value, err := timeline.Encode(nil, e)
		if err != nil {
			w.t.Fatal(err)
		}
		p := timeline.Partition(e.Subject, partitions)
		if _, err := stream.Produce(context.Background(), w.client, w.entries, p, []stream.Record{{Key: []byte(e.Subject), Value: value}}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// start runs a runtime; stop ends it and waits.
func (w *world) start() (stop func()) {
	w.t.Helper()
	return w.startAs(func(*Options) {})
}

// startAs runs a runtime with other options than usual.
func (w *world) startAs(change func(*Options)) (stop func()) {
	w.t.Helper()
	o := Options{
		Group: w.group, Topic: w.entries, Prefix: CustomerPrefix, Brokers: w.brokers, Kafka: w.client, Redis: w.redis,
		Session: 6 * time.Second, Relay: Relay{Alerts: w.alerts, AlertPartitions: 1},
		Progress: func(context.Context) (Progress, error) { return Progress{UpTo: touchpoint.Millis(w.upTo.Load())}, nil },
		Log:      slog.New(slog.DiscardHandler),
	}
	change(&o)
	rt := New(o, func(content []byte) (Logic[tally], error) { return tallyLogic{string(content)}, nil })
	w.runtime = rt
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := rt.Run(ctx); err != nil {
			w.t.Error(err)
		}
	}()
	return func() { cancel(); <-done }
}

// keysOf are the Redis keys of a subject's partition.
func keysOf(subject string) Keys {
	return NewKeys(CustomerPrefix, timeline.Partition(subject, partitions))
}

// state reads a subject's stored state; nil when there is none.
func (w *world) state(subject string) *tally {
	keys := keysOf(subject)
	b, err := w.redis.HGet(context.Background(), keys.States(subject), subject).Bytes()
	if err != nil {
		return nil
	}
	s, err := tallyLogic{}.Decode(b)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// until waits for a condition that the runtime brings about.
func (w *world) until(what string, cond func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !cond() {
		if time.Now().After(deadline) {
			w.t.Fatalf("not within 20 s: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
