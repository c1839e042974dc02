package keyed

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"touchwatch/deploy/connect"
	"touchwatch/deploy/embedded/twin"
	"touchwatch/ingest/fence"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// trial is one sequence of entries and faults, compared with what a correct runtime makes of the entries alone.
type trial struct {
	w       *world
	enemy   *saboteur
	through redis.UniversalClient // the runtime's way to Redis
	metrics *Metrics
	stop    func() // of the runtime

	outruns, setbacks int

	source string   // raw topic of this trial
	next   int64    // next raw offset
	names  []string // subjects of this trial
	sent   []*timeline.Entry
	copy   copied            // of Redis, earlier in this trial
	want   map[string]*tally // the model: every distinct entry once
}

func newTrial(w *world, enemy *saboteur, m *Metrics, number int) *trial {
	x := &trial{w: w, enemy: enemy, metrics: m, source: fmt.Sprintf("raw%d", number), want: map[string]*tally{}}
	for i := range 4 {
		x.names = append(x.names, fmt.Sprintf("cus_%d_%d", number, i))
	}
	client, err := connect.Redis{Addrs: []string{enemy.addr}, DB: w.store.DB}.StateClient()
	if err != nil {
		w.t.Fatal(err)
	}
	x.through = client
	x.start()
	return x
}

func (x *trial) start() {
	x.stop = x.w.startAs(func(o *Options) { o.Redis, o.Metrics = x.through, x.metrics })
}

// end stops what runs.
func (x *trial) end() {
	x.stop()
	_ = x.through.Close()
}

// write appends entries, and now and then one that was appended before.
func (x *trial) write(t *rapid.T) {
	for range rapid.IntRange(1, 12).Draw(t, "entries") {
		if len(x.sent) > 0 && rapid.IntRange(0, 3).Draw(t, "again") == 0 {
			// Ingest repeats from some point on, in order: never one old entry alone.
			for _, e := range x.sent[rapid.IntRange(max(0, len(x.sent)-6), len(x.sent)-1).Draw(t, "from"):] {
				x.w.produce(e)
			}
			continue
		}
		subject := rapid.SampledFrom(x.names).Draw(t, "subject")
		e := &timeline.Entry{
			Kind: timeline.Touchpoint, Subject: subject, At: touchpoint.Millis(rapid.IntRange(1, 900).Draw(t, "at")),
			Source: touchpoint.Source{Topic: x.source, Offset: x.next},
		}
		x.next++
		x.w.produce(e)
		x.sent = append(x.sent, e)
		if x.want[subject] == nil {
			x.want[subject] = &tally{Subject: subject}
		}
		x.want[subject].N++
		x.want[subject].Sum += e.At
	}
}

func (x *trial) restart(*rapid.T) { x.stop(); x.start() }

// steal writes another member's token: a zombie, whose generation is long over, that came too late to read the offset.
func (x *trial) steal(t *rapid.T) {
	before := x.lost()
	thief := fence.Token{Generation: -1, Member: "thief", Heartbeat: 1}
	keys := NewKeys(CustomerPrefix, rapid.IntRange(0, partitions-1).Draw(t, "partition"))
	if err := x.w.redis.Set(context.Background(), keys.Owner(), thief.String(), 0).Err(); err != nil {
		t.Fatal(err)
	}
	x.w.until("the worker takes the partition again", func() bool {
		return x.lost() > before || x.w.redis.Get(context.Background(), keys.Owner()).Val() != thief.String()
	})
}

// lost is how often a worker found that its partition is another's.
func (x *trial) lost() float64 { return testutil.ToFloat64(x.metrics.sessions.WithLabelValues("lost")) }

// loseReply lets a flush take effect and its answer never arrive.
func (x *trial) loseReply(t *rapid.T) { x.lose(t, &x.enemy.loseReply, &x.enemy.replies) }

// loseRequest lets a flush never arrive.
func (x *trial) loseRequest(t *rapid.T) { x.lose(t, &x.enemy.loseRequest, &x.enemy.requests) }

// lose orders a loss and writes entries until it has happened.
func (x *trial) lose(t *rapid.T, order, happened *atomic.Int64) {
	before := happened.Load()
	order.Add(1)
	x.write(t)
	x.w.until("a flush is lost", func() bool { return happened.Load() > before })
}

