package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"touchwatch/alerts/alert"
	"touchwatch/alerts/hub"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/episode"
	"touchwatch/processors/keyed"
	"touchwatch/processors/signal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const noon = touchpoint.Millis(1_700_000_000_000) / 60_000 * 60_000

func clock() time.Time { return noon.At() }

// notebook is a Board that writes down what it hears and keeps a picture of it.
type notebook struct {
	mu struct {
		sync.Mutex
		picture *hub.Hub
		news    []hub.News
		resets  int
	}
	heard chan struct{}
}

func newNotebook() *notebook {
	b := &notebook{heard: make(chan struct{}, 1)}
	b.mu.picture = hub.New(hub.Options{Now: clock})
	return b
}

func (b *notebook) Publish(n hub.News) {
	b.mu.Lock()
	b.mu.news = append(b.mu.news, n)
	b.mu.picture.Publish(n)
	b.mu.Unlock()
	b.poke()
}

func (b *notebook) Reset() {
	b.mu.Lock()
	b.mu.resets++
	b.mu.Unlock()
	b.poke()
}

func (b *notebook) poke() {
	select {
	case b.heard <- struct{}{}:
	default:
	}
}

// await waits until ok holds of what was heard.
func (b *notebook) await(t *testing.T, what string, ok func(h *hub.Hub, resets int) bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		b.mu.Lock()
		done := ok(b.mu.picture, b.mu.resets)
		b.mu.Unlock()
		if done {
			return
		}
		select {
		case <-b.heard:
		case <-deadline:
			t.Fatalf("never heard: %s; got %+v", what, b.mu.news)
		}
	}
}

// stage plays the keyed runtime: it writes what a flush would.
type stage struct {
	t     *testing.T
	redis redis.UniversalClient
	keys  keyed.Keys
	owner string
	next  int64
}

func (s *stage) do(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) alert(a alert.Alert) {
	s.t.Helper()
	body, _ := json.Marshal(a)
	s.next++
	ctx := context.Background()
	s.do(s.redis.HSet(ctx, s.keys.Alerts(), a.ID, body).Err())
	s.do(s.redis.XAdd(ctx, &redis.XAddArgs{Stream: s.keys.Out(), ID: fmt.Sprintf("%d-0", s.next), Values: []any{"kind", "alert", "key", a.Subject.ID, "body", body}}).Err())
}

func (s *stage) signal() {
	s.t.Helper()
	s.next++
	s.do(s.redis.XAdd(context.Background(), &redis.XAddArgs{Stream: s.keys.Out(), ID: fmt.Sprintf("%d-0", s.next), Values: []any{"kind", "signal", "key", "page:/pay", "body", "17 x"}}).Err())
}

func (s *stage) beat(b beat) {
	s.t.Helper()
	b.Owner = s.owner
	body, _ := json.Marshal(b)
	s.do(s.redis.XAdd(context.Background(), &redis.XAddArgs{Stream: s.keys.Beat(), MaxLen: 64, Values: []any{"body", body}}).Err())
}

func (s *stage) state(id string, weight int32) {
	s.t.Helper()
	st := &customer.State{ID: touchpoint.CustomerID(id), Now: noon}
	st.Profile.Name = "Name of " + id
	st.Signals = []signal.Signal{{Name: "long_wait", Weight: weight, Half: 3600, At: noon, Channel: touchpoint.Call, Reason: "waited long"}}
	body, err := customer.Encode(nil, st)
	s.do(err)
	s.do(s.redis.HSet(context.Background(), s.keys.States(id), id, body).Err())
	s.do(s.redis.ZAdd(context.Background(), s.keys.Risk(), redis.Z{Score: st.Score(noon), Member: id}).Err())
}

func firing(id string, version int64) alert.Alert {
	return alert.Alert{ID: id, Version: version, Phase: episode.Firing, Severity: alert.High, UpdatedAt: noon, Subject: alert.Subject{Kind: "customer", ID: "cus_" + id}}
}

