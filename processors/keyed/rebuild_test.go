package keyed

import (
	"context"
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"touchwatch/ingest/fence"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
)

const rebuilder1 = fence.RebuildPrefix + "test/1"

// rebuild makes all partitions of the world anew, from an empty store.
func (w *world) rebuild() {
	w.t.Helper()
	ctx := context.Background()
	if err := w.redis.FlushDB(ctx).Err(); err != nil {
		w.t.Fatal(err)
	}
	told, err := ReadTold(ctx, w.client, Relay{Alerts: w.alerts, AlertPartitions: 1}, func(int) {})
	if err != nil {
		w.t.Fatal(err)
	}
	for p := range partitions {
		if err := w.rebuildOne(p, told); err != nil {
			w.t.Fatal(err)
		}
		if err := Release(ctx, w.options(), p, rebuilder1); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) options() Options {
	return Options{Topic: w.entries, Prefix: CustomerPrefix, Kafka: w.client, Redis: w.redis, Session: 6 * time.Second, Log: slog.New(slog.DiscardHandler)}
}

func (w *world) rebuildOne(p int, told *Told) error {
	_, end, err := stream.Bounds(context.Background(), w.client, w.entries, p)
	if err != nil {
		w.t.Fatal(err)
	}
	return Rebuild(context.Background(), w.options(), func(content []byte) (Logic[tally], error) { return tallyLogic{string(content)}, nil }, p,
		Rebuilding{Member: rebuilder1, Until: end, Told: told, Applied: func(int) {}})
}

// alertIDs are the ids in the topic of alerts, in order.
func (w *world) alertIDs() (ids []string) {
	f := stream.Fetcher{Client: w.client, Topic: w.alerts, MaxBytes: 1 << 20, MaxWait: 10 * time.Millisecond}
	b, err := f.Fetch(context.Background(), 0)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range b.Records {
		var a alertName
		if err := json.Unmarshal(r.Value, &a); err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, a.ID)
	}
	return ids
}

func TestARebuildTellsOnlyWhatNobodyWasToldOf(t *testing.T) {
	w := newWorld(t)
	for i := range 20 {
		w.append([]string{"a"}, int64(i), touchpoint.Millis(10*i+1))
	}
	stop := w.start()
	w.until("two alerts were told", func() bool { return len(w.alertIDs()) == 2 })
	stop()
	for i := 20; i < 40; i++ {
		w.append([]string{"a"}, int64(i), touchpoint.Millis(10*i+1))
	}
	stop = w.startAs(func(o *Options) { o.Relay = Relay{} }) // the store is lost before the relay comes to it
	w.until("all is applied", func() bool { s := w.state("a"); return s != nil && s.N == 40 })
	stop()

	w.rebuild()
	if s := w.state("a"); s == nil || s.N != 40 {
		t.Fatalf("rebuilt %+v, want 40 entries", s)
	}
	waiting, err := w.redis.XRange(context.Background(), keysOf("a").Out(), "-", "+").Result()
	if err != nil || len(waiting) != 2 {
		t.Errorf("%d entries wait in the outbox, %v; two alerts were told and two were not", len(waiting), err)
	}
	w.append([]string{"a"}, 39, 391) // a repeat
	for i := 40; i < 50; i++ {
		w.append([]string{"a"}, int64(i), touchpoint.Millis(10*i+1))
	}
	stop = w.start()
	defer stop()
	w.until("all is applied", func() bool { s := w.state("a"); return s != nil && s.N >= 50 })
	w.until("all is told", func() bool { return len(w.alertIDs()) >= 5 })
	if got := strings.Join(w.alertIDs(), " "); got != "a-10 a-20 a-30 a-40 a-50" {
		t.Errorf("told were %s, want each alert once, in order", got)
	}
	if s := w.state("a"); s.N != 50 {
		t.Errorf("counted %d, want 50", s.N)
	}
}

func TestNobodyTakesAPartitionThatIsBeingRebuilt(t *testing.T) {
	w := newWorld(t)
	w.append([]string{"a"}, 1, 1)
	told := &Told{}
	for p := range partitions {
		if err := w.rebuildOne(p, told); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.rebuildOne(0, told); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a partition that has states: %v, want it refused", err)
	}
	now := touchpoint.MillisOf(time.Now())
	who, err := Alive(context.Background(), w.redis, CustomerPrefix, partitions, now, time.Minute)
	if who != "" || err != nil {
		t.Errorf("alive is %q, %v; a rebuild is no owner at work", who, err)
	}
	metrics := NewMetrics(nil)
	stop := w.startAs(func(o *Options) { o.Metrics = metrics })
	defer stop()
	w.append([]string{"a"}, 2, 2)
	held := func() (n int) {
		for p := range partitions {
			if token, ok := fence.Parse(w.redis.Get(context.Background(), NewKeys(CustomerPrefix, p).Owner()).Val()); ok && token.Member == rebuilder1 {
				n++
			}
		}
		return n
	}
	w.until("workers have tried", func() bool { return testutil.ToFloat64(metrics.sessions.WithLabelValues("held_by_other")) >= 3 })
	if held() != partitions || w.state("a").N != 1 {
		t.Errorf("the rebuild holds %d of %d partitions, %d entries are counted", held(), partitions, w.state("a").N)
	}
	for p := range partitions {
		if err := Release(context.Background(), w.options(), p, rebuilder1); err != nil {
			t.Fatal(err)
		}
	}
	w.until("work goes on once they are released", func() bool { return w.state("a").N == 2 })
	if who, err = Alive(context.Background(), w.redis, CustomerPrefix, partitions, touchpoint.MillisOf(time.Now()), time.Minute); who == "" || err != nil {
		t.Errorf("alive is %q, %v; want the worker", who, err)
	}
}

func TestWhatRelaysCopiedIsKnownByItsPlace(t *testing.T) {
	from := source{"entries", 3}
	copied := &Told{
		relay: Relay{Alerts: "alerts", AlertPartitions: 1, Signals: "signals", SignalPartitions: 1}, versions: map[string]int64{"x": 2},
		signals: map[told]position{{from, 0}: {0, 7, 1}},
	}
	u := untold{told: copied, from: from, wait: map[int][]outEntry{}}
	fx := NewEffects()
	emit := func(offset int64, kind string, bodies ...string) {
		fx.Begin("s", offset)
		for _, b := range bodies {
			fx.Emit(kind, "s", []byte(b))
		}
		u.sift(fx)
	}
	emit(5, OutAlert, `{"id":"old","version":1}`) // deleted from the topic since: a later one is there
	emit(6, OutSignal, "1 a")
	emit(7, OutSignal, "1 b", "1 c", "1 d")
	emit(8, OutAlert, `{"id":"x","version":2}`, `{"id":"x","version":3}`)
	emit(9, OutSignal, "1 e")
	var got []string
	for _, o := range u.after(-1, 0) {
		got = append(got, strconv.FormatInt(o.offset, 10)+"-"+strconv.Itoa(o.index))
	}
	if s := strings.Join(got, " "); s != "7-2 8-1 9-0" || u.n != 3 {
		t.Errorf("untold are %s (%d counted), want 7-2 8-1 9-0", s, u.n)
	}
	if u.keep(9); len(u.after(7, 2)) != 1 || u.n != 2 {
		t.Errorf("after going back to 9: %d wait behind 7-2, %d in all", len(u.after(7, 2)), u.n)
	}
}
