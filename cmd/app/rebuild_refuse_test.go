package app

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"touchwatch/deploy/doctor"
	"touchwatch/processors/keyed"
)

// deleteBefore deletes records of a partition of the timeline as retention does.
func (j *journey) deleteBefore(partition int, offset int64) {
	j.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(j.cfg.Kafka.Brokers...))
	if err != nil {
		j.t.Fatal(err)
	}
	defer client.Close()
	cut := kadm.Offsets{}
	cut.AddOffset(TopicTimeline, int32(partition), offset, -1)
	res, err := kadm.NewClient(client).DeleteRecords(context.Background(), cut)
	if err == nil {
		err = res.Error()
	}
	if err != nil {
		j.t.Fatal(err)
	}
}

// refusedWhileAlive checks that nothing is rebuilt beside a process at work, nor over what it holds, and that nothing is changed then.
func (j *journey) refusedWhileAlive() {
	j.t.Helper()
	if _, err := j.rebuild(RebuildOptions{Yes: true}); !errors.Is(err, ErrAlive) {
		j.t.Errorf("a rebuild beside a process at work: %v, want ErrAlive", err)
	}
	if j.redis.Exists(context.Background(), rebuildKey).Val() != 0 {
		j.t.Error("the mark of a rebuild that was refused is left")
	}
}

// interrupted is a rebuild that deletes everything and goes no further. No process starts meanwhile or afterwards.
func (j *journey) interrupted() {
	j.t.Helper()
	ctx := context.Background()
	first := mark{redis: j.redis, member: rebuildMember(time.Now()), patience: time.Minute}
	if err := first.set(ctx, time.Now()); err != nil {
		j.t.Fatal(err)
	}
	if err := runOnce(j.cfg); !errors.Is(err, ErrRebuilding) || !strings.Contains(err.Error(), "start again when") {
		j.t.Errorf("a process that starts while a rebuild runs: %v", err)
	}
	if _, err := j.rebuild(RebuildOptions{Yes: true}); !errors.Is(err, ErrAlive) {
		j.t.Errorf("a rebuild a moment after a process was stopped: %v, want ErrAlive", err)
	}
	j.forgetOwners()
	if _, err := j.rebuild(RebuildOptions{}); err == nil || !strings.Contains(err.Error(), "--yes deletes them") {
		j.t.Errorf("a rebuild over states: %v", err)
	}
	if _, err := j.rebuild(RebuildOptions{Yes: true}); !errors.Is(err, ErrRebuilding) {
		j.t.Errorf("a rebuild while another one runs: %v", err)
	}
	pressed := errors.New("somebody pressed Ctrl-C")
	_, err := first.whileHeld(ctx, func(ctx context.Context, begun func(context.Context) error) (Rebuilt, error) {
		if err := begun(ctx); err != nil {
			j.t.Fatal(err)
		}
		if _, err := wipe(ctx, j.redis, func(int) {}); err != nil {
			j.t.Fatal(err)
		}
		return Rebuilt{}, pressed
	})
	if !errors.Is(err, pressed) {
		j.t.Fatalf("got %v", err)
	}
	if left, err := first.end(ctx, false); err != nil || !left {
		j.t.Fatalf("the mark is left: %v, %v", left, err)
	}
	if err := runOnce(j.cfg); !errors.Is(err, ErrRebuilding) || !strings.Contains(err.Error(), "run 'touchwatch rebuild redis' again") {
		j.t.Errorf("a process that starts after a rebuild that was interrupted: %v", err)
	}
}

// rebuiltFromWhatIsLeft lets retention delete the beginning of one partition, and loses Redis.
func (j *journey) rebuiltFromWhatIsLeft() {
	j.t.Helper()
	j.deleteBefore(0, 20)
	if _, err := j.rebuild(RebuildOptions{Yes: true}); err == nil || !strings.Contains(err.Error(), "--from-retained") || !strings.Contains(err.Error(), "customer.timeline partition 0 begins at 20") {
		j.t.Fatalf("a log without its beginning: %v", err)
	}
	ctx, whole := context.Background(), j.picture()
	if err := j.redis.FlushAll(ctx).Err(); err != nil {
		j.t.Fatal(err)
	}
	if _, err := j.rebuild(RebuildOptions{FromRetained: true}); err != nil {
		j.t.Fatal(err)
	}
	bundle, err := ReadBundle(&j.cfg)
	if err != nil {
		j.t.Fatal(err)
	}
	cut := keyed.NewKeys(keyed.CustomerPrefix, 0)
	if got := j.redis.Get(ctx, cut.Settings()).Val(); got != string(mustJSON(j.t, bundle)) {
		j.t.Errorf("settings whose activation is no longer in the log: got %q, want those of the configuration", got)
	}
	rebuilt := j.picture()
	for key, want := range whole { // what has its whole log is as before
		if got := rebuilt[key]; strings.HasPrefix(key, "tw:{1}:") && got != want {
			j.t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	if done := j.redis.HGet(ctx, settingsKey, "done").Val(); done != "" {
		j.t.Errorf("settings %s count as active everywhere; one partition has never heard of them", done)
	}
}

// forgetOwners lets the sessions of processes that have ended be over.
func (j *journey) forgetOwners() {
	j.t.Helper()
	ctx := context.Background()
	for _, pattern := range []string{"tw:*:owner", "tw:ingest:*"} {
		keys, err := j.redis.Keys(ctx, pattern).Result()
		if err != nil {
			j.t.Fatal(err)
		}
		for _, key := range keys {
			if strings.HasSuffix(key, ":owner") {
				err = j.redis.Del(ctx, key).Err()
			} else {
				err = j.redis.HDel(ctx, key, "token").Err()
			}
			if err != nil {
				j.t.Fatal(err)
			}
		}
	}
}

// runOnce runs a process until it ends by itself, or a minute is over.
func runOnce(cfg Config) error {
	a, err := New(cfg, Version{Version: "test"}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return a.Run(ctx)
}

func TestAMarkOfARebuildThatDeletedNothingIsTakenAway(t *testing.T) {
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1})
	defer client.Close()
	ctx := context.Background()
	m := mark{redis: client, member: "rebuild/a", patience: time.Minute}
	if err := m.set(ctx, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := wholeRedis(ctx, client, nowMillis(), time.Minute); !errors.Is(err, ErrRebuilding) {
		t.Errorf("a rebuild at work: %v", err)
	}
	if f := checkWhole(ctx, client, time.Minute); f.Severity != doctor.Error {
		t.Errorf("the doctor finds %+v", f)
	}
	if err := wholeRedis(ctx, client, nowMillis().Add(time.Hour), time.Minute); err != nil {
		t.Errorf("a rebuild that was killed before it deleted anything: %v", err)
	}
	if left, err := m.end(ctx, false); err != nil || left || server.Exists(rebuildKey) {
		t.Errorf("the mark of a rebuild that was refused is left: %v, %v", left, err)
	}
}

func TestOnlyWhatARebuildMakesIsDeleted(t *testing.T) {
	for key, want := range map[string]bool{
		"tw:{3}:owner": true, "tw:place:{0}:customers:0ff": true, "tw:{12}:history:cus_1": true, "tw:ingest:{touchpoints.chat-1}": true,
		"tw:alias:email:a@b": true, "tw:settings": true, "tw:partitions": true,
		"tw:silence:{learned}": false, "tw:rebuild": false, "tw:settings:other": false, "tw:{x}:owner": false, "twitter:{1}:a": false,
	} {
		if got := rebuiltKeys.MatchString(key); got != want {
			t.Errorf("%s is deleted: %v, want %v", key, got, want)
		}
	}
}
