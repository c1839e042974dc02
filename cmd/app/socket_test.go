package app

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"touchwatch/alerts/alert"
	"touchwatch/alerts/hub"
)

// socket is a browser's side of the live socket: it keeps the latest version of every alert it was told of.
type socket struct {
	conn *websocket.Conn
	done chan struct{}

	mu     sync.Mutex
	alerts map[string]alert.Alert
	broken error
}

// dial connects and reads until the test ends.
func dial(t *testing.T, addr string) *socket {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+addr+"/api/v1/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &socket{conn: conn, done: make(chan struct{}), alerts: map[string]alert.Alert{}}
	if err := conn.WriteJSON(hub.Request{Type: "subscribe"}); err != nil {
		t.Fatal(err)
	}
	go s.read()
	t.Cleanup(func() { conn.Close(); <-s.done })
	return s
}

func (s *socket) read() {
	defer close(s.done)
	last := int64(-1)
	for {
		var m hub.Message
		if err := s.conn.ReadJSON(&m); err != nil {
			return
		}
		s.mu.Lock()
		if m.Type == "delta" && last >= 0 && m.Sequence != last+1 {
			s.broken = fmt.Errorf("message %d follows %d", m.Sequence, last)
		}
		if m.Type == "delta" || m.Type == "snapshot" {
			last = m.Sequence
		}
		if m.Snapshot != nil {
			s.take(m.Snapshot.Alerts)
		}
		if m.Delta != nil {
			s.take(m.Delta.Alerts)
		}
		s.mu.Unlock()
	}
}

// take keeps the alerts with the highest versions. The caller holds the lock.
func (s *socket) take(alerts []alert.Alert) {
	for _, a := range alerts {
		if a.Version >= s.alerts[a.ID].Version {
			s.alerts[a.ID] = a
		}
	}
}

// compare checks that the browser knows every alert of a fold at its latest version, and none besides.
func (s *socket) compare(all []alert.Alert) error {
	want := map[string]int64{}
	for _, a := range all {
		want[a.ID] = max(want[a.ID], a.Version)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	for id, version := range want {
		if got := s.alerts[id].Version; got != version {
			return fmt.Errorf("alert %s: the browser has version %d, the fold %d", id, got, version)
		}
	}
	for id := range s.alerts {
		if want[id] == 0 {
			return fmt.Errorf("the browser was told of alert %s, which the fold does not know", id)
		}
	}
	if len(want) == 0 {
		return fmt.Errorf("no alert came about: the world is too calm to test anything")
	}
	return nil
}

func parseAlert(t *testing.T, body []byte) alert.Alert {
	t.Helper()
	var a alert.Alert
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatalf("alert %s: %v", body, err)
	}
	return a
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
