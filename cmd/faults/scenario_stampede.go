package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"touchwatch/alerts/hub"
)

// boards is how many boards the stampede has; stampedeWithin how long all of them may take, on two busy cores that they share.
const (
	boards         = 2000
	stampedeWithin = 60 * time.Second
	// stampedeAge is how old the picture may become meanwhile: 2,000 handshakes and snapshots take the cores for some seconds.
	stampedeAge = 20 * time.Second
	// askedPerBoard is how often Redis may be asked for a part of a picture for a board that comes back. A board needs nothing of it, as the hub
	// has the picture; a reader of the hub that was held up for long may read its partition again, with some commands.
	askedPerBoard = 0.1
)

// herd are boards that connect, hear the picture, and come back when their connection ends.
type herd struct {
	run     *Run
	members sync.WaitGroup
	heard   atomic.Int64 // connections that got a picture, or what was missed
	failed  atomic.Int64 // attempts to connect that failed
	stop    context.CancelFunc
}

func (r *Run) herd() *herd {
	ctx, cancel := context.WithCancel(r.ctx)
	h := &herd{run: r, stop: cancel}
	for range boards {
		h.members.Go(func() { h.member(ctx) })
	}
	r.closers = append(r.closers, h.close)
	return h
}

func (h *herd) close() {
	h.stop()
	h.members.Wait()
}

// member is one board.
func (h *herd) member(ctx context.Context) {
	dialer := websocket.Dialer{HandshakeTimeout: 30 * time.Second, ReadBufferSize: 4 << 10, WriteBufferSize: 1 << 10}
	request := hub.Request{Type: "subscribe"}
	for ctx.Err() == nil {
		conn, res, err := dialer.DialContext(ctx, "ws://"+h.run.web.Addr()+"/api/v1/live", nil)
		if err != nil {
			h.failed.Add(1)
			select {
			case <-ctx.Done():
			case <-time.After(500 * time.Millisecond):
			}
			continue
		}
		_ = res.Body.Close()
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		if conn.WriteJSON(request) == nil {
			var m hub.Message
			if conn.ReadJSON(&m) == nil {
				h.heard.Add(1)
				request = hub.Request{Type: "resume", Epoch: m.Epoch, Sequence: m.Sequence}
			}
			for err := error(nil); err == nil; { // what follows keeps the connection alive
				_, _, err = conn.NextReader()
			}
		}
		stop()
		_ = conn.Close()
	}
}

// reach waits until so many connections have heard something.
func (h *herd) reach(n int64, within time.Duration) error {
	return until(h.run.ctx, within, func() error {
		if got := h.heard.Load(); got < n {
			return fmt.Errorf("%d of %d boards have a picture", got, n)
		}
		return nil
	})
}

// pictures is how often Redis was asked for what a picture is made of: the newest of streams, those at risk, histories. Nothing else asks so.
func (r *Run) pictures() (int64, error) {
	text, err := r.state.Info(r.ctx, "commandstats").Result()
	n := int64(0)
	for _, command := range []string{"xrevrange", "zrange", "lrange"} {
		n += max(0, infoNumber(strings.ReplaceAll(text, "calls=", ""), "cmdstat_"+command))
	}
	return n, err
}

// stampede cuts all boards at once.
func stampede(r *Run) error {
	front, _, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(7000, 40*time.Second)
	if err != nil {
		return err
	}
	h := r.herd()
	if err := errors.Join(h.reach(boards, stampedeWithin), l.under()); err != nil {
		return err
	}
	stop, before, began := r.ages(), h.heard.Load(), time.Now()
	askedBefore, err := r.pictures()
	if err != nil {
		return err
	}
	cut := r.web.Cut()
	if err := h.reach(before+boards, stampedeWithin); err != nil {
		return err
	}
	worst := stop()
	askedAfter, err := r.pictures()
	if err != nil {
		return err
	}
	r.note("%d boards are back after %s; %d attempts failed, %.0f are connected", boards, time.Since(began).Round(100*time.Millisecond), h.failed.Load(), front.metric("touchwatch_live_clients"))
	asked := askedAfter - askedBefore
	r.note("Redis was asked for parts of a picture %d times meanwhile, %.3f for a board", asked, float64(asked)/boards)
	if float64(asked) > askedPerBoard*boards {
		return fmt.Errorf("parts of a picture were asked of Redis %d times while %d boards came back, want at most %v for a board: a stampede", asked, boards, askedPerBoard)
	}
	if err := errors.Join(r.within(worst, stampedeAge), l.under(), r.prove(int64(cut), "connections of boards cut at the same moment")); err != nil {
		return err
	}
	h.close()
	return l.wait()
}
