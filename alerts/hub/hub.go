package hub

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"sync/atomic"
	"time"

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
