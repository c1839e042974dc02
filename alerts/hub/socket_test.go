package hub

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"touchwatch/alerts/alert"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a hub behind a real HTTP server.
type rig struct {
	*Hub
	url    string
	server *httptest.Server
	stop   func()
}

func newRig(t testing.TB, opt Options) *rig {
	t.Helper()
	h := New(opt)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { h.Run(ctx) })
	server := httptest.NewServer(h)
	var once sync.Once
	r := &rig{Hub: h, url: "ws" + strings.TrimPrefix(server.URL, "http"), server: server}
	r.stop = func() {
		once.Do(func() {
			cancel()
			running.Wait()
			server.Close()
		})
	}
	t.Cleanup(r.stop)
	return r
}

// peer is a browser.
type peer struct {
	t testing.TB
	*websocket.Conn
}

func (r *rig) dial(t testing.TB, header http.Header) *peer {
	t.Helper()
	dialer := websocket.Dialer{HandshakeTimeout: 10 * time.Second, EnableCompression: true}
	c, _, err := dialer.Dial(r.url, header)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &peer{t, c}
}

func (p *peer) send(req Request) {
	p.t.Helper()
	if err := p.WriteJSON(req); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) receive() Message {
	p.t.Helper()
	_ = p.SetReadDeadline(time.Now().Add(20 * time.Second))
	var m Message
	if err := p.ReadJSON(&m); err != nil {
		p.t.Fatal(err)
	}
	return m
}

// closed reads until the connection ends and returns the close code and text.
func (p *peer) closed() (int, string) {
	p.t.Helper()
	_ = p.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		if _, _, err := p.ReadMessage(); err != nil {
			var c *websocket.CloseError
			if errors.As(err, &c) {
				return c.Code, c.Text
			}
			return 0, err.Error()
		}
	}
}

func (r *rig) ends(reason string) int {
	return int(testutil.ToFloat64(r.opt.Metrics.ends.WithLabelValues(reason)))
}

// eventually waits for a condition that another goroutine brings about.
func eventually(t testing.TB, what string, ok func() bool) {
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

func TestAClientGetsASnapshotThenNumberedDeltas(t *testing.T) {
	r := newRig(t, Options{Now: fixedClock})
	r.Publish(News{Part: "a", Alerts: []alert.Alert{firing("x", 1, alert.High)}})
	p := r.dial(t, nil)
	p.send(Request{Type: "subscribe"})
	first := p.receive()
	if first.Type != "snapshot" || len(first.Snapshot.Alerts) != 1 || first.Epoch == "" || first.Now == 0 {
		t.Fatalf("got %+v, want a snapshot with x", first)
	}
	last := first.Sequence
	for version := int64(2); version <= 4; version++ {
		r.Publish(News{Part: "a", Alerts: []alert.Alert{firing("x", version, alert.High)}})
		for seen := int64(0); seen < version; {
			m := p.receive()
			if m.Type != "delta" || m.Sequence != last+1 || m.Epoch != first.Epoch {
				t.Fatalf("got %s %d of %s, want delta %d of %s", m.Type, m.Sequence, m.Epoch, last+1, first.Epoch)
			}
			last = m.Sequence
			if len(m.Delta.Alerts) > 0 {
				seen = m.Delta.Alerts[0].Version
			}
		}
	}
}

func TestResumeBringsWhatWasMissedOrANewSnapshot(t *testing.T) {
	r := newRig(t, Options{Past: 3, Now: fixedClock})
	p := r.dial(t, nil)
	p.send(Request{Type: "subscribe"})
	first := p.receive()
	r.Publish(News{Part: "a", Alerts: []alert.Alert{firing("x", 1, alert.High)}})
	last := p.receive()
	_ = p.Close()
	r.publishAndWait(t, firing("y", 1, alert.High))

	back := r.dial(t, nil)
	back.send(Request{Type: "resume", Epoch: first.Epoch, Sequence: last.Sequence})
	m := back.receive()
	if m.Type != "delta" || !m.Resumed || m.Sequence != last.Sequence+1 || len(m.Delta.Alerts) != 1 || m.Delta.Alerts[0].ID != "y" {
		t.Errorf("got %+v %+v, want y", m, m.Delta)
	}
	for i := range 5 {
		r.publishAndWait(t, firing("z", int64(i+1), alert.High))
	}
	for name, req := range map[string]Request{
		"gap larger than the past": {Type: "resume", Epoch: first.Epoch, Sequence: last.Sequence},
		"another epoch":            {Type: "resume", Epoch: "another", Sequence: r.sequence()},
		"from the future":          {Type: "resume", Epoch: first.Epoch, Sequence: 1_000_000},
		"without an epoch":         {Type: "resume"},
	} {
		again := r.dial(t, nil)
		again.send(req)
		if m := again.receive(); m.Type != "snapshot" || m.Resumed || len(m.Snapshot.Alerts) != 3 {
			t.Errorf("%s: got %+v, want a whole snapshot", name, m)
		}
	}
}

func (h *Hub) sequence() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.mu.past.last
}

