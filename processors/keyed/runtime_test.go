package keyed

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"touchwatch/ingest/fence"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

func subjects(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = "cus_" + strconv.Itoa(i)
	}
	return all
}

func TestEveryEntryTakesEffectOnceAcrossRestartsAndRepeats(t *testing.T) {
	w := newWorld(t)
	all := subjects(7)
	w.append(all, 0, 5)
	stop := w.start()
	w.until("first entries applied", func() bool { s := w.state("cus_6"); return s != nil && s.N == 1 })
	for offset := range int64(12) {
		w.append(all, offset, 5) // offset 0 is a repeat
		if offset == 5 {
			stop()
			stop = w.start()
		}
	}
	w.until("all applied", func() bool {
		for _, s := range all {
			if got := w.state(s); got == nil || got.N != 12 {
				return false
			}
		}
		return true
	})
	stop()
	for _, s := range all {
		if got := w.state(s); got.N != 12 || got.Sum != 60 {
			t.Errorf("%s: got %d entries with sum %d, want 12 with 60", s, got.N, got.Sum)
		}
	}
	total := int64(0)
	for p := range partitions {
		keys := NewKeys(CustomerPrefix, p)
		for _, v := range w.redis.HGetAll(context.Background(), keys.Live()).Val() {
			var c Counts
			if err := unmarshal(v, &c); err != nil {
				t.Fatal(err)
			}
			total += c.Total
		}
	}
	if total != 7*12 {
		t.Errorf("live counts add up to %d, want %d", total, 7*12)
	}
}

func TestAlertsReachTheOutboxAndKafkaOnceInOrder(t *testing.T) {
	w := newWorld(t)
	stop := w.start()
	defer stop()
	for offset := range int64(30) {
		w.append([]string{"cus_1"}, offset, 5)
	}
	f := stream.Fetcher{Client: w.client, Topic: w.alerts, MaxBytes: 1 << 20, MaxWait: fetchWait}
	var got []string
	next := int64(0)
	w.until("three alerts in Kafka", func() bool {
		b, err := f.Fetch(context.Background(), next)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range b.Records {
			got = append(got, string(r.Value))
		}
		next = b.Next
		return len(got) >= 3
	})
	for i, body := range got {
		if want := `{"id":"cus_1-` + strconv.Itoa(10*(i+1)) + `","phase":"firing"}`; body != want {
			t.Errorf("alert %d: got %s, want %s", i, body, want)
		}
	}
	keys := keysOf("cus_1")
	if n := w.redis.HLen(context.Background(), keys.Alerts()).Val(); n != 3 {
		t.Errorf("current alerts: got %d, want 3", n)
	}
}

func TestAZombieWritesNothingAfterItsSuccessorTookOver(t *testing.T) {
	w := newWorld(t)
	stop := w.start()
	w.append([]string{"cus_1"}, 0, 5)
	w.until("first entry applied", func() bool { s := w.state("cus_1"); return s != nil && s.N == 1 })
	keys := keysOf("cus_1")
	successor := fence.Token{Generation: 99, Member: "successor", Heartbeat: touchpoint.Millis(1) << 50}
	if err := w.redis.Set(context.Background(), keys.Owner(), successor.String(), 0).Err(); err != nil {
		t.Fatal(err)
	}
	w.append([]string{"cus_1"}, 1, 5)
	w.append([]string{"cus_1"}, 2, 5)
	other := "cus_0"
	for timeline.Partition(other, partitions) == timeline.Partition("cus_1", partitions) {
		other += "x"
	}
	w.append([]string{other}, 3, 5) // proves that the process is alive and applying elsewhere
	w.until("the other partition goes on", func() bool { s := w.state(other); return s != nil && s.N == 1 })
	stop()
	if s := w.state("cus_1"); s.N != 1 {
		t.Errorf("a zombie applied %d entries after it was fenced", s.N-1)
	}
	if got := w.redis.Get(context.Background(), keys.Owner()).Val(); got != successor.String() {
		t.Errorf("the successor's token was overwritten: %q", got)
	}
}

