package bench

import (
	"context"
	"strings"
	"testing"

	"touchwatch/cmd/app"
	"touchwatch/deploy/embedded"
)

// given are options on servers that run already.
func given(t *testing.T) Options {
	t.Helper()
	kafka, err := embedded.StartKafka(t.Context(), embedded.KafkaOptions{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kafka.Close() })
	redis, err := embedded.StartRedis(t.Context(), embedded.RedisOptions{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = redis.Close() })
	o := small(t)
	cfg := app.DevConfig(app.DevAddrs{Listen: "127.0.0.1:0", Kafka: kafka.Addr(), Redis: redis.Addr()})
	o.Given = &cfg
	return o
}

func TestGivenServersThatHoldSomethingAreLeftAlone(t *testing.T) {
	o := given(t)
	client, err := o.Given.Redis.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	ctx := context.Background()
	if err := client.Set(ctx, "somebody's", "work", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := app.MigrateTopics(ctx, *o.Given, quiet()); err != nil {
		t.Fatal(err)
	}
	_, err = Run(ctx, o)
	for _, want := range []string{"not empty", "holds 1 keys", "has a topic " + app.TopicTimeline} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to say %q", err, want)
		}
	}
	if left, err := client.Get(ctx, "somebody's").Result(); err != nil || left != "work" {
		t.Errorf("what the servers held reads %q, %v", left, err)
	}
}

func TestGivenServersThatDoNotAnswerAreNamedOnceEach(t *testing.T) {
	o := small(t)
	cfg := app.DevConfig(app.DevAddrs{Listen: "127.0.0.1:0", Kafka: "127.0.0.1:1", Redis: "127.0.0.1:2"})
	o.Given = &cfg
	_, err := Run(t.Context(), o)
	if err == nil {
		t.Fatal("a benchmark ran without servers")
	}
	for _, want := range []string{"cannot ask Redis at 127.0.0.1:2 (redis.addrs)", "cannot ask Kafka at 127.0.0.1:1 (kafka.brokers)", "touchwatch doctor"} {
		if n := strings.Count(err.Error(), want); n != 1 {
			t.Errorf("%q is said %d times, want once: %v", want, n, err)
		}
	}
	if strings.Contains(err.Error(), "not empty") {
		t.Errorf("servers that do not answer are said to hold something: %v", err)
	}
}

func TestGivenServersThatAreEmptyAreMeasured(t *testing.T) {
	t.Parallel()
	o := given(t)
	o.Parts, o.States = []string{PartScale}, nil
	report, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Rows) != 1 || report.Servers != "given" {
		t.Fatalf("got %d rows on %s servers, want 1 on given ones", len(report.Rows), report.Servers)
	}
	mustBeSane(t, &report.Rows[0])
	if _, known := report.Rows[0].Value("CPU " + serverK); known {
		t.Error("the processor time of somebody else's Kafka is made up")
	}
}
