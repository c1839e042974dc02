package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/cmd/faults/oracle"
	"touchwatch/deploy/connect"
	"touchwatch/deploy/embedded"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/simulator/send"
	"touchwatch/ingest/touchpoint"
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
	world   oracle.World // as sent
	redis   redis.UniversalClient
	board   *oracle.Board
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
	if e.board, err = oracle.Watch(program.Addr()); err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(e.board.Close)
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
	options := simulator.Options{Seed: seed, Customers: 800, Rate: rate, Start: start, TroubleShare: 0.1, Duplicates: 0.01}
	world := simulator.New(options)
	sender := send.Sender{Client: client, Log: e.program.log}
	if err := sender.Profiles(ctx, world); err != nil {
		e.t.Fatal(err)
	}
	e.until("the profiles are in the timeline", e.reached(touchpoint.MillisOf(time.Now())))
	sender = send.Sender{Client: client, Log: e.program.log, Limit: n}
	if err := sender.Run(ctx, world); err != nil {
		e.t.Fatal(err)
	}
	e.world = oracle.Sent(options, n)
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

// oracle reads the servers.
func (e *e2e) oracle() *oracle.Oracle {
	e.t.Helper()
	bundle, err := ReadBundle(&e.cfg)
	if err != nil {
		e.t.Fatal(err)
	}
	history, err := e.program.history()
	if err != nil {
		e.t.Fatal(err)
	}
	o := &oracle.Oracle{
		Kafka: e.program.kafka, Redis: e.redis, Timeline: TopicTimeline, Signals: TopicSignals,
		TimelinePartitions: e.cfg.Topics.TimelinePartitions, PlacePartitions: e.cfg.Topics.PlacePartitions,
		Customers: BuildCustomers, Places: BuildPlaces, Settings: mustJSON(e.t, bundle),
	}
	if history != nil {
		o.History = history
	}
	return o
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
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
	o, ctx := e.oracle(), context.Background()
	e.until("the world's truth", func() error { return o.CompareWithWorld(ctx, e.world) })
	e.until("the fold over the timeline", func() error { return o.CompareWithTimeline(ctx, e.board) })
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
