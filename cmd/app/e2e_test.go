package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/alerts/alert"
	"touchwatch/deploy/connect"
	"touchwatch/deploy/embedded"
	"touchwatch/ingest/decode"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/simulator/send"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/archive"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
	"touchwatch/processors/place"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/text"
)

// TestMain lets the embedded ClickHouse start this test program as its child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "clickhouse-front" {
		if err := embedded.RunClickHouseFront(context.Background(), os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// seed is the world that every run of the test sends.
const seed = 20261103

// e2e is the program on some servers, a world sent through it, and a browser's socket.
type e2e struct {
	t       *testing.T
	cfg     Config
	program *App
	world   *simulator.World
	records []simulator.Record // as sent, profiles included
	redis   redis.UniversalClient
	socket  *socket
}

// realServers is the configuration of the servers that the environment names, and false when it names none.
func realServers(t *testing.T) (Config, bool) {
	kafka, redis, house := os.Getenv("TOUCHWATCH_TEST_KAFKA"), os.Getenv("TOUCHWATCH_TEST_REDIS"), os.Getenv("TOUCHWATCH_TEST_CLICKHOUSE")
	if kafka == "" || redis == "" {
		return Config{}, false
	}
	c := DevConfig(DevAddrs{Listen: "127.0.0.1:0", Kafka: kafka, Redis: redis, ClickHouse: house})
	client, err := c.Redis.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.FlushAll(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	return c, true
}

// embeddedServers starts servers in this process.
func embeddedServers(t *testing.T) Config {
	ctx := context.Background()
	kafka, err := embedded.StartKafka(ctx, embedded.KafkaOptions{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kafka.Close() })
	redis, err := embedded.StartRedis(ctx, embedded.RedisOptions{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { redis.Close() })
	addrs := DevAddrs{Listen: "127.0.0.1:0", Kafka: kafka.Addr(), Redis: redis.Addr()}
	house, err := embedded.StartClickHouse(ctx, embedded.ClickHouseOptions{Listen: "127.0.0.1:0"})
	switch {
	case errors.Is(err, embedded.ErrNoLibrary):
		t.Logf("history is not tested: %v", err)
	case err != nil:
		t.Fatal(err)
	default:
		t.Cleanup(func() { house.Close() })
		addrs.ClickHouse = house.Addr()
	}
	return DevConfig(addrs)
}

// start runs the program until the test ends.
func (e *e2e) start() {
	e.t.Helper()
	program, err := New(e.cfg, Version{Version: "test"}, slog.New(slog.NewTextHandler(testLog(e.t), &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		e.t.Fatal(err)
	}
	e.program = program
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- program.Run(ctx) }()
	e.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			e.t.Errorf("the program ended with: %v", err)
		}
	})
	if e.redis, err = e.cfg.Redis.Client(); err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { e.redis.Close() })
	wait, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	if !program.WaitPrepared(wait) {
		e.t.Fatal("topics and settings were not there within a minute")
	}
	e.socket = dial(e.t, program.Addr())
}

// send sends profiles, waits until all are known, and then n touchpoint records as fast as they are taken.
func (e *e2e) send(n int64) {
	e.t.Helper()
	ctx := context.Background()
	client, err := e.cfg.Kafka.Client()
	if err != nil {
		e.t.Fatal(err)
	}
	defer connect.CloseKafka(client)
	const rate = 50
	start := time.Now().Add(-time.Duration(n/rate+120) * time.Second)
	options := simulator.Options{Seed: seed, Customers: 800, Rate: rate, Start: start, TroubleShare: 0.1, Duplicates: 0.01, Remember: true}
	e.world = simulator.New(options)
	sender := send.Sender{Client: client, Log: e.program.log}
	if err := sender.Profiles(ctx, e.world); err != nil {
		e.t.Fatal(err)
	}
	e.until("the profiles are in the timeline", e.reached(touchpoint.MillisOf(time.Now())))
	sender = send.Sender{Client: client, Log: e.program.log, Limit: n}
	if err := sender.Run(ctx, e.world); err != nil {
		e.t.Fatal(err)
	}
	twin := simulator.New(options) // the same world again, to know what was sent
	e.records = twin.Profiles()
	for range n {
		e.records = append(e.records, twin.Next())
	}
}