// outrun holds a flush back until another owner has applied what it says and more: the worker was declared dead, and is not.
func (x *trial) outrun(t *rapid.T) {
	before := x.lost()
	x.enemy.hold.Add(1)
	x.write(t)
	<-x.enemy.holding
	stop := x.w.startAs(func(o *Options) {
		o.Group = twin.Unique("successor")                            // in its first generation, so that the worker may take the partition back afterwards
		o.Now = func() time.Time { return time.Now().Add(time.Hour) } // to it the worker has been silent for long
	})
	x.write(t)
	x.applied("the successor has applied everything")
	for p := range partitions {
		key := NewKeys(CustomerPrefix, p).Offset()
		if next, err := x.w.redis.HGet(context.Background(), key, "next").Int64(); err == nil {
			x.enemy.notBehind(key, next)
		}
	}
	x.enemy.release <- struct{}{}
	x.w.until("the worker sees that it lost the partition", func() bool { return x.lost() > before })
	stop()
	x.outruns++
}

// remember copies Redis for a later setBack.
func (x *trial) remember(*rapid.T) {
	x.stop()
	x.copy = x.w.everything()
	x.start()
}

// setBack is a failover to a replica that had not heard everything yet.
func (x *trial) setBack(t *rapid.T) {
	if x.copy == nil {
		x.remember(t)
		x.write(t)
	}
	x.enemy.forgetFloor()
	x.w.setBack(x.copy)
	x.setbacks++
}

// never checks what holds at any moment: nothing took effect that was not written, nothing twice, and nothing of an owner that was
// outrun.
func (x *trial) never(t *rapid.T) {
	if wrong := x.enemy.violations(); len(wrong) > 0 {
		t.Fatalf("%v", wrong)
	}
	for subject, want := range x.want {
		if got := x.w.state(subject); got != nil && (got.N > want.N || got.Sum > want.Sum) {
			t.Fatalf("%s: %d entries with sum %d took effect, only %d with %d were written", subject, got.N, got.Sum, want.N, want.Sum)
		}
	}
}

// applied waits until everything that was written has taken effect.
func (x *trial) applied(what string) {
	differs := ""
	x.w.untilOr(what, func() bool {
		differs = ""
		for _, subject := range slices.Sorted(maps.Keys(x.want)) {
			want, got := x.want[subject], x.w.state(subject)
			if got == nil || got.N != want.N || got.Sum != want.Sum {
				differs += fmt.Sprintf("%s: got %+v, want %+v\n", subject, got, want)
			}
		}
		return differs == ""
	}, func() string { return differs })
}

// settle waits until everything has taken effect and compares all that a flush writes.
func (x *trial) settle(t *rapid.T) {
	x.applied("every entry took effect")
	x.never(t)
	if got, want := x.outbox(t), x.alerts(); !slices.Equal(got, want) {
		t.Fatalf("outbox: got %v, want %v", got, want)
	}
	for subject, want := range x.want {
		if got := x.w.redis.ZScore(context.Background(), keysOf(subject).Risk(), subject).Val(); got != float64(want.N) {
			t.Fatalf("rank of %s: got %v, want %d", subject, got, want.N)
		}
	}
}

// alerts are those that the entries call for: every tenth of a subject.
func (x *trial) alerts() []string {
	var all []string
	for subject, want := range x.want {
		for n := 10; n <= want.N; n += 10 {
			all = append(all, subject+"-"+strconv.Itoa(n))
		}
	}
	slices.Sort(all)
	return all
}

// outbox are the alerts of this trial's subjects in the outboxes.
func (x *trial) outbox(t *rapid.T) []string {
	var all []string
	for p := range partitions {
		entries, err := x.w.redis.XRange(context.Background(), NewKeys(CustomerPrefix, p).Out(), "-", "+").Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if subject, _ := e.Values["key"].(string); x.want[subject] != nil {
				body, _ := e.Values["body"].(string)
				id, _, _ := strings.Cut(strings.TrimPrefix(body, `{"id":"`), `"`)
				all = append(all, id)
			}
		}
	}
	slices.Sort(all)
	return all
}