func (r *rig) publishAndWait(t testing.TB, a alert.Alert) {
	t.Helper()
	before := r.sequence()
	r.Publish(News{Part: "a", Alerts: []alert.Alert{a}})
	eventually(t, "the next delta", func() bool { return r.sequence() > before })
}

func TestAResetGivesANewEpochAndEveryoneASnapshot(t *testing.T) {
	r := newRig(t, Options{})
	p := r.dial(t, nil)
	p.send(Request{Type: "subscribe"})
	first := p.receive()
	r.Reset()
	r.Reset()
	m := p.receive()
	if m.Type != "snapshot" || m.Epoch == first.Epoch || m.Sequence != 0 {
		t.Errorf("got %+v after a reset of epoch %s", m, first.Epoch)
	}
	p.send(Request{Type: "resume", Epoch: first.Epoch, Sequence: first.Sequence})
	if m := p.receive(); m.Type != "snapshot" {
		t.Errorf("the old epoch was resumed: %+v", m)
	}
}

func TestASlowClientIsDisconnectedAndNobodyElseWaits(t *testing.T) {
	r := newRig(t, Options{Queue: 4, WriteWithin: time.Minute})
	fast := r.dial(t, nil)
	fast.send(Request{Type: "subscribe", Topics: []Topic{TopicAlerts}})
	fast.receive()
	slow := r.dialNarrow(t)
	slow.send(Request{Type: "subscribe", Topics: []Topic{TopicAlerts}})
	slow.receive()

	// The fast client reads every delta before the next is made, so only a hub that waits for the slow one can fail it.
	version := int64(0)
	for r.ends(CodeTooSlow) == 0 {
		version++
		a := firing("x", version, alert.High)
		a.Reason = strings.Repeat("why ", 50_000)
		a.UpdatedAt += 1 << 40
		r.Publish(News{Part: "a", Alerts: []alert.Alert{a}})
		for m := fast.receive(); m.Delta.Alerts[0].Version != version; m = fast.receive() {
		}
		if version > 3000 {
			t.Fatal("the slow client was never disconnected")
		}
	}
	if n := r.ends(CodeTooSlow); n != 1 {
		t.Errorf("%d clients were too slow, want 1", n)
	}
	fast.send(Request{Type: "ping"})
	if m := fast.receive(); m.Type != "pong" {
		t.Errorf("got %s, want pong", m.Type)
	}
}

