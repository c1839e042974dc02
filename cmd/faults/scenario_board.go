package faults

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"touchwatch/alerts/hub"
)

// deaf opens a live connection through a proxy of its own, subscribes, hears the snapshot, and then stops reading.
func (r *Run) deaf() (*Proxy, error) {
	p, err := NewProxy(r.web.Addr())
	if err != nil {
		return nil, err
	}
	r.closers = append(r.closers, p.Close)
	conn, res, err := websocket.DefaultDialer.Dial("ws://"+p.Addr()+"/api/v1/live", nil)
	if err != nil {
		return nil, fmt.Errorf("open a live connection: %w", err)
	}
	_ = res.Body.Close()
	r.closers = append(r.closers, func() { _ = conn.Close() })
	if err := conn.WriteJSON(hub.Request{Type: "subscribe"}); err != nil {
		return nil, err
	}
	var m hub.Message
	if err := conn.ReadJSON(&m); err != nil || m.Type != "snapshot" {
		return nil, fmt.Errorf("the first message is %q, want a snapshot: %w", m.Type, err)
	}
	return p, nil
}

// slowBoards leaves boards connected that read nothing, and boards whose network is gone without a word.
func slowBoards(r *Run) error {
	front, _, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(15000, 55*time.Second)
	if err != nil {
		return err
	}
	const each = 3
	for i := range 2 * each {
		p, err := r.deaf()
		if err != nil {
			return err
		}
		p.Hold(i < each, true) // the first ones are half open, the others only do not read
	}
	clients := front.metric("touchwatch_live_clients")
	r.note("%d boards read nothing, %d of them are half open; %.0f are connected", 2*each, each, clients)
	stop := r.ages()
	gone := func() error {
		if n := front.metric("touchwatch_live_clients"); n > clients-2*each {
			return fmt.Errorf("%.0f boards are still connected", n)
		}
		return nil
	}
	err = until(r.ctx, 60*time.Second, gone) // a ping every 15 s, and 2.5 of them without an answer
	worst := stop()
	if err := errors.Join(err, l.under(), r.fresh(worst)); err != nil {
		return err
	}
	if _, metrics := front.get("/metrics"); metrics != "" {
		for line := range strings.SplitSeq(metrics, "\n") {
			if strings.HasPrefix(line, "touchwatch_live_disconnects_total") && !strings.HasSuffix(line, " 0") {
				r.note("%s", line)
			}
		}
	}
	ended := front.metric("touchwatch_live_disconnects_total", "timeout") + front.metric("touchwatch_live_disconnects_total", "too_slow")
	if err := r.prove(int64(ended), "connections ended by the server because nobody read"); err != nil {
		return err
	}
	if ended != 2*each {
		return fmt.Errorf("%.0f connections were ended, want %d: those that read nothing, and no other", ended, 2*each)
	}
	return l.wait()
}
