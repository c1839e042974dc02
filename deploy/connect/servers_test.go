package connect

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	mserver "github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
)

// brokers returns the addresses of an in-process broker, and of a real one when TOUCHWATCH_TEST_KAFKA names it.
func brokers(t *testing.T) map[string][]string {
	t.Helper()
	fake, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	list := map[string][]string{"embedded": fake.ListenAddrs()}
	if addr := os.Getenv("TOUCHWATCH_TEST_KAFKA"); addr != "" {
		list["real"] = strings.Split(addr, ",")
	} else {
		t.Log("TOUCHWATCH_TEST_KAFKA is not set: only the embedded broker is tested")
	}
	return list
}

func TestEnsureTopicsCreatesWhatIsMissingAndComparesTheRest(t *testing.T) {
	for name, addrs := range brokers(t) {
		t.Run(name, func(t *testing.T) {
			client, err := Kafka{Brokers: addrs}.Client()
			if err != nil {
				t.Fatal(err)
			}
			defer CloseKafka(client)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			suffix := time.Now().Format("-150405.000000")
			a := Topic{Name: "connect-a" + suffix, Partitions: 3, Config: map[string]string{"retention.ms": "60000", "cleanup.policy": "delete"}}
			b := Topic{Name: "connect-b" + suffix, Partitions: 1, Replication: 1}
			if _, err := PartitionCount(ctx, client, a.Name); !errors.Is(err, kafka.UnknownTopicOrPartition) {
				t.Errorf("count of a topic that does not exist: %v", err)
			}
			for _, topics := range [][]Topic{{a}, {a, b}, {a, b}} {
				if err := EnsureTopics(ctx, client, topics); err != nil {
					t.Fatal(err)
				}
			}
			if n, err := PartitionCount(ctx, client, a.Name); err != nil || n != 3 {
				t.Errorf("%d partitions, %v", n, err)
			}
			res, err := client.Produce(ctx, &kafka.ProduceRequest{
				Topic: a.Name, Partition: 2, RequiredAcks: kafka.RequireAll,
				Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes([]byte("x"))}),
			})
			if err != nil || res.Error != nil {
				t.Errorf("a topic just ensured refuses a record: %v %v", err, res)
			}
			a.Partitions, b.Partitions = 4, 2
			err = EnsureTopics(ctx, client, []Topic{a, b})
			if err == nil || !strings.Contains(err.Error(), a.Name+" has 3 partitions, configured are 4") || !strings.Contains(err.Error(), b.Name+" has 1") {
				t.Errorf("other partition counts: %v", err)
			}
		})
	}
}

func TestEnsureTopicsNamesTheBrokerThatIsNotThere(t *testing.T) {
	client, err := Kafka{Brokers: []string{"127.0.0.1:1"}}.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer CloseKafka(client)
	err = EnsureTopics(t.Context(), client, []Topic{{Name: "x", Partitions: 1}})
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("no broker: %v", err)
	}
}

func TestRedisClientsAreQuiet(t *testing.T) {
	server := miniredis.RunT(t)
	var out bytes.Buffer
	LogRedis(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	options := Redis{Addrs: []string{server.Addr()}}
	for name, build := range map[string]func() (redis.UniversalClient, error){"Client": options.Client, "StateClient": options.StateClient} {
		c, err := build()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Set(t.Context(), name, 1, 0).Err(); err != nil {
			t.Error(err)
		}
		_ = c.Close()
	}
	if out.Len() > 0 {
		t.Errorf("the redis client logged:\n%s", out.String())
	}
}

func TestOnlyClientSendsACommandAgain(t *testing.T) {
	options := Redis{Addrs: []string{""}}
	for name, want := range map[string]int{"Client": 4, "StateClient": 1} {
		server := miniredis.RunT(t)
		options.Addrs[0] = server.Addr()
		build := options.Client
		if name == "StateClient" {
			build = options.StateClient
		}
		c, err := build()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if err := c.Ping(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		sent := 0
		server.Server().SetPreHook(func(p *mserver.Peer, cmd string, _ ...string) bool {
			if cmd != "INCR" {
				return false
			}
			sent++
			p.WriteError("LOADING not yet")
			return true
		})
		if err := c.Incr(t.Context(), "a").Err(); err == nil {
			t.Errorf("%s: the error did not reach the caller", name)
		}
		if sent != want {
			t.Errorf("%s sent the command %d times, want %d", name, sent, want)
		}
	}
}