// dialNarrow connects a client that can take little without reading.
func (r *rig) dialNarrow(t testing.TB) *peer {
	t.Helper()
	dialer := websocket.Dialer{NetDial: func(network, addr string) (net.Conn, error) {
		c, err := net.Dial(network, addr)
		if err == nil {
			err = c.(*net.TCPConn).SetReadBuffer(2048)
		}
		return c, err
	}}
	c, _, err := dialer.Dial(r.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &peer{t, c}
}

func TestAClientThatFallsBehindButReadsLearnsWhy(t *testing.T) {
	h := New(Options{Queue: 1})
	server, browser := pipe(t)
	c := newClient(server, 1)
	c.end(CodeTooSlow, "too slow")
	done := make(chan struct{})
	go func() { defer close(done); c.write(h) }()
	p := &peer{t, browser}
	if m := p.receive(); m.Type != "error" || m.Error.Code != CodeTooSlow {
		t.Errorf("got %+v", m)
	}
	if code, text := p.closed(); code != 4008 || text != CodeTooSlow {
		t.Errorf("closed with %d %q, want 4008 too_slow", code, text)
	}
	<-done
	c.cut.Stop()
}

// pipe returns the two ends of a WebSocket.
func pipe(t *testing.T) (server, browser *websocket.Conn) {
	t.Helper()
	ends := make(chan *websocket.Conn, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var upgrader websocket.Upgrader
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
		}
		ends <- c
	}))
	t.Cleanup(s.Close)
	browser, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	server = <-ends
	t.Cleanup(func() { _ = server.Close(); _ = browser.Close() })
	return server, browser
}

func TestAHalfOpenConnectionIsGivenUp(t *testing.T) {
	r := newRig(t, Options{PingEvery: 40 * time.Millisecond})
	p := r.dial(t, nil)
	p.send(Request{Type: "subscribe"})
	p.receive()
	// A client that never reads again answers no ping, as one behind a dead network would not.
	eventually(t, "the connection is given up", func() bool { return r.ends(CodeTimeout) == 1 })
}

func TestAClientThatAnswersPingsStays(t *testing.T) {
	r := newRig(t, Options{PingEvery: 400 * time.Millisecond}) // a busy machine has a second to answer
	p := r.dial(t, nil)
	p.send(Request{Type: "subscribe"})
	p.receive()
	var pings atomic.Int32
	p.SetPingHandler(func(payload string) error {
		if pings.Add(1) == 7 { // 3 times the time a silent one gets
			return errors.New("enough")
		}
		return p.WriteControl(websocket.PongMessage, []byte(payload), time.Now().Add(time.Second))
	})
	p.closed()
	if pings.Load() != 7 {
		t.Errorf("disconnected after %d pings", pings.Load())
	}
}

func TestForeignOriginsAreRefused(t *testing.T) {
	r := newRig(t, Options{Origins: []string{"https://board.example.com"}})
	host := strings.TrimPrefix(r.server.URL, "http://")
	cookie := (&http.Cookie{Name: CookieName, Value: "t"}).String()
	for _, c := range []struct {
		name   string
		header http.Header
		want   int
	}{
		{"same host", http.Header{"Origin": {"http://" + host}}, 101},
		{"configured", http.Header{"Origin": {"https://board.example.com"}}, 101},
		{"configured, but without TLS", http.Header{"Origin": {"http://board.example.com"}}, 403},
		{"foreign", http.Header{"Origin": {"https://evil.example"}}, 403},
		{"foreign with our host in front", http.Header{"Origin": {"http://" + host + ".evil.example"}}, 403},
		{"opaque", http.Header{"Origin": {"null"}}, 403},
		{"two origins", http.Header{"Origin": {"http://" + host, "https://evil.example"}}, 403},
		{"none, a program", http.Header{}, 101},
		{"none, with a cookie", http.Header{"Cookie": {cookie}}, 403},
	} {
		conn, resp, _ := websocket.DefaultDialer.Dial(r.url, c.header)
		if conn != nil {
			_ = conn.Close()
		}
		if resp == nil || resp.StatusCode != c.want {
			t.Errorf("%s: got %v, want %d", c.name, resp, c.want)
		}
	}
}

