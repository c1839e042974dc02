package intake

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// restore makes links and ledgers of a world whose Redis is empty.
func (w *world) restore(cut bool) (Restored, error) {
	w.t.Helper()
	ctx := context.Background()
	r := Restoring{Partitions: map[string]int{w.website: 1, w.chat: 1, w.profiles: 1}, Cut: cut, Read: func(int) {}}
	for p := range partitions {
		_, end, err := stream.Bounds(ctx, w.client, w.entries, p)
		if err != nil {
			w.t.Fatal(err)
		}
		r.Ends = append(r.Ends, end)
	}
	stage := New(Options{
		Kafka: w.client, Redis: w.redis, Timeline: w.entries, Partitions: partitions, Log: slog.New(slog.DiscardHandler),
		Topics: map[string]string{w.website: "touchwatch.website", w.chat: "touchwatch.chat", w.profiles: "touchwatch.profile"},
	})
	return stage.Restore(ctx, r)
}

// lose empties Redis.
func (w *world) lose() {
	w.t.Helper()
	if err := w.redis.FlushDB(context.Background()).Err(); err != nil {
		w.t.Fatal(err)
	}
}

// entered are the entries of the timeline by source; a source with two customers fails the test.
func (w *world) entered() map[touchpoint.Source]*timeline.Entry {
	w.t.Helper()
	all := map[touchpoint.Source]*timeline.Entry{}
	for _, e := range w.timeline() {
		if held := all[e.Source]; held != nil && (held.Subject != e.Subject || held.At != e.At) {
			w.t.Errorf("%+v belongs to %s (received at %d) and to %s (received at %d)", e.Source, held.Subject, held.At, e.Subject, e.At)
		}
		all[e.Source] = e
	}
	return all
}

func TestAfterALossIngestGoesOnWhereTheTimelineEnds(t *testing.T) {
	w := newWorld(t)
	w.send(w.profiles, profile)
	stop := w.start()
	w.until("the profile is known", func() bool { return len(w.timeline()) == 1 })
	w.send(w.website, fmt.Sprintf(byCookie, 1), `{"broken`, login, `{"broken too`)
	w.send(w.chat, byEmail)
	w.until("all in the timeline", func() bool { return len(w.timeline()) == 4 })
	w.until("dead letters", func() bool { return len(w.read(w.dead, 1)) == 2 })
	stop()
	before := w.entered()
	w.lose()

	done, err := w.restore(false)
	if err != nil {
		t.Fatal(err)
	}
	if done.Links != 3 || done.Positions != 3 || done.Unfinished != 0 || len(done.Warnings) > 0 {
		t.Errorf("restored %+v; want the links of e-mail, phone and cookie, and the positions of 3 raw partitions", done)
	}
	stop = w.start()
	defer stop()
	w.send(w.website, fmt.Sprintf(byCookie, 2))
	w.until("what came later is in the timeline", func() bool { return len(w.timeline()) > 4 })
	w.until("progress is told", func() bool {
		upTo, _, err := ReadProgress(context.Background(), w.redis, []string{w.website, w.chat, w.profiles}, map[string]int{w.website: 1, w.chat: 1, w.profiles: 1})
		return err == nil && upTo > 0
	})
	if n := len(w.timeline()); n != 5 {
		t.Errorf("the timeline has %d entries, want 5: nothing is sent again", n)
	}
	after := w.entered()
	for source := range before {
		if after[source] == nil {
			t.Errorf("%+v is gone", source)
		}
	}
	if e := byID(w.timeline(), "website:v2"); e == nil || e.Subject != "cus_1" {
		t.Errorf("the cookie of a login belongs to %+v, want cus_1", e)
	}
}

func TestAPlanThatStandsInTheTimelineInPartIsSentWholeAfterALoss(t *testing.T) {
	w := newWorld(t)
	for i := range 6 {
		w.send(w.website, strings.ReplaceAll(fmt.Sprintf(byCookie, i), "c1", fmt.Sprintf("c%d", i%3)))
	}
	entry := func(offset int64, at touchpoint.Millis) {
		cookie := touchpoint.Alias{Kind: touchpoint.AliasCookie, Value: fmt.Sprintf("c%d", offset%3)}
		customer := string(cookie.Derived())
		value, err := timeline.Encode(nil, &timeline.Entry{
			Kind: timeline.Touchpoint, Subject: customer, At: at, Source: touchpoint.Source{Topic: w.website, Offset: offset},
			Touchpoint: &touchpoint.Touchpoint{ID: touchpoint.ID(fmt.Sprintf("website:v%d", offset)), Channel: touchpoint.Website, Kind: touchpoint.PageView, Aliases: []touchpoint.Alias{cookie}, OccurredAt: 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Produce(context.Background(), w.client, w.entries, timeline.Partition(customer, partitions), []stream.Record{{Key: []byte(customer), Value: value}}); err != nil {
			t.Fatal(err)
		}
	}
	now := touchpoint.MillisOf(time.Now())
	entry(0, now-2000)
	entry(1, now-2000)
	entry(3, now-1000) // the plan of 2 to 5: the requests with 2 and 5 were lost in the crash
	entry(4, now-1000)
	done, err := w.restore(false)
	if err != nil {
		t.Fatal(err)
	}
	if done.Positions != 1 || done.Unfinished != 1 {
		t.Errorf("restored %+v, want one position with a plan to finish", done)
	}
	stop := w.start()
	defer stop()
	w.until("all six are in the timeline", func() bool { return len(w.entered()) == 6 })
	for source, e := range w.entered() {
		if source.Offset == 2 && e.At != now-1000 {
			t.Errorf("the missing record of the plan was received at %d, want %d as the rest of it", e.At, now-1000)
		}
		if source.Offset == 5 && e.At <= now-1000 {
			t.Errorf("the record behind the plan was received at %d, want it later than %d", e.At, now-1000)
		}
	}
}

func TestARestoreRefusesALedgerThatIsThere(t *testing.T) {
	w := newWorld(t)
	w.send(w.profiles, profile)
	stop := w.start()
	w.until("the profile is known", func() bool { return len(w.timeline()) == 1 })
	stop()
	if _, err := w.restore(false); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("got %v, want a refusal", err)
	}
	who, err := Alive(context.Background(), w.redis, map[string]int{w.profiles: 1}, touchpoint.MillisOf(time.Now()), time.Minute)
	if err != nil || !strings.Contains(who, LedgerKey(w.profiles, 0)) {
		t.Errorf("alive is %q, %v; want the worker that has just ended", who, err)
	}
	later := touchpoint.MillisOf(time.Now().Add(2 * time.Minute))
	if who, err := Alive(context.Background(), w.redis, map[string]int{w.profiles: 1}, later, time.Minute); err != nil || who != "" {
		t.Errorf("two minutes later alive is %q, %v; want nobody", who, err)
	}
}
