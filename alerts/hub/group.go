package hub

import (
	"encoding/json"
	"time"

	"github.com/gorilla/websocket"

	"touchwatch/ingest/touchpoint"
)

// group is the clients that share one subscription, and so every message.
type group struct {
	view    *view
	clients map[*client]struct{}
	shared  *websocket.PreparedMessage // the latest snapshot, for clients that come within shareFor
	madeAt  time.Time
	madeFor int64 // sequence
}

// send puts m into the queue of each client of g. Who has no room left is disconnected. The caller holds the lock.
func (h *Hub) send(g *group, m *websocket.PreparedMessage) {
	for c := range g.clients {
		if !c.offer(m) {
			h.leave(c)
			c.end(CodeTooSlow, "the client does not read as fast as news arrives; reconnect and resume")
		}
	}
	h.opt.Metrics.sent.Add(float64(len(g.clients)))
}

// encode finishes a message and encodes it once for all its receivers. The caller holds the lock.
func (h *Hub) encode(m *Message, now time.Time) *websocket.PreparedMessage {
	m.Epoch, m.Sequence, m.Now = h.mu.epoch, h.mu.past.last, touchpoint.MillisOf(now)
	body, err := json.Marshal(m)
	if err != nil {
		// Only a float that is no number can get here, and every score is computed from bounded integers.
		h.opt.Log.Error("cannot encode a live message", "error", err)
		body = []byte(`{"type":"error","sequence":0,"now":0,"error":{"code":"bad_message","detail":"the server could not encode a message"}}`)
	}
	prepared, err := websocket.NewPreparedMessage(websocket.TextMessage, body)
	if err != nil {
		h.opt.Log.Error("cannot prepare a live message", "error", err)
	}
	return prepared
}

// snapshot returns the encoded picture of g's subscription, shared among clients that come at the same time. The caller holds the lock.
func (h *Hub) snapshot(g *group, now time.Time) *websocket.PreparedMessage {
	if g.shared == nil || g.madeFor != h.mu.past.last || now.Sub(g.madeAt) > shareFor {
		g.view.show(h.mu.picture)
		g.shared = h.encode(&Message{Type: "snapshot", Snapshot: g.view.sub.snapshot(h.mu.picture)}, now)
		g.madeAt, g.madeFor = now, h.mu.past.last
	}
	return g.shared
}

// subscribe makes c hear what sub asks for, beginning with a snapshot, or with what it missed since sequence of epoch.
func (h *Hub) subscribe(c *client, sub *subscription, epoch string, sequence int64) {
	now := h.opt.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.mu.closed {
		return
	}
	h.leave(c)
	g := h.join(c, sub)
	var first *websocket.PreparedMessage
	if missed, ok := h.mu.past.since(sequence); ok && epoch == h.mu.epoch {
		g.view.show(h.mu.picture)
		first = h.encode(&Message{Type: "delta", Resumed: true, Delta: sub.catchUp(h.mu.picture, &missed)}, now)
		h.opt.Metrics.resumes.WithLabelValues("delta").Inc()
	} else {
		first = h.snapshot(g, now)
		h.opt.Metrics.snapshots.Inc()
		if epoch != "" {
			h.opt.Metrics.resumes.WithLabelValues("snapshot").Inc()
		}
	}
	if !c.offer(first) {
		h.leave(c)
		c.end(CodeTooSlow, "the client does not read as fast as it asks")
	}
}

// join adds c to the group of its subscription. The caller holds the lock.
func (h *Hub) join(c *client, sub *subscription) *group {
	g := h.mu.groups[sub.key]
	if g == nil {
		g = &group{view: newView(sub), clients: map[*client]struct{}{}}
		h.mu.groups[sub.key] = g
		h.opt.Metrics.views.Inc()
	}
	g.clients[c] = struct{}{}
	c.group = g
	return g
}

// leave takes c out of its group. The caller holds the lock.
func (h *Hub) leave(c *client) {
	g := c.group
	if g == nil {
		return
	}
	c.group = nil
	delete(g.clients, c)
	if len(g.clients) == 0 {
		delete(h.mu.groups, g.view.sub.key)
		h.opt.Metrics.views.Dec()
	}
}