func TestATokenIsAskedForAndRevocable(t *testing.T) {
	var revoked atomic.Bool
	r := newRig(t, Options{
		PingEvery:     150 * time.Millisecond,
		RequestWithin: 20 * time.Second,
		Authorize:     func(token string) bool { return token == "good" && !revoked.Load() },
	})
	refused := func(name string, header http.Header, req Request) {
		t.Helper()
		p := r.dial(t, header)
		p.send(req)
		if m := p.receive(); m.Type != "error" || m.Error.Code != CodeUnauthorized {
			t.Errorf("%s: got %+v", name, m)
		}
		if code, text := p.closed(); code != 4401 || text != CodeUnauthorized {
			t.Errorf("%s: closed with %d %q", name, code, text)
		}
	}
	refused("none", nil, Request{Type: "subscribe"})
	refused("wrong", nil, Request{Type: "subscribe", Token: "bad"})
	refused("wrong in the header", http.Header{"Authorization": {"Bearer bad"}}, Request{Type: "subscribe"})
	refused("a ping first", nil, Request{Type: "ping"})

	closed := make(chan int, 3)
	for name, c := range map[string]struct {
		header http.Header
		req    Request
	}{
		"first message": {nil, Request{Type: "subscribe", Token: "good"}},
		"header":        {http.Header{"Authorization": {"Bearer good"}}, Request{Type: "subscribe"}},
		"cookie":        {http.Header{"Cookie": {CookieName + "=good"}, "Origin": {r.server.URL}}, Request{Type: "subscribe"}},
	} {
		p := r.dial(t, c.header)
		p.send(c.req)
		if m := p.receive(); m.Type != "snapshot" {
			t.Errorf("%s: got %+v", name, m)
		}
		go func() { // reads on, and so answers pings
			code, _ := p.closed()
			closed <- code
		}()
	}
	revoked.Store(true)
	for range cap(closed) {
		if code := <-closed; code != 4401 {
			t.Errorf("closed with %d after the token was revoked, want 4401", code)
		}
	}
}

func TestBadRequestsAreAnsweredAndChangeNothing(t *testing.T) {
	r := newRig(t, Options{})
	p := r.dial(t, nil)
	p.send(Request{Type: "subscribe", Topics: []Topic{TopicAlerts}})
	p.receive()
	for body, code := range map[string]string{
		`{"type":"subscribe","topics":["alerts","gossip"]}`: CodeUnknownTopic,
		`{"type":"dance"}`:                               CodeBadMessage,
		`{"type":"ping","colour":"red"}`:                 CodeBadMessage,
		`{"type":"subscribe","filter":{"severities":1}}`: CodeBadMessage,
		`not json`: CodeBadMessage,
		``:         CodeBadMessage,
		`[]`:       CodeBadMessage,
		`{"type":"subscribe","topics":[` + strings.Repeat(`[`, 500): CodeBadMessage,
	} {
		if err := p.WriteMessage(websocket.TextMessage, []byte(body)); err != nil {
			t.Fatal(err)
		}
		if m := p.receive(); m.Type != "error" || m.Error.Code != code || m.Error.Detail == "" {
			t.Errorf("%.40q: got %+v, want %s", body, m, code)
		}
	}
	if err := p.WriteMessage(websocket.BinaryMessage, []byte(`{"type":"ping"}`)); err != nil {
		t.Fatal(err)
	}
	if m := p.receive(); m.Type != "error" {
		t.Errorf("binary: got %+v", m)
	}
	r.Publish(News{Part: "a", Alerts: []alert.Alert{firing("x", 1, alert.High)}, Risk: []RiskRow{row("1", 2)}})
	if m := p.receive(); m.Type != "delta" || len(m.Delta.Risk) > 0 {
		t.Errorf("got %+v: the subscription was changed by a bad request", m)
	}
}

func TestOversizeMessagesEndTheConnection(t *testing.T) {
	r := newRig(t, Options{})
	plain := r.dialPlain(t)
	plain.send(Request{Type: "subscribe"})
	plain.receive()
	if err := plain.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("a"), maxRequestBytes+1)); err != nil {
		t.Fatal(err)
	}
	if code, _ := plain.closed(); code != websocket.CloseMessageTooBig {
		t.Errorf("closed with %d, want 1009", code)
	}
	bomb := r.dial(t, nil) // compresses: 4 MiB of one letter fit into 4 KiB
	bomb.send(Request{Type: "subscribe"})
	bomb.receive()
	_ = bomb.SetCompressionLevel(flate.BestCompression)
	if err := bomb.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("a"), 4<<20)); err != nil {
		t.Fatal(err)
	}
	if code, _ := bomb.closed(); code != websocket.CloseMessageTooBig {
		t.Errorf("bomb closed with %d, want 1009", code)
	}
	eventually(t, "both are counted", func() bool { return r.ends(CodeTooLarge) == 2 })
}