func TestSettingsTakeEffectAtTheirPlaceInTheLog(t *testing.T) {
	w := newWorld(t)
	w.append([]string{"cus_1"}, 0, 5)
	for p := range partitions {
		value, err := timeline.Encode(nil, &timeline.Entry{Kind: timeline.Config, Config: &timeline.ConfigBody{Sequence: 1, Content: []byte("strict")}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Produce(context.Background(), w.client, w.entries, p, []stream.Record{{Value: value}}); err != nil {
			t.Fatal(err)
		}
	}
	w.append([]string{"cus_2"}, 1, 5)
	stop := w.start()
	w.until("both applied", func() bool { return w.state("cus_1") != nil && w.state("cus_2") != nil })
	stop()
	if got := w.state("cus_1").Settings; got != "" {
		t.Errorf("an entry before the settings was folded under %q", got)
	}
	if got := w.state("cus_2").Settings; got != "strict" {
		t.Errorf("an entry behind the settings was folded under %q", got)
	}
	stop = w.start() // they stay active for the next owner
	w.append([]string{"cus_1"}, 2, 5)
	w.until("applied after a restart", func() bool { return w.state("cus_1").N == 2 })
	stop()
	if got := w.state("cus_1").Settings; got != "strict" {
		t.Errorf("after a restart an entry was folded under %q", got)
	}
}

func TestATimerWaitsForTheProgressOfItsSources(t *testing.T) {
	w := newWorld(t)
	stop := w.start()
	defer stop()
	w.append([]string{"cus_1"}, 0, 7000)
	w.until("applied", func() bool { return w.state("cus_1") != nil })
	keys := keysOf("cus_1")
	if n := w.redis.ZCard(context.Background(), keys.Timers()).Val(); n != 1 {
		t.Fatalf("armed timers: got %d, want 1", n)
	}
	w.upTo.Store(2)
	w.until("a later progress is reached with the timer armed", func() bool {
		return w.redis.HGet(context.Background(), keys.Relay(), "up_to").Val() == "2"
	})
	// Due timers are appended when a progress is reached, so what is appended after the next batch stands behind them.
	for n := range 2 {
		w.append([]string{"cus_1"}, int64(n+1), 5)
		w.until("more applied while upstream stands before the timer", func() bool { return w.state("cus_1").N == n+2 })
	}
	if got := w.state("cus_1").Timers; got != 0 {
		t.Fatalf("a timer fired before its sources had passed it")
	}
	w.upTo.Store(7000)
	w.until("the timer fires once upstream has passed it", func() bool { return w.state("cus_1").Timers == 1 })
}

func TestAnEntryOfAnotherVersionStopsItsPartitionWithAReason(t *testing.T) {
	w := newWorld(t)
	if _, err := stream.Produce(context.Background(), w.client, w.entries, 0, []stream.Record{{Value: []byte{9, 1, 2}}}); err != nil {
		t.Fatal(err)
	}
	stop := w.start()
	defer stop()
	w.until("the partition says why it stands still", func() bool {
		return strings.Contains(w.runtime.Halted(), "partition 0 offset 0: unknown timeline entry version")
	})
	if n := w.redis.HGet(context.Background(), NewKeys(CustomerPrefix, 0).Offset(), "next").Val(); n != "" && n != "0" {
		t.Errorf("the unreadable entry was skipped: next is %s", n)
	}
}

func TestASessionKnowsNothingOfTheProgressOfTheOneBefore(t *testing.T) {
	worker := newWorld(t).ballasted(0)
	worker.progress, worker.pending = Progress{UpTo: 5000}, &awaited{}
	worker.caught.Store(5000)
	if err := worker.take(context.Background()); err != nil {
		t.Fatal(err)
	}
	// A Redis that was set back holds entries again that are not applied yet: boards and places must not hear that they are.
	if worker.progress.UpTo != 0 || worker.caught.Load() != 0 || worker.pending != nil {
		t.Errorf("after taking it again: progress %+v, %d caught up, %v pending", worker.progress, worker.caught.Load(), worker.pending)
	}
}