func TestWhateverHappensEachEntryTakesEffectOnce(t *testing.T) {
	sparingly(t)
	w := newWorld(t)
	enemy, metrics := newSaboteur(t, w.store.Addr), NewMetrics(nil)
	trials, total, outruns, setbacks := 0, 0, 0, 0
	lost, repeats := metrics.sessions.WithLabelValues("lost"), metrics.repeats
	allFaults := func() bool {
		return enemy.replies.Load() > 0 && enemy.requests.Load() > 0 && outruns > 0 && setbacks > 0 && testutil.ToFloat64(lost) > 0 && testutil.ToFloat64(repeats) > 0
	}
	for round := 0; round < 3 && !allFaults(); round++ { // chance leaves one out now and then
		rapid.Check(t, func(t *rapid.T) {
			trials++
			x := newTrial(w, enemy, metrics, trials)
			defer x.end()
			t.Repeat(map[string]func(*rapid.T){
				"write": x.write, "write more": x.write, "restart": x.restart, "steal": x.steal, "lose the reply": x.loseReply,
				"lose the request": x.loseRequest, "outrun": x.outrun, "remember": x.remember, "set back": x.setBack,
				"": x.never,
			})
			x.settle(t)
			total, outruns, setbacks = total+len(x.sent), outruns+x.outruns, setbacks+x.setbacks
		})
	}
	t.Logf("%d trials, %d entries; lost %d replies and %d requests of a flush, outran %d; set Redis back %d times; a partition was lost %v times, %v repeats skipped",
		trials, total, enemy.replies.Load(), enemy.requests.Load(), outruns, setbacks, testutil.ToFloat64(lost), testutil.ToFloat64(repeats))
	if !allFaults() {
		t.Error("a fault was never injected: this run proves nothing")
	}
	w.countsOnce(t, total)
}

// countsOnce checks the counters that all trials share: one per entry.
func (w *world) countsOnce(t *testing.T, entries int) {
	t.Helper()
	total := int64(0)
	for p := range partitions {
		for _, v := range w.redis.HGetAll(context.Background(), NewKeys(CustomerPrefix, p).Live()).Val() {
			var c Counts
			if err := unmarshal(v, &c); err != nil {
				t.Fatal(err)
			}
			total += c.Total
		}
	}
	if total != int64(entries) {
		t.Errorf("the boards' counters add up to %d, want %d", total, entries)
	}
}

// sparingly makes rapid try fewer and shorter sequences than usual, as each takes real servers and real time. Flags on the command
// line win.
func sparingly(t *testing.T) {
	t.Helper()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, value := range map[string]string{"rapid.checks": "10", "rapid.steps": "12", "rapid.nofailfile": "true"} {
		if f := flag.Lookup(name); !given[name] {
			before := f.Value.String()
			t.Cleanup(func() { _ = f.Value.Set(before) })
			if err := f.Value.Set(value); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// untilOr waits like until, and says how things stand when they do not come about.
func (w *world) untilOr(what string, cond func() bool, state func() string) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("not within a minute: %s\n%s", what, state())
		}
	}
}

func TestANewEpochIsAppliedAndTheOldOneIsOver(t *testing.T) {
	w := newWorld(t)
	stop := w.start()
	defer stop()
	at := func(epoch int32, offset int64) *timeline.Entry {
		return &timeline.Entry{Kind: timeline.Touchpoint, Subject: "cus_1", At: 5, Source: touchpoint.Source{Topic: "raw", Epoch: epoch, Offset: offset}}
	}
	w.produce(at(0, 50), at(1, 0), at(1, 1), at(0, 51), at(1, 1), at(0, 1<<40), at(1, 2))
	w.until("all applied", func() bool {
		_, last, err := stream.Bounds(context.Background(), w.client, w.entries, timeline.Partition("cus_1", partitions))
		return err == nil && w.redis.HGet(context.Background(), keysOf("cus_1").Offset(), "next").Val() == strconv.FormatInt(last, 10)
	})
	if got := w.state("cus_1").N; got != 4 {
		t.Errorf("%d entries took effect, want 4: offset 50 of the first epoch, and 0, 1, 2 of the second", got)
	}
	if got := w.redis.HGet(context.Background(), keysOf("cus_1").Sources(), "raw/0").Val(); got != "1/2/0" {
		t.Errorf("last applied: got %s, want 1/2/0", got)
	}
}
