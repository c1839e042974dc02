package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"touchwatch/cmd/faults/oracle"
	"touchwatch/deploy/connect"
	"touchwatch/ingest/identity"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/simulator/send"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/keyed"
)

// journey is a world that is sent in parts, over several lives of the program.
type journey struct {
	e2e
	options simulator.Options
	world   *simulator.World
	sent    int64
}

func newJourney(t *testing.T, cfg Config, n int64) *journey {
	t.Helper()
	const rate = 50
	j := &journey{e2e: e2e{t: t, cfg: cfg}, options: simulator.Options{
		Seed: seed, Customers: 400, Rate: rate, Start: time.Now().Add(-time.Duration(n/rate+120) * time.Second), TroubleShare: 0.15, Duplicates: 0.01,
	}}
	j.world = simulator.New(j.options)
	client, err := cfg.Redis.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	j.redis = client
	return j
}

// live runs the program until stop.
func (j *journey) live() (stop func()) {
	j.t.Helper()
	j.program, stop = play(j.t, j.cfg)
	wait, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if !j.program.WaitPrepared(wait) {
		j.t.Fatal("topics and settings were not there within a minute")
	}
	return stop
}

// travel sends the next n records and waits until they are applied.
func (j *journey) travel(n int64) {
	j.t.Helper()
	ctx := context.Background()
	client, err := j.cfg.Kafka.Client()
	if err != nil {
		j.t.Fatal(err)
	}
	defer connect.CloseKafka(client)
	if j.sent == 0 {
		profiles := send.Sender{Client: client, Log: slog.New(slog.DiscardHandler)}
		if err := profiles.Profiles(ctx, j.world); err != nil {
			j.t.Fatal(err)
		}
		j.until("the profiles are in the timeline", j.reached(touchpoint.MillisOf(time.Now())))
	}
	sender := send.Sender{Client: client, Log: slog.New(slog.DiscardHandler), Limit: n}
	if err := sender.Run(ctx, j.world); err != nil {
		j.t.Fatal(err)
	}
	j.sent += n
	j.until("everything sent is applied", j.reached(touchpoint.MillisOf(time.Now())))
}

// compare compares everything with the world and with the undisturbed fold over the timeline.
func (j *journey) compare() {
	j.t.Helper()
	o, ctx := j.oracle(), context.Background()
	o.Alerts = TopicAlerts
	j.until("the world's truth", func() error { return o.CompareWithWorld(ctx, oracle.Sent(j.options, j.sent)) })
	j.until("the fold over the timeline", func() error {
		board, err := o.Told(ctx, TopicAlerts, j.cfg.Topics.PlacePartitions)
		if err != nil {
			return err
		}
		return o.CompareWithTimeline(ctx, board)
	})
}

func (j *journey) rebuild(opt RebuildOptions) (Rebuilt, error) {
	opt.Log = slog.New(slog.NewTextHandler(testLog(j.t), nil))
	return RebuildRedis(context.Background(), j.cfg, opt)
}

// repeats is how many records of the topics of alerts and signals say what another one says.
func (j *journey) repeats() (n int) {
	j.t.Helper()
	client, err := j.cfg.Kafka.Client()
	if err != nil {
		j.t.Fatal(err)
	}
	defer connect.CloseKafka(client)
	seen := map[any]bool{}
	for _, topic := range []string{TopicAlerts, TopicSignals} {
		for p := range j.cfg.Topics.PlacePartitions {
			for _, r := range read(j.t, client, topic, p) {
				var name any
				if topic == TopicAlerts {
					var a struct {
						ID      string
						Version int64
					}
					if err := json.Unmarshal(r.Value, &a); err != nil {
						j.t.Fatal(err)
					}
					name = a
				} else if e, err := timeline.Decode(r.Value); err != nil {
					j.t.Fatal(err)
				} else if e.Kind == timeline.Signal {
					name = e.Source
				} else {
					continue
				}
				if seen[name] {
					n++
				}
				seen[name] = true
			}
		}
	}
	if len(seen) == 0 {
		j.t.Fatal("nothing was told: the world is too calm to test anything")
	}
	return n
}

