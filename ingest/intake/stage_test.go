package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"touchwatch/ingest/decode"
	"touchwatch/ingest/identity"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

const (
	profile  = `{"id":"cus_1","name":"Jana Weber","emails":["Jana@Example.com"],"phones":["+49 151 12345678"]}`
	byCookie = `{"id":"v%d","type":"page_view","page":"/cart","occurred_at":"2026-11-03T09:14:27Z","customer":{"cookie":"c1"}}`
	login    = `{"id":"l1","type":"login","occurred_at":"2026-11-03T09:14:28Z","customer":{"id":"cus_1","cookie":"c1"}}`
	byEmail  = `{"id":"m1","type":"customer_message","thread":"t1","text":"hello","occurred_at":"2026-11-03T09:14:29Z","customer":{"email":"JANA@example.com"}}`
)

// byID finds the entry of a touchpoint.
func byID(entries []*timeline.Entry, id touchpoint.ID) *timeline.Entry {
	i := slices.IndexFunc(entries, func(e *timeline.Entry) bool { return e.Touchpoint != nil && e.Touchpoint.ID == id })
	if i < 0 {
		return nil
	}
	return entries[i]
}

func TestALinkChangesWhoLaterTouchpointsBelongTo(t *testing.T) {
	w := newWorld(t)
	stop := w.start()
	defer stop()
	w.send(w.profiles, profile)
	w.until("the profile is known", func() bool { return len(w.timeline()) == 1 })
	w.send(w.website, fmt.Sprintf(byCookie, 1), login, fmt.Sprintf(byCookie, 2))
	w.send(w.chat, byEmail)
	w.until("all in the timeline", func() bool { return len(w.timeline()) == 5 })
	all := w.timeline()
	for id, want := range map[touchpoint.ID]string{"website:v2": "cus_1", "website:l1": "cus_1", "chat:m1": "cus_1"} {
		if e := byID(all, id); e == nil || e.Subject != want {
			t.Errorf("%s: got %+v, want it to belong to %s", id, e, want)
		}
	}
	if e := byID(all, "website:v1"); !touchpoint.CustomerID(e.Subject).Anonymous() {
		t.Errorf("a page view before the login belongs to %s", e.Subject)
	}
	for _, e := range all {
		if e.Touchpoint.ReceivedAt == 0 || e.Touchpoint.OccurredAt > e.Touchpoint.ReceivedAt || e.Source.Topic == "" {
			t.Errorf("%s: received %d, occurred %d, source %+v", e.Touchpoint.ID, e.Touchpoint.ReceivedAt, e.Touchpoint.OccurredAt, e.Source)
		}
	}
}

func TestAnUnfinishedPlanIsSentAsWritten(t *testing.T) {
	w := newWorld(t)
	w.send(w.website, fmt.Sprintf(byCookie, 1), fmt.Sprintf(byCookie, 2))
	p, err := json.Marshal(plan{From: 0, To: 2, ReceivedAt: 1_800_000_000_000, Customers: []touchpoint.CustomerID{"anon_before", "anon_before"}})
	if err != nil {
		t.Fatal(err)
	}
	key := LedgerKey(w.website, 0)
	if err := w.redis.HSet(context.Background(), key, "plan", p, "done", "0").Err(); err != nil {
		t.Fatal(err)
	}
	// A link that landed after the plan was made must not change what the plan says.
	cookie, _ := touchpoint.NewAlias(touchpoint.AliasCookie, "c1")
	names := identity.Directory{Redis: w.redis}
	if err := names.Store(context.Background(), []identity.Link{{Alias: cookie, Customer: "cus_9", At: 1}}); err != nil {
		t.Fatal(err)
	}
	stop := w.start()
	defer stop()
	w.until("the plan is sent", func() bool { return len(w.timeline()) == 2 })
	for _, e := range w.timeline() {
		if e.Subject != "anon_before" || e.At != 1_800_000_000_000 {
			t.Errorf("got %s at %d, want what the plan says", e.Subject, e.At)
		}
	}
	w.send(w.website, fmt.Sprintf(byCookie, 3))
	w.until("reading goes on behind the plan", func() bool { return len(w.timeline()) == 3 })
	if e := byID(w.timeline(), "website:v3"); e.Subject != "cus_9" || e.At <= 1_800_000_000_000 {
		t.Errorf("behind the plan: got %s at %d, want cus_9, received later", e.Subject, e.At)
	}
}

func TestARestartSendsNothingTwiceAfterAConfirmedPlan(t *testing.T) {
	w := newWorld(t)
	stop := w.start()
	w.send(w.website, fmt.Sprintf(byCookie, 1))
	w.until("sent and confirmed", func() bool {
		done := w.redis.HGet(context.Background(), LedgerKey(w.website, 0), "done").Val()
		return len(w.timeline()) == 1 && done == "1"
	})
	stop()
	stop = w.start()
	w.send(w.website, fmt.Sprintf(byCookie, 2))
	w.until("the next one is sent", func() bool { return len(w.timeline()) >= 2 })
	stop()
	if n := len(w.timeline()); n != 2 {
		t.Errorf("got %d entries, want 2", n)
	}
}

