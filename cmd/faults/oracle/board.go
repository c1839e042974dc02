package oracle

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"touchwatch/alerts/hub"
	"touchwatch/ingest/touchpoint"
)

// Board is a browser's side of the live socket: it keeps the latest version of every alert it was told of. When its connection ends it
// comes back and resumes after the last message it saw, as the web board does. It is safe for concurrent use; Close ends it.
type Board struct {
	url    string
	cancel context.CancelFunc
	done   chan struct{}

	mu       sync.Mutex
	alerts   map[string]Alert
	seen     map[string]map[int64]Alert // every version it was told of
	epoch    string
	last     int64 // sequence of the last message; meaningful with an epoch
	upTo     touchpoint.Millis
	connects int
	resumed  int
	broken   error
}

// redial is the pause before a board comes back.
const redial = 100 * time.Millisecond

// Watch opens a board on the product at an address such as 127.0.0.1:8480. It fails when the first connection does.
func Watch(addr string) (*Board, error) {
	b := &Board{url: "ws://" + addr + "/api/v1/live", done: make(chan struct{}), alerts: map[string]Alert{}, seen: map[string]map[int64]Alert{}}
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	conn, err := b.dial(ctx)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("open a board: %w", err)
	}
	go b.run(ctx, conn)
	return b, nil
}

// Close ends the board and waits for it.
func (b *Board) Close() {
	b.cancel()
	<-b.done
}

func (b *Board) run(ctx context.Context, conn *websocket.Conn) {
	defer close(b.done)
	for ctx.Err() == nil {
		if conn != nil {
			stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
			b.read(conn)
			stop()
			_ = conn.Close()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(redial):
		}
		conn, _ = b.dial(ctx) // a server that is away is tried again
	}
}

// dial connects, and subscribes or resumes.
func (b *Board) dial(ctx context.Context) (*websocket.Conn, error) {
	dialer := websocket.Dialer{HandshakeTimeout: 5 * time.Second}
	conn, res, err := dialer.DialContext(ctx, b.url, nil)
	if err != nil {
		return nil, err
	}
	_ = res.Body.Close()
	b.mu.Lock()
	request := hub.Request{Type: "subscribe"}
	if b.epoch != "" {
		request = hub.Request{Type: "resume", Epoch: b.epoch, Sequence: b.last}
	}
	b.connects++
	b.mu.Unlock()
	if err := conn.WriteJSON(request); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// read takes messages until the connection ends.
func (b *Board) read(conn *websocket.Conn) {
	for {
		var m hub.Message
		if err := conn.ReadJSON(&m); err != nil {
			return
		}
		b.hear(&m)
	}
}

// hear takes one message, and notes a sequence that was broken: a board must never miss a message without being told.
func (b *Board) hear(m *hub.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.Type == "delta" && !m.Resumed && b.epoch != "" && m.Sequence != b.last+1 && b.broken == nil {
		b.broken = fmt.Errorf("message %d follows %d", m.Sequence, b.last)
	}
	if m.Type == "delta" || m.Type == "snapshot" {
		b.last = m.Sequence
		if m.Epoch != "" {
			b.epoch = m.Epoch
		}
	}
	if m.Resumed {
		b.resumed++
	}
	if m.Snapshot != nil {
		b.take(m.Snapshot.Alerts)
		b.upTo = m.Snapshot.Progress.UpTo
	}
	if m.Delta != nil {
		b.take(m.Delta.Alerts)
		if m.Delta.Progress != nil {
			b.upTo = m.Delta.Progress.UpTo
		}
	}
}

// take keeps the alerts with the highest versions. The caller holds the lock.
func (b *Board) take(alerts []Alert) {
	for _, a := range alerts {
		if b.seen[a.ID] == nil {
			b.seen[a.ID] = map[int64]Alert{}
		}
		b.seen[a.ID][a.Version] = a
		if a.Version >= b.alerts[a.ID].Version {
			b.alerts[a.ID] = a
		}
	}
}

// compare checks that the board knows every alert of a fold at its latest version, and was never told of one that the fold does not make.
func (b *Board) compare(all []Alert) error {
	want, latest := map[string]map[int64]Alert{}, map[string]int64{}
	for _, a := range all {
		if want[a.ID] == nil {
			want[a.ID] = map[int64]Alert{}
		}
		want[a.ID][a.Version] = a
		latest[a.ID] = max(latest[a.ID], a.Version)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return b.broken
	}
	for id, version := range latest {
		if got := b.alerts[id].Version; got != version {
			return fmt.Errorf("alert %s: the browser has version %d, the fold %d", id, got, version)
		}
	}
	for id, versions := range b.seen {
		for version, got := range versions {
			if w, ok := want[id][version]; !ok || w.Phase != got.Phase || w.Reason != got.Reason {
				return fmt.Errorf("the browser was told of alert %s version %d (%s, %s), the fold has %d versions of it and this one is %q, %q", id, version, got.Phase, got.Reason, len(want[id]), w.Phase, w.Reason)
			}
		}
	}
	if len(latest) == 0 {
		return errors.New("no alert came about: the world is too calm to test anything")
	}
	return nil
}

// Told returns every version of every alert that the board was told of, in no order.
func (b *Board) Told() []Alert {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Alert
	for _, versions := range b.seen {
		for _, a := range versions {
			all = append(all, a)
		}
	}
	return all
}

// UpTo is the time up to which the picture reaches, as the board was told last.
func (b *Board) UpTo() touchpoint.Millis {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.upTo
}

// Connections returns how often the board connected, and how often it got what it had missed without a new snapshot.
func (b *Board) Connections() (connects, resumed int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.connects, b.resumed
}