func (r *rig) dialPlain(t testing.TB) *peer {
	t.Helper()
	c, _, err := (&websocket.Dialer{}).Dial(r.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &peer{t, c}
}

func TestAFloodOfPingsEndsTheConnection(t *testing.T) {
	r := newRig(t, Options{})
	p := r.dial(t, nil)
	p.send(Request{Type: "subscribe"})
	p.receive()
	for range 2 * requestBurst {
		if err := p.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)); err != nil {
			break
		}
	}
	eventually(t, "the flood ends", func() bool { return r.ends(CodeTooMany) == 1 })
}

func TestAClientThatNeverAsksIsSentAway(t *testing.T) {
	r := newRig(t, Options{RequestWithin: 30 * time.Millisecond})
	p := r.dial(t, nil)
	if code, text := p.closed(); code != 4408 || text != CodeNoRequest {
		t.Errorf("closed with %d %q", code, text)
	}
}

func TestTheNumberOfClientsIsBounded(t *testing.T) {
	r := newRig(t, Options{MaxClients: 1})
	p := r.dial(t, nil)
	_, resp, err := websocket.DefaultDialer.Dial(r.url, nil)
	if err == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("got %v %v, want 503", resp, err)
	}
	_ = p.Close()
	eventually(t, "the place is free again", func() bool { return r.ends(endClient)+r.ends(endBroken) == 1 })
	r.dial(t, nil)
}

func TestShutdownSaysGoodbyeAndRefusesNewcomers(t *testing.T) {
	r := newRig(t, Options{})
	p := r.dial(t, nil)
	p.send(Request{Type: "subscribe"})
	p.receive()
	silent := r.dial(t, nil) // never reads
	go r.stop()
	if code, text := p.closed(); code != websocket.CloseGoingAway || text != CodeShuttingDown {
		t.Errorf("closed with %d %q, want 1001", code, text)
	}
	r.Close()
	r.Close()
	if n := r.ends(CodeShuttingDown); n != 2 {
		t.Errorf("%d of 2 clients ended by the shutdown", n)
	}
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
	if rec.Code != http.StatusServiceUnavailable {
		t.Errorf("a newcomer got %d", rec.Code)
	}
	_ = silent.Close()
}

func TestClosingAHubThatNeverRanReturns(t *testing.T) {
	h := New(Options{})
	h.Close()
	h.Close()
}

func TestNewsIsCoalescedAndAlertsAreNot(t *testing.T) {
	r := newRig(t, Options{})
	p := r.dial(t, nil)
	p.send(Request{Type: "subscribe"})
	p.receive()
	const beats = 400
	for i := range beats {
		r.Publish(News{Part: "a", Risk: []RiskRow{row("1", float64(i))}})
	}
	for m := p.receive(); m.Delta.Risk[0].Score != beats-1; m = p.receive() {
	}
	if n := r.sequence(); n > beats/10 {
		t.Errorf("%d deltas for %d beats", n, beats)
	}
}

