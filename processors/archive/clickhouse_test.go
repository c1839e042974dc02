package archive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"touchwatch/deploy/connect"
	"touchwatch/deploy/embedded"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
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
	code := m.Run()
	engine.close()
	os.Exit(code)
}

var quiet = slog.New(slog.DiscardHandler)

// engine is the one ClickHouse of all tests; each test has a database of its own.
var engine shared

type shared struct {
	once   sync.Once
	server *embedded.ClickHouse
	err    error
	mu     sync.Mutex
	bases  int
}

func (s *shared) close() {
	if s.server != nil {
		_ = s.server.Close()
	}
}

// server returns a ClickHouse with an empty database for this test; without the engine the test is skipped.
func server(t testing.TB) connect.ClickHouse {
	t.Helper()
	engine.once.Do(func() {
		engine.server, engine.err = embedded.StartClickHouse(context.Background(), embedded.ClickHouseOptions{
			Listen: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		})
	})
	if errors.Is(engine.err, embedded.ErrNoLibrary) {
		t.Skipf("no ClickHouse engine: %v", engine.err)
	}
	if engine.err != nil {
		t.Fatal(engine.err)
	}
	engine.mu.Lock()
	engine.bases++
	name := fmt.Sprintf("archive_%d", engine.bases)
	engine.mu.Unlock()
	c := connect.ClickHouse{Addrs: []string{engine.server.Addr()}, Protocol: "http"}
	conn := open(t, c)
	if err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	c.Database = name
	return c
}

// migrated returns a ClickHouse with the tables, and a connection to it.
func migrated(t testing.TB) (connect.ClickHouse, driver.Conn) {
	t.Helper()
	c := server(t)
	if err := Migrate(t.Context(), c, 0, quiet); err != nil {
		t.Fatal(err)
	}
	return c, open(t, c)
}

func open(t testing.TB, c connect.ClickHouse) driver.Conn {
	t.Helper()
	conn, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// testWriter is a writer that counts at once.
func testWriter(conn driver.Conn) *writer {
	o := Options{Log: quiet, Every: time.Nanosecond}.withDefaults()
	return &writer{opt: &o, conn: conn, halts: new(stream.Halts), dirty: map[int64]bool{}, upTo: map[*session]int64{}}
}

// groups reads what the table of minutes says is true.
func groups(t *testing.T, conn driver.Conn) []Group {
	t.Helper()
	rows, err := conn.Query(t.Context(), `
		SELECT toUnixTimestamp(minute) * 1000 AS at, channel, place, campaign, segment, total, negatives, score_sum,
			finalizeAggregation(customers), finalizeAggregation(durations)
		FROM touchpoint_minutes FINAL
		WHERE (minute, version) IN (SELECT minute, max(version) FROM touchpoint_minutes GROUP BY minute)`)
	if err != nil {
		t.Fatal(err)
	}
	var all []Group
	for rows.Next() {
		var g Group
		var channel string
		var at, total, negatives, customers uint64
		var q []float64
		if err := rows.Scan(&at, &channel, &g.Place, &g.Campaign, &g.Segment, &total, &negatives, &g.ScoreSum, &customers, &q); err != nil {
			t.Fatal(err)
		}
		g.Minute, g.Channel = touchpoint.Millis(at), touchpoint.Channel(channel)
		g.Total, g.Negatives, g.Customers = int64(total), int64(negatives), int64(customers)
		if !math.IsNaN(q[0]) {
			g.P50, g.P95 = q[0], q[1]
		}
		all = append(all, g)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// expectGroups compares counts exactly and quantiles within 1 %.
func expectGroups(t *testing.T, got, want []Group) {
	t.Helper()
	byKey := map[string]Group{}
	name := func(g Group) string {
		return fmt.Sprint(g.Minute.At().Format("15:04"), " ", g.Channel, " ", g.Place, " ", g.Campaign, " ", g.Segment)
	}
	for _, g := range got {
		if _, twice := byKey[name(g)]; twice {
			t.Errorf("%s is there twice", name(g))
		}
		byKey[name(g)] = g
	}
	near := func(a, b float64) bool { return a == b || math.Abs(a-b) <= 0.01*b }
	for _, w := range want {
		g, ok := byKey[name(w)]
		if !ok {
			t.Errorf("%s is missing", name(w))
			continue
		}
		if !near(g.P50, w.P50) || !near(g.P95, w.P95) {
			t.Errorf("%s: quantiles %v, %v, want %v, %v", name(w), g.P50, g.P95, w.P50, w.P95)
		}
		g.P50, g.P95 = w.P50, w.P95
		if !reflect.DeepEqual(g, w) {
			t.Errorf("%s:\n got %+v\nwant %+v", name(w), g, w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d groups, want %d", len(got), len(want))
	}
}
