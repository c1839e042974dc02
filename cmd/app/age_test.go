package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"touchwatch/alerts/hub"
	"touchwatch/deploy/connect"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// play runs a process with these roles; stop ends it and waits.
func play(t *testing.T, cfg Config, roles ...Role) (a *App, stop func()) {
	t.Helper()
	cfg.Roles = roles
	a, err := New(cfg, Version{Version: "test"}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("roles %v ended with: %v", roles, err)
		}
	})
	t.Cleanup(stop)
	return a, stop
}

// screen is what a board on the wall knows: how far its picture reaches, the server's clock, and that its socket lives.
type screen struct {
	conn *websocket.Conn
	done chan struct{}

	mu     sync.Mutex
	upTo   touchpoint.Millis
	now    touchpoint.Millis
	deltas int
	pongs  int
	err    error
}

// watch opens a screen that reads until the test ends.
func watch(t *testing.T, addr string) *screen {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+addr+"/api/v1/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.WriteJSON(hub.Request{Type: "subscribe"}); err != nil {
		t.Fatal(err)
	}
	s := &screen{conn: conn, done: make(chan struct{})}
	go s.read()
	t.Cleanup(func() { conn.Close(); <-s.done })
	return s
}

func (s *screen) read() {
	defer close(s.done)
	for {
		var m hub.Message
		err := s.conn.ReadJSON(&m)
		s.mu.Lock()
		if s.err = err; err == nil {
			s.take(&m)
		}
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// take notes a message. The caller holds the lock.
func (s *screen) take(m *hub.Message) {
	s.now = max(s.now, m.Now)
	switch {
	case m.Type == "pong":
		s.pongs++
	case m.Snapshot != nil:
		s.upTo = m.Snapshot.Progress.UpTo
	case m.Delta != nil:
		s.deltas++
		if m.Delta.Progress != nil {
			s.upTo = m.Delta.Progress.UpTo
		}
	}
}

// glance returns what the screen shows now.
func (s *screen) glance(t *testing.T) (upTo, now touchpoint.Millis, deltas, pongs int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		t.Fatalf("the socket broke: %v", s.err)
	}
	return s.upTo, s.now, s.deltas, s.pongs
}

// eventually repeats a check until it passes.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	err := errors.New("never asked")
	for deadline := time.Now().Add(time.Minute); err != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
		err = check()
	}
}

// rises waits until the picture reaches beyond upTo.
func (s *screen) rises(t *testing.T, what string, upTo touchpoint.Millis) touchpoint.Millis {
	t.Helper()
	var got touchpoint.Millis
	eventually(t, what, func() error {
		if got, _, _, _ = s.glance(t); got <= upTo {
			return fmt.Errorf("the picture reaches up to %d, want more than %d", got, upTo)
		}
		return nil
	})
	return got
}

// appendTouchpoint writes straight into the timeline, as if ingest had.
func appendTouchpoint(t *testing.T, cfg *Config, id string) {
	t.Helper()
	client, err := cfg.Kafka.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer connect.CloseKafka(client)
	now := nowMillis()
	tp := touchpoint.Touchpoint{
		ID: touchpoint.ID(id), Channel: touchpoint.Website, Kind: touchpoint.PageView, Customer: "cus_1", OccurredAt: now, ReceivedAt: now,
		Aliases: []touchpoint.Alias{{Kind: touchpoint.AliasID, Value: "cus_1"}},
	}
	value, err := timeline.Encode(nil, &timeline.Entry{Kind: timeline.Touchpoint, Subject: "cus_1", At: now, Touchpoint: &tp})
	if err != nil {
		t.Fatal(err)
	}
	p := timeline.Partition("cus_1", cfg.Topics.TimelinePartitions)
	if _, err := stream.Produce(context.Background(), client, TopicTimeline, p, []stream.Record{{Key: []byte("cus_1"), Value: value}}); err != nil {
		t.Fatal(err)
	}
}

func TestAScreenSaysHowOldItIsWhileItsSocketLives(t *testing.T) {
	cfg := embeddedServers(t)
	cfg.ClickHouse = connect.ClickHouse{}
	_, stopIngest := play(t, cfg, RoleIngest)
	boards, _ := play(t, cfg, RoleCustomers, RoleWeb)
	s := watch(t, boards.Addr())
	first := s.rises(t, "ingest runs", 0)
	s.rises(t, "ingest goes on without any traffic", first)

	stopIngest()
	stopped := nowMillis()
	_, _, deltasBefore, pongsBefore := s.glance(t)
	sent := 0
	eventually(t, "the socket lives on for two seconds", func() error {
		if err := s.conn.WriteJSON(hub.Request{Type: "ping"}); err != nil {
			t.Fatal(err)
		}
		if sent%10 == 0 {
			appendTouchpoint(t, &cfg, fmt.Sprintf("website:late-%d", sent))
		}
		sent++
		time.Sleep(100 * time.Millisecond) // the hub refuses a client that floods it
		upTo, now, _, _ := s.glance(t)
		if upTo >= stopped {
			t.Fatalf("the picture claims to reach up to %d, %d ms after ingest stopped", upTo, upTo-stopped)
		}
		if now < stopped+2000 {
			return fmt.Errorf("the server's clock shows %d, want %d", now, stopped+2000)
		}
		return nil
	})
	upTo, now, deltas, pongs := s.glance(t)
	if deltas < deltasBefore+2 || pongs < pongsBefore+5 {
		t.Errorf("after ingest stopped: %d deltas, %d pongs; the socket was to be alive", deltas-deltasBefore, pongs-pongsBefore)
	}
	if age := now.Sub(upTo); age < 2*time.Second {
		t.Errorf("the screen shows data of %s ago, ingest stopped %s ago", age, now.Sub(stopped))
	}

	_, _ = play(t, cfg, RoleIngest)
	s.rises(t, "ingest is back", stopped)
}