// When a node dies, all its boards come to another one at once: they share one encoding of the picture.
func TestAStormOfClientsSharesOneSnapshot(t *testing.T) {
	h := New(Options{Now: fixedClock})
	h.Publish(News{Part: "a", Alerts: []alert.Alert{firing("x", 1, alert.High)}})
	h.flush(fixedClock())
	shared := map[*websocket.PreparedMessage]int{}
	for i := range 5000 {
		sub, err := newSubscription(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := newClient(nil, 1)
		h.subscribe(c, sub, "the epoch of another node", int64(i))
		shared[<-c.queue]++
	}
	if len(shared) != 1 {
		t.Errorf("%d encodings for 5000 clients", len(shared))
	}
}

func TestConnectUseCloseUnderStress(t *testing.T) {
	r := newRig(t, Options{Queue: 8})
	stopNews := make(chan struct{})
	var news, clients sync.WaitGroup
	news.Go(func() {
		for i := int64(1); ; i++ {
			select {
			case <-stopNews:
				return
			default:
				r.Publish(News{Part: "a", Alerts: []alert.Alert{firing(fmt.Sprint(i%50), i, alert.High)}, Risk: []RiskRow{row(fmt.Sprint(i%70), float64(i%90))}})
				if i%500 == 0 {
					r.Reset()
				}
			}
		}
	})
	for i := range 24 {
		clients.Go(func() {
			for round := range 5 {
				c, _, err := (&websocket.Dialer{EnableCompression: i%2 == 0}).Dial(r.url, nil)
				if err != nil {
					return // the hub may be closing already
				}
				req := Request{Type: "subscribe"}
				if i%3 == 0 {
					req.Filter = &Filter{Customer: fmt.Sprint("cus_", round)}
				}
				_ = c.WriteJSON(req)
				var m Message
				for range 3 {
					_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
					if c.ReadJSON(&m) != nil {
						break
					}
				}
				_ = c.WriteJSON(Request{Type: "resume", Epoch: m.Epoch, Sequence: m.Sequence - 1})
				if i%4 == 0 {
					_ = c.WriteControl(websocket.CloseMessage, nil, time.Now().Add(time.Second))
				}
				_ = c.Close()
			}
		})
	}
	clients.Wait()
	last := r.dial(t, nil)
	last.send(Request{Type: "subscribe"})
	r.stop()
	close(stopNews)
	news.Wait()
	if n := testutil.ToFloat64(r.opt.Metrics.clients); n != 0 {
		t.Errorf("%v clients left", n)
	}
	if n := testutil.ToFloat64(r.opt.Metrics.views); n != 0 {
		t.Errorf("%v views left", n)
	}
}

func TestMetricsStartAtZeroAndExplainThemselves(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	NewMetrics(reg)
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "touchwatch_live_disconnects_total" && len(f.GetMetric()) != len(endReasons) {
			t.Errorf("%d reasons, want %d", len(f.GetMetric()), len(endReasons))
		}
	}
}

func fixedClock() time.Time { return noon.At() }

func FuzzRequestsNeverHarm(f *testing.F) {
	f.Add([]byte(`{"type":"subscribe","topics":["alerts"],"filter":{"labels":{"a":"b"}}}`))
	f.Add([]byte(`{"type":"resume","epoch":"x","sequence":-9223372036854775808}`))
	f.Add([]byte(`{"type":"ping"}`))
	h := New(Options{Past: 4})
	h.mu.past.add(touched{})
	f.Fuzz(func(t *testing.T, body []byte) {
		c := newClient(nil, 4)
		token := ""
		if err := h.handle(c, websocket.TextMessage, body, &token); err != nil {
			t.Fatal(err)
		}
		select {
		case <-c.queue:
		default:
			t.Fatal("no answer")
		}
		h.mu.Lock()
		h.leave(c)
		h.mu.Unlock()
	})
}

func BenchmarkApplyAlert(b *testing.B) {
	p := NewPicture()
	for i := range b.N {
		p.Apply(News{Part: "a", Alerts: []alert.Alert{firing("x", int64(i+1), alert.High)}}, noon)
	}
}

// BenchmarkBroadcast makes one delta with ten risk rows and one alert for 200 clients that share a subscription.
func BenchmarkBroadcast(b *testing.B) {
	h := New(Options{Now: fixedClock})
	sub, _ := newSubscription(nil, nil)
	clients := make([]*client, 200)
	for i := range clients {
		clients[i] = newClient(nil, 4)
		h.subscribe(clients[i], sub, "", 0)
		<-clients[i].queue
	}
	body, _ := json.Marshal(firing("x", 1, alert.High))
	b.SetBytes(int64(len(body)))
	for i := range b.N {
		n := News{Part: "a", Alerts: []alert.Alert{firing("x", int64(i+1), alert.High)}}
		for j := range 10 {
			n.Risk = append(n.Risk, row(fmt.Sprint(j), float64(i%90)+float64(j)))
		}
		h.Publish(n)
		h.flush(fixedClock())
		for _, c := range clients {
			<-c.queue
		}
	}
}
