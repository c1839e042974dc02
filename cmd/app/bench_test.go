package app

import (
	"context"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"touchwatch/deploy/connect"
	"touchwatch/deploy/embedded"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/simulator/send"
	"touchwatch/processors/keyed"
)

// benchRecords is the backlog of one round: several seconds of work on two cores.
const benchRecords = 100_000

// BenchmarkEndToEnd applies a backlog through all stages but the archive, on servers in this very process, whose work is thus
// part of the figures: touchpoints a second until every customer's state is in Redis, processor time a touchpoint, and the
// size of the states.
func BenchmarkEndToEnd(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		cfg, n := backlog(b)
		cpu, began := processorTime(b), time.Now()
		b.StartTimer()
		stop := applyAll(b, &cfg, n)
		b.StopTimer()
		took, spent := time.Since(began), processorTime(b)-cpu
		b.ReportMetric(float64(n)/took.Seconds(), "touchpoints/s")
		b.ReportMetric(float64(spent.Microseconds())/float64(n), "cpu-µs/touchpoint")
		sizes := stateSizes(b, &cfg)
		b.ReportMetric(mean(sizes), "state-bytes/customer")
		b.ReportMetric(float64(sizes[len(sizes)*95/100]), "state-bytes-p95")
		stop()
		b.StartTimer()
	}
}

// backlog starts servers, creates the topics and fills them with the simulator's records; it returns how many touchpoints
// there are.
func backlog(b *testing.B) (Config, int64) {
	ctx := context.Background()
	kafka, err := embedded.StartKafka(ctx, embedded.KafkaOptions{Listen: "127.0.0.1:0", MaxBytes: 4 << 30})
	must(b, err)
	b.Cleanup(func() { kafka.Close() })
	redis, err := embedded.StartRedis(ctx, embedded.RedisOptions{Listen: "127.0.0.1:0"})
	must(b, err)
	b.Cleanup(func() { redis.Close() })
	cfg := DevConfig(DevAddrs{Listen: "127.0.0.1:0", Kafka: kafka.Addr(), Redis: redis.Addr()})
	must(b, MigrateTopics(ctx, cfg, slog.New(slog.DiscardHandler)))
	client, err := cfg.Kafka.Client()
	must(b, err)
	defer connect.CloseKafka(client)
	world := simulator.New(simulator.Options{Seed: seed, Customers: 10_000, Rate: 1000, Start: time.Now().Add(-10 * time.Minute), TroubleShare: 0.05})
	sender := send.Sender{Client: client, Log: slog.New(slog.DiscardHandler), Limit: benchRecords}
	must(b, sender.Run(ctx, world))
	total := int64(0)
	for _, count := range world.Truth().Touchpoints {
		total += count
	}
	return cfg, total
}

// applyAll runs the program until n touchpoints are counted in Redis.
func applyAll(b *testing.B, cfg *Config, n int64) (stop func()) {
	program, err := New(*cfg, Version{Version: "bench"}, slog.New(slog.DiscardHandler))
	must(b, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- program.Run(ctx) }()
	deadline := time.Now().Add(3 * time.Minute)
	for applied(b, program) < n {
		if time.Now().After(deadline) {
			b.Fatalf("%d of %d touchpoints applied after 3 minutes", applied(b, program), n)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return func() {
		cancel()
		must(b, <-done)
		runtime.GC()
	}
}

// applied counts the touchpoints in the live minutes.
func applied(b *testing.B, a *App) int64 {
	total := int64(0)
	for p := range a.cfg.Topics.TimelinePartitions {
		counts, err := a.redis.HVals(context.Background(), keyed.NewKeys(keyed.CustomerPrefix, p).Live()).Result()
		must(b, err)
		for _, c := range counts {
			total += totalOf(b, c)
		}
	}
	return total
}

// totalOf reads the total of one minute's counts, which begin with it.
func totalOf(b *testing.B, counts string) int64 {
	const prefix = `{"total":`
	end := len(prefix)
	for end < len(counts) && counts[end] >= '0' && counts[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(counts[len(prefix):end], 10, 64)
	must(b, err)
	return n
}

// stateSizes returns the stored sizes of all customers' states, smallest first.
func stateSizes(b *testing.B, cfg *Config) []int {
	client, err := cfg.Redis.Client()
	must(b, err)
	defer client.Close()
	var sizes []int
	for p := range cfg.Topics.TimelinePartitions {
		keys := keyed.NewKeys(keyed.CustomerPrefix, p)
		for bucket := range keyed.Buckets {
			states, err := client.HVals(context.Background(), keys.Bucket(bucket)).Result()
			must(b, err)
			for _, s := range states {
				sizes = append(sizes, len(s))
			}
		}
	}
	slices.Sort(sizes)
	return sizes
}

func mean(sizes []int) float64 {
	sum := 0
	for _, s := range sizes {
		sum += s
	}
	return float64(sum) / float64(len(sizes))
}

// processorTime is the user and system time of this process so far.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
