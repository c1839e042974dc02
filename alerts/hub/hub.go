package hub

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/touchpoint"
)

// Hub keeps the picture and tells every client what changes. Publish, Reset and ServeHTTP may be called at any time from any goroutine;
// Run paces the deltas and must run for clients to hear anything.
type Hub struct {
	opt  Options
	wake chan struct{} // tells Run that news is waiting; holds one
	conn sync.WaitGroup

	buffers  sync.Pool    // write buffers, shared by the connections
	warnedAt atomic.Int64 // second of the latest warning about a refused client

	mu struct {
		sync.Mutex
		picture *Picture
		epoch   string
		past    *ring
		waiting waiting
		groups  map[string]*group
		clients map[*client]struct{}
		// admitted counts connections from before their upgrade, so that MaxClients holds under a storm of them.
		admitted int
		closed   bool
	}
}

// waiting is news that no client heard yet.
type waiting struct {
	touched touched
	reset   bool
	since   time.Time // arrival of the first; zero when there is none
}

// group is the clients that share one subscription, and so every message.
type group struct {
	view    *view
	clients map[*client]struct{}
	shared  *websocket.PreparedMessage // the latest snapshot, for clients that come within shareFor
	madeAt  time.Time
	madeFor int64 // sequence
}

// New returns a hub with an empty picture.
func New(opt Options) *Hub {
	h := &Hub{opt: opt.withDefaults(), wake: make(chan struct{}, 1)}
	h.mu.picture = NewPicture()
	h.mu.epoch = rand.Text()
	h.mu.past = newRing(h.opt.Past)
	h.mu.groups = map[string]*group{}
	h.mu.clients = map[*client]struct{}{}
	return h
}

// Publish takes news into the picture. It never waits for a client. n must not be changed afterwards.
func (h *Hub) Publish(n News) {
	now := h.opt.Now()
	h.mu.Lock()
	t := h.mu.picture.Apply(n, touchpoint.MillisOf(now))
	h.note(&t, now)
	h.mu.Unlock()
}

// Reset starts a new epoch: what was said before may not hold any more, because the store behind it was rewound or replaced. Every client
// gets a new snapshot. Resets that follow each other closely become one.
func (h *Hub) Reset() {
	now := h.opt.Now()
	h.mu.Lock()
	h.mu.waiting.reset = true
	if h.mu.waiting.since.IsZero() {
		h.mu.waiting.since = now
	}
	h.mu.Unlock()
	h.poke()
}

// Alerts returns the alerts of the picture, most urgent first: open ones, and those that ended in the last hour.
func (h *Hub) Alerts() []alert.Alert {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.mu.picture.sortedAlerts(func(*alert.Alert) bool { return true })
}

// Risk returns the customers at risk, lowest score first, at most 1,000.
func (h *Hub) Risk() []RiskRow {
	h.mu.Lock()
	defer h.mu.Unlock()
	rows := h.mu.picture.rows()
	return slices.Clone(rows[:min(len(rows), maxRiskPool)])
}

// Progress returns how far the picture reaches.
func (h *Hub) Progress() Progress {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.mu.picture.Progress()
}

// note puts t among the waiting news. The caller holds the lock.
func (h *Hub) note(t *touched, now time.Time) {
	if t.empty() {
		return
	}
	if h.mu.waiting.since.IsZero() {
		h.mu.waiting.since = now
	}
	h.mu.waiting.touched.merge(t)
	h.poke()
}

func (h *Hub) poke() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Run sends deltas until ctx ends, then tells every client that the server goes away and waits until all have gone.
func (h *Hub) Run(ctx context.Context) {
	defer h.Close()
	pause := time.NewTimer(time.Hour)
	defer pause.Stop()
	prune := time.NewTicker(pruneEvery)
	defer prune.Stop()
	var sentAt time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-prune.C:
			h.prune()
		case <-h.wake:
			pause.Reset(h.untilDue(sentAt))
		case <-pause.C:
			sentAt = h.opt.Now()
			h.flush(sentAt)
			pause.Reset(time.Hour)
		}
	}
}

// untilDue is how long the waiting news may still wait for company.
func (h *Hub) untilDue(sentAt time.Time) time.Duration {
	h.mu.Lock()
	every := beatEvery
	if len(h.mu.waiting.touched.alerts) > 0 {
		every = alertEvery
	}
	h.mu.Unlock()
	return max(0, every-h.opt.Now().Sub(sentAt))
}

func (h *Hub) prune() {
	now := h.opt.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.mu.picture.Prune(touchpoint.MillisOf(now))
	h.note(&t, now)
}

// flush makes the next numbered delta of everything that waits and puts it into every client's queue.
func (h *Hub) flush(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.mu.waiting
	if w.since.IsZero() {
		return
	}
	h.mu.waiting = waiting{}
	if w.reset {
		h.renew(now)
	} else {
		h.mu.past.add(w.touched)
		h.opt.Metrics.deltas.Inc()
		for _, g := range h.mu.groups {
			h.send(g, h.encode(&Message{Type: "delta", Delta: g.view.delta(h.mu.picture, &w.touched)}, now))
		}
	}
	h.opt.Metrics.broadcast.Observe(h.opt.Now().Sub(w.since).Seconds())
}

// renew starts a new epoch and sends every client a snapshot. The caller holds the lock.
func (h *Hub) renew(now time.Time) {
	h.mu.epoch = rand.Text()
	h.mu.past.clear()
	for _, g := range h.mu.groups {
		g.view = newView(g.view.sub)
		g.shared = nil
		h.send(g, h.snapshot(g, now))
		h.opt.Metrics.snapshots.Add(float64(len(g.clients)))
	}
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

// Close tells every client that the server goes away and waits until all connections have ended, a few seconds at most. New ones
// are refused. It may be called twice, and before Run.
func (h *Hub) Close() {
	h.mu.Lock()
	h.mu.closed = true
	for c := range h.mu.clients {
		h.leave(c)
		c.end(CodeShuttingDown, "the server goes away; reconnect in a moment")
	}
	h.mu.Unlock()
	h.conn.Wait()
}
