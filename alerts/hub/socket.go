package hub

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// readBuffer is enough for what a board asks, mostly in one read; the server's own buffer for a request has 4 KiB.
const readBuffer = 1 << 10

// ServeHTTP upgrades the request to a WebSocket, which is served in goroutines of its own: what the server keeps for a request (its
// stack, its headers) goes at once, not when the board is closed. Run waits for them.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !originAllowed(r, h.opt.Origins) {
		h.opt.Metrics.refused.WithLabelValues(refusedOrigin).Inc()
		h.warn("live connection refused: foreign origin", "origin", r.Header.Get("Origin"), "host", r.Host, "remote", r.RemoteAddr)
		http.Error(w, "this origin may not connect; add it to the allowed origins of the server", http.StatusForbidden)
		return
	}
	if refusal := h.admit(); refusal != "" {
		h.opt.Metrics.refused.WithLabelValues(refusal).Inc()
		w.Header().Set("Retry-After", "5")
		http.Error(w, "no room for another live connection now: "+refusal, http.StatusServiceUnavailable)
		return
	}
	upgrader := websocket.Upgrader{
		EnableCompression: true, ReadBufferSize: readBuffer, WriteBufferPool: &h.buffers, HandshakeTimeout: h.opt.WriteWithin,
		CheckOrigin: func(*http.Request) bool { return true }, // decided above
	}
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil { // Upgrade has answered
		h.opt.Metrics.refused.WithLabelValues(refusedHandshake).Inc()
		h.release(nil)
		h.conn.Done()
		return
	}
	token := requestToken(r)
	go func() {
		defer h.conn.Done()
		h.serve(newClient(socket, h.opt.Queue), token)
	}()
}

// admit counts a connection in and returns "", or why there is no room for it.
func (h *Hub) admit() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.mu.closed:
		return refusedClosing
	case h.mu.admitted >= h.opt.MaxClients:
		return refusedFull
	}
	h.mu.admitted++
	h.conn.Add(1)
	return ""
}

// release forgets a connection; c is nil when it did not get as far as a client.
func (h *Hub) release(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mu.admitted--
	if c != nil {
		h.leave(c)
		delete(h.mu.clients, c)
		h.opt.Metrics.clients.Dec()
	}
}

// serve runs one connection: the writer in a goroutine of its own, the reader here.
func (h *Hub) serve(c *client, token string) {
	h.mu.Lock()
	h.mu.clients[c] = struct{}{}
	closed := h.mu.closed
	h.mu.Unlock()
	h.opt.Metrics.clients.Inc()
	if closed {
		c.end(CodeShuttingDown, "the server goes away; reconnect in a moment")
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.write(h)
	}()
	code, detail := h.read(c, token)
	c.end(code, detail)
	<-written
	c.drain()
	c.cut.Stop()
	_ = c.socket.Close()
	h.release(c)
	h.opt.Metrics.ends.WithLabelValues(c.reason()).Inc()
	if c.reason() == CodeUnauthorized {
		h.warn("live connection refused: "+c.why.Detail, "remote", c.socket.RemoteAddr().String())
	}
}

// warn logs a sample: at most one line a second, however many are refused.
func (h *Hub) warn(message string, args ...any) {
	now := h.opt.Now().Unix()
	if h.warnedAt.Swap(now) != now {
		h.opt.Log.Warn(message, args...)
	}
}

// drain reads until the client's close frame or the deadline that farewell set, so that the close handshake can finish.
func (c *client) drain() {
	for range requestBurst {
		if _, _, err := c.socket.NextReader(); err != nil {
			return
		}
	}
}

// read handles requests until the connection ends, and says why it did.
func (h *Hub) read(c *client, token string) (code, detail string) {
	c.socket.SetReadLimit(maxRequestBytes)
	alive := h.opt.PingEvery * 5 / 2
	_ = c.socket.SetReadDeadline(time.Now().Add(h.opt.RequestWithin))
	gate := gate{now: h.opt.Now}
	c.socket.SetPongHandler(func(string) error { return c.alive(&gate, alive) })
	c.socket.SetPingHandler(func(payload string) error {
		if err := c.alive(&gate, alive); err != nil {
			return err
		}
		// A pong that cannot be sent means that the writer is stuck; the writer notices.
		_ = c.socket.WriteControl(websocket.PongMessage, []byte(payload), time.Now().Add(farewellWithin))
		return nil
	})
	for {
		kind, reader, err := c.socket.NextReader()
		var body []byte
		if err == nil {
			// The limit of the socket counts compressed bytes, this one what they unfold to.
			body, err = io.ReadAll(io.LimitReader(reader, maxRequestBytes+1))
		}
		if err == nil && len(body) > maxRequestBytes {
			err = websocket.ErrReadLimit
		}
		if err == nil {
			err = gate.pass()
		}
		if err != nil {
			return c.readFault(err)
		}
		if err := h.handle(c, kind, body, &token); err != nil {
			return CodeUnauthorized, err.Error()
		}
		if c.open() {
			c.extend(alive)
		}
	}
}

// open reports whether the client has subscribed and may stay.
func (c *client) open() bool {
	select {
	case <-c.authorized:
		return true
	default:
		return false
	}
}

// alive notes a sign of life. One that only pings and never subscribes does not get more time.
func (c *client) alive(g *gate, within time.Duration) error {
	if err := g.pass(); err != nil {
		return err
	}
	if c.open() {
		c.extend(within)
	}
	return nil
}

// readFault names the reason why reading ended.
func (c *client) readFault(err error) (code, detail string) {
	var timeout net.Error
	var closed *websocket.CloseError
	switch {
	case errors.Is(err, errFlood):
		return CodeTooMany, err.Error()
	case errors.Is(err, websocket.ErrReadLimit):
		return CodeTooLarge, fmt.Sprintf("a message may have %d bytes", maxRequestBytes)
	case errors.As(err, &timeout) && timeout.Timeout() && !c.open():
		return CodeNoRequest, "no subscribe or resume came in time"
	case errors.As(err, &timeout) && timeout.Timeout():
		return CodeTimeout, "no answer to a ping"
	case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
		return endClient, err.Error()
	}
	return endBroken, err.Error()
}