func TestWhatCannotBeDecodedIsKeptWithItsReasonAndBlocksNothing(t *testing.T) {
	w := newWorld(t)
	stop := w.start()
	defer stop()
	garbage := []string{"{", "\xff\xfe", `{"type":"no_such"}`, `{"type":"page_view","customer":{}}`, `{"type":"page_view","page":"/","occurred_at":"2126-01-01T00:00:00Z","customer":{"cookie":"c1"}}`, `{"type":"page_view","page":"/","customer":{"cookie":"` + strings.Repeat("x", 300) + `"}}`}
	w.send(w.website, garbage...)
	w.send(w.website, fmt.Sprintf(byCookie, 1))
	w.until("the good record behind the bad ones arrives", func() bool { return len(w.timeline()) == 1 })
	var letters []stream.Record
	w.until("so do the letters about them", func() bool { letters = w.read(w.dead, 1); return len(letters) >= len(garbage) })
	if len(letters) != len(garbage) {
		t.Fatalf("got %d dead letters, want %d", len(letters), len(garbage))
	}
	for i, l := range letters {
		reason := touchpoint.Reason(l.Header(HeaderReason))
		if !slices.Contains(touchpoint.Reasons, reason) || l.Header(HeaderDetail) == "" {
			t.Errorf("letter %d: reason %q, detail %q", i, reason, l.Header(HeaderDetail))
		}
		if string(l.Value) != garbage[i] || l.Header(HeaderSource) != fmt.Sprintf("%s/0/%d", w.website, i) || l.Header(HeaderKey) != "k" {
			t.Errorf("letter %d: got %q from %s, want the original", i, l.Value, l.Header(HeaderSource))
		}
	}
}

func TestAReplayedLetterKeepsItsOriginWhateverHowOften(t *testing.T) {
	w := newWorld(t)
	rec := stream.Record{Offset: 7, Key: []byte("k"), Value: []byte(`{"type":"page_view","page":"/","customer":{"cookie":"c1"}}`), Headers: []stream.Header{{Key: "tw-format", Value: []byte("touchwatch.website")}}}
	letter := deadLetter(stream.Assignment{Topic: w.website}, 0, &rec, &touchpoint.Invalid{Reason: touchpoint.ReasonSyntax})
	topic, replay, err := Replay(&letter)
	if err != nil || topic != w.website {
		t.Fatalf("got topic %q, error %v", topic, err)
	}
	again := deadLetter(stream.Assignment{Topic: topic, Partition: 1}, 0, &replay, &touchpoint.Invalid{Reason: touchpoint.ReasonSyntax})
	if _, replay, err = Replay(&again); err != nil {
		t.Fatal(err)
	}
	if got := replay.Header(decode.HeaderOrigin); got != w.website+"/0/7" {
		t.Errorf("origin of the second replay: got %q", got)
	}
	if replay.Header("tw-format") != "touchwatch.website" || string(replay.Key) != "k" {
		t.Errorf("headers or key were lost: %+v", replay)
	}
	if _, err := stream.Produce(context.Background(), w.client, topic, 0, []stream.Record{replay, replay}); err != nil {
		t.Fatal(err)
	}
	stop := w.start()
	defer stop()
	w.until("both in the timeline", func() bool { return len(w.timeline()) == 2 })
	all := w.timeline()
	if string(all[0].Touchpoint.ID) != "website:"+w.website+"/0/7/0" || all[0].Touchpoint.ID != all[1].Touchpoint.ID {
		t.Errorf("ids of two replays: %s and %s, want the id of the original place", all[0].Touchpoint.ID, all[1].Touchpoint.ID)
	}
}

func TestALetterTooLargeForTheDeadTopicIsCutAndNotReplayed(t *testing.T) {
	rec := stream.Record{Value: make([]byte, 3<<20)}
	letter := deadLetter(stream.Assignment{Topic: "touchpoints.chat"}, 0, &rec, &touchpoint.Invalid{Reason: touchpoint.ReasonTooLarge})
	if len(letter.Value) > 2<<20 || letter.Header(HeaderSize) != "3145728" || len(letter.Header(HeaderSHA256)) != 64 {
		t.Errorf("got %d bytes, size %q, sha %q", len(letter.Value), letter.Header(HeaderSize), letter.Header(HeaderSHA256))
	}
	if _, _, err := Replay(&letter); err == nil {
		t.Error("a cut letter was replayed")
	}
}

func TestProgressStandsWhileAPartitionWasNeverRead(t *testing.T) {
	w := newWorld(t)
	names := []string{w.chat, w.website}
	counts := map[string]int{w.chat: 1, w.website: 2}
	ctx := context.Background()
	w.redis.HSet(ctx, LedgerKey(w.chat, 0), "up_to", 50)
	w.redis.HSet(ctx, LedgerKey(w.website, 0), "up_to", 70)
	upTo, topics, err := ReadProgress(ctx, w.redis, names, counts)
	if err != nil || upTo != 0 || topics[0].UpTo != 50 || topics[1].UpTo != 0 {
		t.Errorf("got %d %+v %v, want 0 while a partition has not reported", upTo, topics, err)
	}
	w.redis.HSet(ctx, LedgerKey(w.website, 1), "up_to", 60)
	if upTo, topics, _ = ReadProgress(ctx, w.redis, names, counts); upTo != 50 || topics[1].UpTo != 60 {
		t.Errorf("got %d %+v, want the earliest of all", upTo, topics)
	}
}

func TestProgressAdvancesOnAnIdleTopic(t *testing.T) {
	w := newWorld(t)
	stop := w.start()
	defer stop()
	var first touchpoint.Millis
	read := func() touchpoint.Millis {
		upTo, _, err := ReadProgress(context.Background(), w.redis, []string{w.chat}, map[string]int{w.chat: 1})
		if err != nil {
			t.Fatal(err)
		}
		return upTo
	}
	w.until("progress on an empty partition", func() bool { first = read(); return first > 0 })
	w.until("progress goes on", func() bool { return read() > first })
}