// reached returns a check that reports an error until everything received before a moment is applied.
func (e *e2e) reached(m touchpoint.Millis) func() error {
	return func() error {
		if upTo := e.program.progress(); upTo < m {
			return fmt.Errorf("the picture reaches up to %d, want %d", upTo, m)
		}
		return nil
	}
}

// until repeats a check until it passes; its last error is the test's.
func (e *e2e) until(what string, check func() error) {
	e.t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			e.t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// entries reads a keyed topic back.
func (e *e2e) entries(topic string, partition int) []stream.Record {
	e.t.Helper()
	f := stream.Fetcher{Client: e.program.kafka, Topic: topic, Partition: partition, MaxBytes: 4 << 20, MaxWait: 50 * time.Millisecond}
	var all []stream.Record
	for next := int64(0); ; {
		b, err := f.Fetch(context.Background(), next)
		if err != nil {
			e.t.Fatal(err)
		}
		all = append(all, b.Records...)
		if next = b.Next; next >= b.HighWatermark {
			return all
		}
	}
}

// replayAll folds a keyed topic in memory, partition by partition.
func replayAll[S any](e *e2e, topic string, partitions int, build keyed.Build[S]) (states map[string]*S, alerts []alert.Alert) {
	e.t.Helper()
	states = map[string]*S{}
	for p := range partitions {
		r, err := keyed.NewReplay(build)
		if err != nil {
			e.t.Fatal(err)
		}
		for _, rec := range e.entries(topic, p) {
			entry, err := timeline.Decode(rec.Value)
			if err != nil {
				e.t.Fatal(err)
			}
			if err := r.Apply(entry, rec.Offset); err != nil {
				e.t.Fatal(err)
			}
		}
		maps.Copy(states, r.States())
		for _, c := range r.Alerts {
			alerts = append(alerts, parseAlert(e.t, c.Body))
		}
	}
	return states, alerts
}

// stored reads all customers' states from Redis.
func (e *e2e) stored() map[string]*customer.State {
	e.t.Helper()
	all := map[string]*customer.State{}
	for p := range e.cfg.Topics.TimelinePartitions {
		keys := keyed.NewKeys(keyed.CustomerPrefix, p)
		for b := range keyed.Buckets {
			fields, err := e.redis.HGetAll(context.Background(), keys.Bucket(b)).Result()
			if err != nil {
				e.t.Fatal(err)
			}
			for id, body := range fields {
				s, err := customer.Decode([]byte(body))
				if err != nil {
					e.t.Fatal(err)
				}
				all[id] = s
			}
		}
	}
	return all
}

// compareWithWorld checks comparison (a): each touchpoint of the world took effect once, for the customer the world says, and the
// scores are those of the world folded in its own order.
func (e *e2e) compareWithWorld() error {
	truth := e.world.Truth()
	got := map[touchpoint.ID]touchpoint.CustomerID{}
	for p := range e.cfg.Topics.TimelinePartitions {
		for _, rec := range e.entries(TopicTimeline, p) {
			entry, err := timeline.Decode(rec.Value)
			if err != nil {
				return err
			}
			if t := entry.Touchpoint; t != nil && t.Channel != touchpoint.CRM {
				got[t.ID] = touchpoint.CustomerID(entry.Subject)
			}
		}
	}
	for id, owner := range truth.Owners {
		if got[id] != owner {
			return fmt.Errorf("touchpoint %s belongs to %q, the world says %s", id, got[id], owner)
		}
	}
	if len(got) != len(truth.Owners) {
		return fmt.Errorf("the timeline has %d touchpoints, the world made %d", len(got), len(truth.Owners))
	}
	stored := e.stored()
	want := e.foldWorld(stored)
	total := int64(0)
	for id, w := range want {
		s := stored[id]
		if s == nil {
			return fmt.Errorf("customer %s has no state", id)
		}
		total += s.Total
		at := max(s.Now, w.Now)
		if s.Total != w.Total || s.Score(at) != w.Score(at) {
			return fmt.Errorf("customer %s: %d touchpoints and score %v, the world says %d and %v\n got %+v\nwant %+v", id, s.Total, s.Score(at), w.Total, w.Score(at), s.Signals, w.Signals)
		}
	}
	if total != int64(len(truth.Owners)) {
		return fmt.Errorf("touchpoints in all states: %d, the world made %d", total, len(truth.Owners))
	}
	return nil
}

// foldWorld folds what the world sent in the world's own order, without Kafka and Redis, and fires the timers that were
// fired for each customer in the run.
func (e *e2e) foldWorld(stored map[string]*customer.State) map[string]*customer.State {
	e.t.Helper()
	bundle, err := ReadBundle(&e.cfg)
	if err != nil {
		e.t.Fatal(err)
	}
	logic, err := BuildCustomers(mustJSON(e.t, bundle))
	if err != nil {
		e.t.Fatal(err)
	}
	owners, engine, fx := e.world.Truth().Owners, text.Default(), keyed.NewEffects()
	all := map[string]*customer.State{}
	apply := func(id string, entry *timeline.Entry) {
		if all[id] == nil {
			all[id] = logic.New(id)
		}
		fx.Begin(id, 0)
		logic.Fold(all[id], entry, fx)
	}
	for i := range e.records {
		r := &e.records[i]
		header := func(name string) string {
			for _, h := range r.Headers {
				if h.Key == name {
					return string(h.Value)
				}
			}
			return ""
		}
		result := decode.Decode(decode.Record{Topic: r.Topic, Offset: int64(i), Value: r.Value, Headers: header}, decode.DefaultFormat(r.Topic))
		for j := range result.Touchpoints {
			t := &result.Touchpoints[j]
			owner := owners[t.ID]
			if t.Channel == touchpoint.CRM {
				strongest, _ := touchpoint.Strongest(t.Aliases)
				owner = touchpoint.CustomerID(strongest.Value)
			}
			t.ReceivedAt = max(t.OccurredAt, touchpoint.MillisOf(r.At))
			engine.Annotate(t)
			apply(string(owner), &timeline.Entry{Kind: timeline.Touchpoint, Subject: string(owner), At: t.ReceivedAt, Touchpoint: t})
		}
	}
	for id, s := range all {
		for got := stored[id]; got != nil && s.WakeAt != 0 && s.WakeAt <= got.Now; {
			apply(id, &timeline.Entry{Kind: timeline.Timer, Subject: id, At: s.WakeAt, Timer: &timeline.TimerBody{Name: "wake", Due: s.WakeAt}})
		}
	}
	return all
}

// compareWithTimeline checks comparison (b): states in Redis and alerts at the browser are those of the pure fold over the
// timeline as it is read back.
func (e *e2e) compareWithTimeline() error {
	want, alerts := replayAll(e, TopicTimeline, e.cfg.Topics.TimelinePartitions, BuildCustomers)
	stored := e.stored()
	if len(stored) != len(want) {
		return fmt.Errorf("Redis holds %d customers, the fold %d", len(stored), len(want))
	}
	for id, w := range want {
		if stored[id] == nil {
			return fmt.Errorf("customer %s has no state in Redis", id)
		}
		got, err1 := customer.Encode(nil, stored[id])
		expected, err2 := customer.Encode(nil, w)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if !bytes.Equal(got, expected) {
			return fmt.Errorf("customer %s differs from the fold:\n got %+v\nwant %+v", id, stored[id], w)
		}
	}
	_, places := replayAll[place.State](e, TopicSignals, e.cfg.Topics.PlacePartitions, BuildPlaces)
	if err := e.socket.compare(slices.Concat(alerts, places)); err != nil {
		return err
	}
	return e.compareMinutes()
}

// compareMinutes checks that the archive's minutes are those counted in memory from the timeline as it is read back: counts
// exactly, quantiles within 1 %.
func (e *e2e) compareMinutes() error {
	history, err := e.program.history()
	if err != nil || history == nil {
		return err
	}
	want := archive.Recount(e.facts(), e.standing(), nil)
	first, last := want[0].Minute, want[len(want)-1].Minute
	got, err := history.Minutes(context.Background(), first, last.Add(time.Minute), "")
	if err != nil {
		return fmt.Errorf("read minutes: %w", err)
	}
	if len(got) != len(want) {
		return fmt.Errorf("the archive has %d minutes of a channel, the timeline %d", len(got), len(want))
	}
	near := func(a, b, share float64) bool { return math.Abs(a-b) <= share*max(math.Abs(a), math.Abs(b)) }
	for i, g := range got {
		w := want[i]
		if g.Minute != w.Minute || g.Channel != w.Channel || g.Total != w.Total || g.Negatives != w.Negatives || g.Customers != w.Customers ||
			!near(g.Score, float64(w.ScoreSum)/float64(w.Total)/100, 1e-9) || !near(g.DurationP50, w.P50, 0.01) || !near(g.DurationP95, w.P95, 0.01) {
			return fmt.Errorf("a minute of the archive differs:\n got %+v\nwant %+v", g, w)
		}
	}
	return nil
}

// facts are the touchpoints of the timeline, told apart by minute and channel only.
func (e *e2e) facts() []archive.Fact {
	var facts []archive.Fact
	for p := range e.cfg.Topics.TimelinePartitions {
		for _, rec := range e.entries(TopicTimeline, p) {
			entry, err := timeline.Decode(rec.Value)
			if err != nil {
				e.t.Fatal(err)
			}
			if t := entry.Touchpoint; t != nil && t.Channel != touchpoint.CRM {
				f := archive.FactOf(t)
				f.Place, f.Campaign = "", ""
				facts = append(facts, f)
			}
		}
	}
	return facts
}

// standing are the signals that were reported and not taken back, per customer.
func (e *e2e) standing() map[touchpoint.CustomerID][]signal.Signal {
	type reported struct {
		signal.Report
		source touchpoint.Source
	}
	latest := map[string]reported{}
	for p := range e.cfg.Topics.PlacePartitions {
		for _, rec := range e.entries(TopicSignals, p) {
			entry, err := timeline.Decode(rec.Value)
			if err != nil {
				e.t.Fatal(err)
			}
			var r signal.Report
			if entry.Kind != timeline.Signal {
				continue
			}
			if _, err := r.UnmarshalMsg(entry.Payload); err != nil {
				e.t.Fatal(err)
			}
			id := string(r.Customer) + " " + r.Signal.ID()
			if old, ok := latest[id]; !ok || entry.Source.Offset >= old.source.Offset {
				latest[id] = reported{r, entry.Source}
			}
		}
	}
	all := map[touchpoint.CustomerID][]signal.Signal{}
	for _, r := range latest {
		if !r.Gone {
			all[r.Customer] = append(all[r.Customer], r.Signal)
		}
	}
	return all
}

func TestEndToEnd(t *testing.T) {
	records := int64(20_000)
	cfg, real := realServers(t)
	if !real {
		records = 4_000
		cfg = embeddedServers(t)
		t.Log("TOUCHWATCH_TEST_KAFKA and TOUCHWATCH_TEST_REDIS are not set: the servers are embedded ones, with fewer records")
	}
	e := &e2e{t: t, cfg: cfg}
	e.start()
	e.send(records)
	e.until("everything sent is applied", e.reached(touchpoint.MillisOf(time.Now())))
	e.until("the world's truth", e.compareWithWorld)
	e.until("the fold over the timeline", e.compareWithTimeline)
}

// progress is the time up to which the live picture reaches.
func (a *App) progress() touchpoint.Millis { return a.server.hub.Progress().UpTo }

// testLog writes a program's log to the test's.
func testLog(t *testing.T) io.Writer { return &logWriter{t: t} }

type logWriter struct{ t *testing.T }

func (w *logWriter) Write(p []byte) (int, error) {
	w.t.Log(string(bytes.TrimSpace(p)))
	return len(p), nil
}
