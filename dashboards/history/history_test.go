package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"reflect"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"touchwatch/dashboards/api"
	"touchwatch/deploy/connect"
	"touchwatch/deploy/embedded"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/archive"
	judged "touchwatch/processors/signal"
)

// TestMain is also the main function of the ClickHouse child process that the tests start.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == embedded.FrontCommand {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		err := embedded.RunClickHouseFront(ctx, os.Args[2:])
		stop()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const start = touchpoint.Millis(1_762_160_400_000) // 2025-11-03 09:00 UTC

// nasty is what a foreign id may look like.
const nasty = "it's \\ \"x\"\n\t{customer:String} ?"

// past is what happened.
func past() []touchpoint.Touchpoint {
	full := touchpoint.Touchpoint{
		ID: "website:1", Channel: touchpoint.Website, Kind: touchpoint.ClickKind, Customer: nasty,
		Aliases:    []touchpoint.Alias{{Kind: touchpoint.AliasEmail, Value: "a@example.com"}, {Kind: touchpoint.AliasHandle, Value: "x:a:b"}},
		OccurredAt: start + 1, ReceivedAt: start + 2, Source: touchpoint.Source{Topic: "touchpoints.website", Partition: 1, Epoch: 2, Offset: 3, Index: 4},
		Format: "segment", Text: "a\n\nb", Language: "de",
		Place: touchpoint.Place{
			Page: "/a", Element: "b", Form: "f", Field: "g", Queue: "q", Platform: "p", Campaign: "autumn", Product: "r", Release: "s", Agent: "t", URL: "u", Thread: "v", ViewID: "w",
		},
		Mood:   &touchpoint.Mood{Displeasure: 0.5, Problem: 0.25, Confidence: 1, Intents: []string{"cancel"}, Words: []string{"x", "y"}},
		Rating: &touchpoint.Rating{Metric: "nps", Score: 3, Max: 10}, Click: &touchpoint.Click{X: 4, Y: -5, Outcome: "none"},
		Duration: 1000, Status: 502, Amount: 12.5, Reach: 9, Links: true, Attrs: map[string]string{"k'": "v\\"},
	}
	list := []touchpoint.Touchpoint{full}
	for i := 1; i < 8; i++ { // 2 and 3 at the same moment, the last two in the next minute
		list = append(list, touchpoint.Touchpoint{
			ID: touchpoint.ID(fmt.Sprint("chat:", i)), Channel: touchpoint.Chat, Kind: touchpoint.ChatCustomerMessage, Customer: nasty,
			OccurredAt: start + touchpoint.Millis([]int{0, 10, 20, 20, 30, 40, 60_000, 60_010}[i]), ReceivedAt: start + 70_000, Duration: touchpoint.Millis(i * 100),
		})
	}
	other := list[1]
	other.ID, other.Customer, other.Place.Campaign = "chat:other", "c2", "autumn"
	return append(list, other)
}