// connect returns an embedded Redis and its client, or a real one when TOUCHWATCH_TEST_REDIS names one, whose content is lost. A real
// one may be a cluster.
func connect(t *testing.T) (*miniredis.Miniredis, redis.UniversalClient) {
	t.Helper()
	options := &redis.UniversalOptions{PoolSize: 20, MaxRetries: -1, DialTimeout: time.Second}
	given := os.Getenv("TOUCHWATCH_TEST_REDIS")
	if given == "" {
		server := miniredis.RunT(t)
		options.Addrs = []string{server.Addr()}
		client := redis.NewUniversalClient(options)
		t.Cleanup(func() { _ = client.Close() })
		return server, client
	}
	options.Addrs = []string{given}
	probe := redis.NewUniversalClient(options)
	mode, err := probe.Info(context.Background(), "cluster").Result()
	if err != nil {
		t.Fatal(err)
	}
	_ = probe.Close()
	options.IsClusterMode = strings.Contains(mode, "cluster_enabled:1")
	client := redis.NewUniversalClient(options)
	t.Cleanup(func() { _ = client.Close() })
	if err := client.FlushAll(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	return nil, client
}

// embeddedOnly skips a test that bends the embedded server in ways a real one does not allow.
func embeddedOnly(t *testing.T) {
	t.Helper()
	if os.Getenv("TOUCHWATCH_TEST_REDIS") != "" {
		t.Skip("needs the embedded Redis, which can be made to fail")
	}
}

type rig struct {
	server *miniredis.Miniredis
	client redis.UniversalClient
	board  *notebook
	feed   *Feed
	log    *lockedBuffer
	stages map[string]*stage
	start  func()
}

func newRig(t *testing.T, opt Options) *rig {
	t.Helper()
	server, client := connect(t)
	r := &rig{server: server, client: client, board: newNotebook(), log: &lockedBuffer{}, stages: map[string]*stage{}}
	opt.Redis, opt.Board, opt.Now, opt.Block = client, r.board, clock, 20*time.Millisecond
	opt.Log = slog.New(slog.NewTextHandler(r.log, nil))
	feed, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	r.feed = feed
	for p := range opt.Customers {
		r.stages[fmt.Sprintf("customers/%d", p)] = &stage{t: t, redis: client, keys: keyed.NewKeys(keyed.CustomerPrefix, p), owner: "first"}
	}
	for p := range opt.Places {
		r.stages[fmt.Sprintf("places/%d", p)] = &stage{t: t, redis: client, keys: keyed.NewKeys(keyed.PlacePrefix, p), owner: "first"}
	}
	r.start = func() {
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { feed.Run(ctx) })
		t.Cleanup(func() {
			cancel()
			running.Wait()
		})
	}
	return r
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func has(h *hub.Hub, id string, version int64) bool {
	for _, a := range h.Alerts() {
		if a.ID == id {
			return a.Version == version
		}
	}
	return false
}

func TestARestartedNodeFindsWhatIsThere(t *testing.T) {
	r := newRig(t, Options{Customers: 2, Places: 1})
	c := r.stages["customers/0"]
	c.alert(firing("x", 2))
	if err := r.client.XTrimMaxLen(context.Background(), c.keys.Out(), 0).Err(); err != nil { // the relay trimmed it long ago
		t.Fatal(err)
	}
	c.state("cus_1", -6000)
	c.state("cus_2", -3000)
	if err := r.client.HSet(context.Background(), c.keys.Live(), fmt.Sprintf("%d|chat", noon), `{"total":7,"negatives":2,"recoveries":1}`).Err(); err != nil {
		t.Fatal(err)
	}
	c.beat(beat{Feed: []hub.FeedItem{{ID: "t1"}}, Progress: &hub.Progress{UpTo: noon, Sources: []hub.SourceProgress{{Topic: "touchpoints.chat", UpTo: noon}}}})
	r.stages["customers/1"].beat(beat{Progress: &hub.Progress{UpTo: noon - 500}})
	r.stages["places/0"].alert(firing("place", 1))
	r.stages["places/0"].beat(beat{Progress: &hub.Progress{UpTo: noon - 200, Sources: []hub.SourceProgress{{Topic: "customer.timeline", UpTo: 1}}}})
	r.start()
	r.board.await(t, "everything", func(h *hub.Hub, _ int) bool {
		risk := h.Risk()
		return has(h, "x", 2) && has(h, "place", 1) && len(risk) == 2 && risk[0].Customer == "cus_1" && risk[0].Score == 40 &&
			risk[0].Name == "Name of cus_1" && h.Progress().UpTo == noon-500 &&
			fmt.Sprint(h.Progress().Sources) == fmt.Sprintf("[{signals %d} {touchpoints.chat %d}]", noon-200, noon)
	})
	eventually(t, "ready", func() bool { return r.feed.Ready(context.Background()) == nil })
}

func TestTheAgeIsUnknownUntilEveryPartitionIsHeard(t *testing.T) {
	r := newRig(t, Options{Customers: 2, Places: 1})
	r.stages["customers/0"].beat(beat{Progress: &hub.Progress{UpTo: noon}})
	r.stages["places/0"].beat(beat{Progress: &hub.Progress{UpTo: noon}})
	r.start()
	eventually(t, "the picture", func() bool { return r.feed.Ready(context.Background()) == nil })
	r.board.await(t, "still unknown", func(h *hub.Hub, _ int) bool { return h.Progress().UpTo == 0 })
	r.stages["customers/1"].beat(beat{Progress: &hub.Progress{UpTo: noon - 100}})
	r.board.await(t, "the last partition", func(h *hub.Hub, _ int) bool { return h.Progress().UpTo == noon-100 })
}

func TestNewsArrivesFromAllPartitions(t *testing.T) {
	r := newRig(t, Options{Customers: 2, Places: 1})
	r.start()
	eventually(t, "the empty picture", func() bool { return r.feed.Ready(context.Background()) == nil })
	for i, name := range []string{"customers/0", "customers/1", "places/0"} {
		s := r.stages[name]
		s.signal()
		s.alert(firing(fmt.Sprint("a", i), 1))
		s.alert(firing(fmt.Sprint("a", i), 2))
		s.beat(beat{
			Minutes: []hub.Minute{{Minute: noon, Channel: "chat", Total: 5}}, Risk: []hub.RiskRow{{Customer: touchpoint.CustomerID(fmt.Sprint("c", i)), Score: float64(i)}},
			Progress: &hub.Progress{UpTo: noon},
		})
	}
	r.board.await(t, "three alerts, two rows, the progress", func(h *hub.Hub, _ int) bool {
		return has(h, "a0", 2) && has(h, "a1", 2) && has(h, "a2", 2) && len(h.Risk()) == 2 && h.Progress().UpTo == noon
	})
}

func TestANewOwnerHasItsPartitionReadAgain(t *testing.T) {
	r := newRig(t, Options{Customers: 1})
	c := r.stages["customers/0"]
	c.alert(firing("x", 1))
	c.alert(firing("y", 3))
	c.beat(beat{})
	r.start()
	r.board.await(t, "x and y", func(h *hub.Hub, _ int) bool { return has(h, "x", 1) && has(h, "y", 3) })
	// The next owner found a state in which x never was and y is younger.
	ctx := context.Background()
	c.do(r.client.HDel(ctx, c.keys.Alerts(), "x").Err())
	younger, _ := json.Marshal(firing("y", 2))
	c.do(r.client.HSet(ctx, c.keys.Alerts(), "y", younger).Err())
	c.owner = "second"
	c.beat(beat{})
	r.board.await(t, "y at version 2 alone", func(h *hub.Hub, _ int) bool { return has(h, "y", 2) && len(h.Alerts()) == 1 })
	if n := testutil.ToFloat64(r.feed.opt.Metrics.reloads.WithLabelValues("owner")); n == 0 {
		t.Error("not read again because of its owner")
	}
}

func TestAWipedRedisGivesANewEpoch(t *testing.T) {
	r := newRig(t, Options{Customers: 1})
	c := r.stages["customers/0"]
	c.alert(firing("x", 1))
	r.start()
	r.board.await(t, "x", func(h *hub.Hub, _ int) bool { return has(h, "x", 1) })
	if err := r.client.FlushAll(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	r.board.await(t, "a reset and an empty picture", func(h *hub.Hub, resets int) bool { return resets == 1 && len(h.Alerts()) == 0 })
	c.next = 0
	c.alert(firing("z", 1))
	r.board.await(t, "z", func(h *hub.Hub, _ int) bool { return has(h, "z", 1) })
}

func TestAReaderThatFellBehindTheTrimReadsThePartitionAgain(t *testing.T) {
	r := newRig(t, Options{Customers: 1})
	c := r.stages["customers/0"]
	c.alert(firing("x", 1))
	rd := r.feed.readers[0]
	ctx := context.Background()
	if _, err := rd.load(ctx); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		c.alert(firing("x", int64(i+2)))
	}
	if err := r.client.XTrimMaxLen(ctx, c.keys.Out(), 40).Err(); err != nil {
		t.Fatal(err)
	}
	if err := rd.step(ctx); !isReload(err) || reloadReason(err) != "gap" {
		t.Errorf("got %v, want a gap", err)
	}
}

func TestAnOutageIsOneLineAndHeals(t *testing.T) {
	embeddedOnly(t)
	r := newRig(t, Options{Customers: 3, Places: 1})
	r.start()
	eventually(t, "every partition is heard", func() bool { return r.feed.Ready(context.Background()) == nil })
	r.server.SetError("LOADING Redis is loading the dataset in memory")
	eventually(t, "not ready", func() bool { return r.feed.Ready(context.Background()) != nil })
	if err := r.feed.Ready(context.Background()); !strings.Contains(err.Error(), "LOADING") {
		t.Errorf("got %v, want the cause", err)
	}
	eventually(t, "every partition was tried", func() bool {
		return testutil.ToFloat64(r.feed.opt.Metrics.reloads.WithLabelValues("error")) > 8
	})
	r.server.SetError("")
	r.stages["customers/2"].alert(firing("x", 1))
	r.board.await(t, "x after the outage", func(h *hub.Hub, _ int) bool { return has(h, "x", 1) })
	eventually(t, "ready again", func() bool { return r.feed.Ready(context.Background()) == nil })
	if n := strings.Count(r.log.String(), "\n"); n != 3 {
		t.Errorf("%d lines, want 3 (up, down, up):\n%s", n, r.log)
	}
}

func TestWithoutRedisAtTheStartItWaits(t *testing.T) {
	embeddedOnly(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	_ = listener.Close() // nobody listens there until the server starts
	client := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1, DialTimeout: time.Second, DialerRetries: 1})
	defer func() { _ = client.Close() }()
	board := newNotebook()
	feed, err := New(Options{Redis: client, Board: board, Customers: 1, Now: clock, Block: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { feed.Run(ctx) })
	defer running.Wait()
	defer cancel()
	eventually(t, "not ready, with a reason", func() bool {
		err := feed.Ready(ctx)
		return err != nil && strings.Contains(err.Error(), "refused")
	})
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(addr); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	s := &stage{t: t, redis: client, keys: keyed.NewKeys(keyed.CustomerPrefix, 0)}
	s.alert(firing("x", 1))
	board.await(t, "x", func(h *hub.Hub, _ int) bool { return has(h, "x", 1) })
}

func TestForeignEntriesAreLeftOutAndCounted(t *testing.T) {
	r := newRig(t, Options{Customers: 1})
	c := r.stages["customers/0"]
	ctx := context.Background()
	c.do(r.client.HSet(ctx, c.keys.Alerts(), "bad", "{").Err())
	c.do(r.client.HSet(ctx, c.keys.Live(), "noon", "{}", "1|chat", "[]").Err())
	c.do(r.client.ZAdd(ctx, c.keys.Risk(), redis.Z{Score: 1, Member: "cus_9"}, redis.Z{Score: 1, Member: "cus_gone"}).Err())
	c.do(r.client.HSet(ctx, c.keys.States("cus_9"), "cus_9", "\x63???").Err())
	r.start()
	eventually(t, "the picture", func() bool { return r.feed.Ready(ctx) == nil })
	c.do(r.client.XAdd(ctx, &redis.XAddArgs{Stream: c.keys.Out(), ID: "1-0", Values: []any{"kind", "alert", "body", "null"}}).Err())
	c.do(r.client.XAdd(ctx, &redis.XAddArgs{Stream: c.keys.Beat(), Values: []any{"something", "else"}}).Err())
	c.next = 1
	c.alert(firing("x", 1))
	r.board.await(t, "x after the bad ones", func(h *hub.Hub, _ int) bool { return has(h, "x", 1) })
	eventually(t, "six are counted", func() bool { return testutil.ToFloat64(r.feed.opt.Metrics.invalid) == 6 })
	if n := strings.Count(r.log.String(), "cannot decode"); n > 2 {
		t.Errorf("%d lines about it:\n%s", n, r.log)
	}
}

func TestScoresAtRiskRecoverWithoutAnEvent(t *testing.T) {
	r := newRig(t, Options{Customers: 1, Refresh: time.Minute})
	c := r.stages["customers/0"]
	c.state("cus_1", -6000)
	rd := r.feed.readers[0]
	later := noon.At()
	r.feed.opt.Now = func() time.Time { return later }
	if _, err := rd.load(context.Background()); err != nil {
		t.Fatal(err)
	}
	later = later.Add(time.Hour) // one half-life, and time to refresh
	if err := rd.step(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.board.await(t, "half the contribution", func(h *hub.Hub, _ int) bool { return len(h.Risk()) == 1 && h.Risk()[0].Score == 70 })
}

func TestAPoolThatIsTooSmallIsRefused(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", PoolSize: 8})
	defer func() { _ = client.Close() }()
	if _, err := New(Options{Redis: client, Board: newNotebook(), Customers: 12, Places: 4}); err == nil || !strings.Contains(err.Error(), "20") {
		t.Errorf("got %v, want an error that says 20", err)
	}
}

func TestMetricsExplainThemselves(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	NewMetrics(reg)
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

// eventually waits for a condition that another goroutine brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("never happened: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func FuzzParseStreamID(f *testing.F) {
	f.Add("17-3")
	f.Add("18446744073709551615-0")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := parseStreamID(s)
		if err != nil {
			return
		}
		again, err := parseStreamID(id.String())
		if err != nil || again != id {
			t.Errorf("%q became %v, then %v %v", s, id, again, err)
		}
	})
}