// read reads a partition from its beginning to its end.
func read(t *testing.T, client *kafka.Client, topic string, partition int) (all []stream.Record) {
	t.Helper()
	f := stream.Fetcher{Client: client, Topic: topic, Partition: partition, MaxBytes: 4 << 20, MaxWait: 50 * time.Millisecond}
	for next := int64(0); ; {
		b, err := f.Fetch(context.Background(), next)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b.Records...)
		if next = b.Next; next >= b.HighWatermark {
			return all
		}
	}
}

// picture is all that a rebuild has to make again: key and field → content. Left out is what names a process or depends on where
// batches ended: owners, beats, outboxes behind the relay, how much a history holds beyond its bound.
func (j *journey) picture() map[string]string {
	j.t.Helper()
	ctx, all := context.Background(), map[string]string{}
	keys, err := j.redis.Keys(ctx, "tw:*").Result()
	if err != nil {
		j.t.Fatal(err)
	}
	for _, key := range keys {
		switch {
		case strings.HasSuffix(key, ":timers"), strings.HasSuffix(key, ":risk"):
			for _, z := range j.redis.ZRangeWithScores(ctx, key, 0, -1).Val() {
				all[fmt.Sprintf("%s %q", key, z.Member)] = fmt.Sprint(z.Score)
			}
		case strings.Contains(key, ":history:"):
			all[key] = strings.Join(j.redis.LRange(ctx, key, -50, -1).Val(), "\n")
		case strings.HasSuffix(key, ":offset"), strings.HasSuffix(key, ":sources"), strings.HasSuffix(key, ":alerts"), strings.HasSuffix(key, ":live"),
			strings.Contains(key, ":customers:"), key == settingsKey, key == partitionsKey:
			for field, value := range j.redis.HGetAll(ctx, key).Val() {
				all[key+" "+field] = value
			}
		case strings.HasSuffix(key, ":settings"):
			all[key] = j.redis.Get(ctx, key).Val()
		case strings.HasPrefix(key, identity.Prefix):
			link := j.redis.Get(ctx, key).Val()
			all[key] = link[strings.LastIndexByte(link, ' ')+1:] // whose it is; which of several records said so may differ
		}
	}
	return all
}

// differ reports the first differences of two pictures.
func differ(t *testing.T, got, want map[string]string) {
	t.Helper()
	shown := 0
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if g, ok := got[k]; (!ok || g != want[k]) && shown < 10 {
			shown++
			t.Errorf("%s: got %q (%v), want %q", k, g, ok, want[k])
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok && shown < 10 {
			shown++
			t.Errorf("%s: %q was not there before", k, got[k])
		}
	}
}

// TestRebuild loses everything in Redis twice: in the middle of a world, and when the log has lost its beginning as well.
func TestRebuild(t *testing.T) {
	cfg := embeddedServers(t)
	cfg.ClickHouse = connect.ClickHouse{}
	j := newJourney(t, cfg, 2_400)
	stop := j.live()
	j.travel(1_600)
	j.compare()
	j.refusedWhileAlive()
	stop()
	before, repeats := j.picture(), j.repeats()
	j.interrupted()

	done, err := j.rebuild(RebuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	differ(t, j.picture(), before)
	if done.Customers == 0 || done.Places == 0 || done.Links == 0 || done.Unfinished > 0 || len(done.Warnings) > 0 {
		t.Errorf("rebuilt %+v", done)
	}
	if waiting := j.waiting(); waiting > 0 {
		t.Errorf("%d alerts and signals wait to be told, all were told before", waiting)
	}

	stop = j.live()
	j.travel(800)
	j.compare()
	if again := j.repeats(); again != repeats {
		t.Errorf("after the rebuild %d alerts and signals stand in Kafka more than once, before it were %d", again, repeats)
	}
	stop()
	j.rebuiltFromWhatIsLeft()
}

// waiting is how many entries the outboxes hold.
func (j *journey) waiting() (n int64) {
	for prefix, partitions := range map[string]int{keyed.CustomerPrefix: j.cfg.Topics.TimelinePartitions, keyed.PlacePrefix: j.cfg.Topics.PlacePartitions} {
		for p := range partitions {
			n += j.redis.XLen(context.Background(), keyed.NewKeys(prefix, p).Out()).Val()
		}
	}
	return n
}