// archived is a History of what happened, and a connection string to nothing for comparison.
func archived(t *testing.T) *History {
	t.Helper()
	server, err := embedded.StartClickHouse(t.Context(), embedded.ClickHouseOptions{Listen: "127.0.0.1:0"})
	if errors.Is(err, embedded.ErrNoLibrary) {
		t.Skipf("no ClickHouse engine: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	c := connect.ClickHouse{Addrs: []string{server.Addr()}, Protocol: "http"}
	conn, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	h := New(conn)
	if _, err := h.Minutes(t.Context(), start, start+1, ""); !errors.Is(err, api.ErrNoHistory) {
		t.Errorf("without tables: %v", err)
	}
	write(t, c)
	return h
}

// write lets an archive write the past, and a signal about its second touchpoint.
func write(t *testing.T, c connect.ClickHouse) {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "customer.timeline", "signals", "alerts"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	k := connect.Kafka{Brokers: cluster.ListenAddrs()}
	client, err := k.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connect.CloseKafka(client) })
	dialer, err := k.Dialer()
	if err != nil {
		t.Fatal(err)
	}
	produce := func(topic string, e timeline.Entry) {
		value, err := timeline.Encode(nil, &e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Produce(t.Context(), client, topic, 0, []stream.Record{{Time: time.Now(), Value: value}}); err != nil {
			t.Fatal(err)
		}
	}
	list := past()
	for i := range list {
		produce("customer.timeline", timeline.Entry{Kind: timeline.Touchpoint, Subject: string(list[i].Customer), At: list[i].ReceivedAt, Source: list[i].Source, Touchpoint: &list[i]})
	}
	payload, err := (&judged.Report{Customer: nasty, Signal: judged.Signal{
		Name: "negative_text", Episode: "1", First: start + 20, At: start + 20, Weight: -2000, Half: 1 << 30, Evidence: []touchpoint.ID{"chat:2"},
	}}).MarshalMsg(nil)
	if err != nil {
		t.Fatal(err)
	}
	produce("signals", timeline.Entry{Kind: timeline.Signal, Subject: "x", Payload: payload})
	a := archive.New(archive.Options{
		Brokers: k.Brokers, Dialer: dialer, Kafka: client, ClickHouse: c, Every: 20 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	conn, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var negatives, total uint64
		err := conn.QueryRow(t.Context(), "SELECT max(negatives), sum(total) FROM touchpoint_minutes FINAL").Scan(&negatives, &total)
		if err == nil && negatives == 1 && total == uint64(len(list)) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d negatives of %d touchpoints, %v", negatives, total, err)
		}
	}
}

func TestThePastAnswers(t *testing.T) {
	h := archived(t)
	t.Run("touchpoints come back whole, newest first", func(t *testing.T) {
		got, err := h.Touchpoints(t.Context(), nasty, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 8 || got[0].ID != "chat:7" || got[1].ID != "chat:6" {
			t.Fatalf("%d touchpoints: %+v", len(got), got)
		}
		if want := past()[0]; !reflect.DeepEqual(got[7], want) {
			t.Errorf("got  %+v\nwant %+v", got[7], want)
		}
	})
	t.Run("a page ends between milliseconds", func(t *testing.T) {
		for _, c := range []struct {
			before touchpoint.Millis
			limit  int
			want   int
		}{{start + 30, 1, 2}, {start + 30, 2, 2}, {start + 30, 3, 3}, {start + 20, 1, 1}, {start + 1, 5, 0}, {start + 60_000, 3, 4}} {
			got, err := h.Touchpoints(t.Context(), nasty, c.before, c.limit)
			if err != nil || len(got) != c.want {
				t.Errorf("before %d, limit %d: %d touchpoints, want %d, %v", c.before-start, c.limit, len(got), c.want, err)
			}
		}
	})
	t.Run("an unknown customer has none", func(t *testing.T) {
		if got, err := h.Touchpoints(t.Context(), "' OR 1=1 --", 0, 10); err != nil || len(got) != 0 {
			t.Errorf("%d touchpoints, %v", len(got), err)
		}
	})
	t.Run("minutes", func(t *testing.T) {
		got, err := h.Minutes(t.Context(), start-30_000, start+60_001, "")
		if err != nil || len(got) != 3 {
			t.Fatalf("%+v, %v", got, err)
		}
		// Five messages of one customer, from the second one on with 20 points less, and one of another.
		chat := got[0]
		if chat.Minute != start || chat.Channel != touchpoint.Chat || chat.Total != 6 || chat.Negatives != 1 || chat.Customers != 2 ||
			math.Abs(chat.Score-(100+100+80+80+80+80)/6.) > 0.01 || math.Abs(chat.DurationP50-200) > 2 || math.Abs(chat.DurationP95-400) > 4 {
			t.Errorf("%+v", chat)
		}
		if got[1].Channel != touchpoint.Website || got[2].Minute != start+60_000 || got[2].Total != 2 {
			t.Errorf("%+v", got)
		}
		only, err := h.Minutes(t.Context(), start, start+60_000, touchpoint.Website)
		if err != nil || len(only) != 1 || only[0].Total != 1 || only[0].Score != 100 {
			t.Errorf("%+v, %v", only, err)
		}
	})
	t.Run("experience, the worst first", func(t *testing.T) {
		got, err := h.Experience(t.Context(), "campaign", start, start+120_000)
		if err != nil || len(got) != 2 || got[0].Key != "" || got[0].Total != 7 || got[1].Key != "autumn" || got[1].Total != 2 || got[1].Customers != 2 || got[1].Score != 100 {
			t.Errorf("%+v, %v", got, err)
		}
		got, err = h.Experience(t.Context(), "channel", start, start+120_000)
		if err != nil || len(got) != 2 || got[0].Key != "chat" || got[0].Negatives != 1 {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := h.Experience(t.Context(), "customer", start, start+1); err == nil || errors.Is(err, api.ErrNoHistory) {
			t.Errorf("by customer: %v", err)
		}
	})
}

func TestAServerThatIsAwayIsNoHistory(t *testing.T) {
	conn, err := connect.ClickHouse{Addrs: []string{"127.0.0.1:1"}, Protocol: "http"}.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := New(conn).Touchpoints(t.Context(), "c", 0, 10); !errors.Is(err, api.ErrNoHistory) {
		t.Errorf("got %v", err)
	}
}
