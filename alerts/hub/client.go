package hub

import (
	"encoding/json"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"touchwatch/ingest/touchpoint"
)

// client is one connection. Its writer goroutine alone writes data; its reader is the goroutine that serves the request.
type client struct {
	socket *websocket.Conn
	queue  chan *websocket.PreparedMessage
	token  string // credential it came with; owned by the reader until authorized is closed

	authorized chan struct{} // closed when the client may hear things
	ended      chan struct{} // closed when it has to go
	endOnce    sync.Once
	why        Problem     // set before ended is closed
	cut        *time.Timer // cuts the connection when the farewell takes too long; set before ended is closed

	group *group // guarded by the hub's lock
}

func newClient(socket *websocket.Conn, queue int) *client {
	return &client{
		socket: socket, queue: make(chan *websocket.PreparedMessage, queue),
		authorized: make(chan struct{}), ended: make(chan struct{}),
	}
}

// offer puts m into the queue and reports whether there was room.
func (c *client) offer(m *websocket.PreparedMessage) bool {
	select {
	case c.queue <- m:
		return true
	default:
		return false
	}
}

// farewellWithin bounds how long a connection that has to go may still take.
const farewellWithin = time.Second

// end makes the connection go, with a reason. The first reason counts. It does not wait.
func (c *client) end(code, detail string) {
	c.endOnce.Do(func() {
		c.why = Problem{Code: code, Detail: detail}
		c.cut = time.AfterFunc(2*farewellWithin, func() { _ = c.socket.Close() })
		close(c.ended)
		// A writer that is stuck in a client which does not read is freed.
		_ = c.socket.NetConn().SetWriteDeadline(time.Now().Add(farewellWithin))
	})
}

// extend gives the client more time to send something, unless it has to go.
func (c *client) extend(within time.Duration) {
	_ = c.socket.SetReadDeadline(time.Now().Add(within))
	select {
	case <-c.ended: // farewell may have set its deadline before us
		_ = c.socket.SetReadDeadline(time.Now().Add(farewellWithin))
	default:
	}
}

// reason says why the connection ended; call it after ended is closed.
func (c *client) reason() string { return c.why.Code }

// closeCodes are the WebSocket close codes of the reasons. 4000–4999 are free for applications.
var closeCodes = map[string]int{
	CodeBadMessage: websocket.ClosePolicyViolation, CodeTooLarge: websocket.CloseMessageTooBig, CodeTooMany: websocket.ClosePolicyViolation,
	CodeShuttingDown: websocket.CloseGoingAway, CodeTooSlow: 4008, CodeUnauthorized: 4401, CodeNoRequest: 4408, CodeTimeout: 4409,
}

// write sends what the queue holds until the connection has to go.
func (c *client) write(h *Hub) {
	ping := time.NewTicker(h.opt.PingEvery)
	defer ping.Stop()
	for {
		var err error
		select {
		case <-c.ended:
			c.farewell()
			return
		case m := <-c.queue:
			_ = c.socket.SetWriteDeadline(time.Now().Add(h.opt.WriteWithin))
			err = c.socket.WritePreparedMessage(m)
		case <-ping.C:
			if !c.stillAuthorized(h) {
				c.end(CodeUnauthorized, "the token does not count any more")
				continue
			}
			err = c.socket.WriteControl(websocket.PingMessage, nil, time.Now().Add(h.opt.WriteWithin))
		}
		if err != nil {
			c.end(writeFault(err))
			_ = c.socket.Close()
			return
		}
	}
}

// writeFault names the reason why a write failed.
func writeFault(err error) (code, detail string) {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return CodeTooSlow, "a write took too long"
	}
	return endBroken, err.Error()
}

func (c *client) stillAuthorized(h *Hub) bool {
	if h.opt.Authorize == nil {
		return true
	}
	select {
	case <-c.authorized:
		return h.opt.Authorize(c.token)
	default:
		return true // the reader gives it RequestWithin
	}
}

// farewell says why and closes. A client that can still read learns the reason twice: as a message and in the close frame.
func (c *client) farewell() {
	deadline := time.Now().Add(farewellWithin)
	if code, known := closeCodes[c.why.Code]; known {
		_ = c.socket.SetWriteDeadline(deadline)
		body, err := json.Marshal(Message{Type: "error", Now: touchpoint.MillisOf(time.Now()), Error: &c.why})
		if err == nil && c.socket.WriteMessage(websocket.TextMessage, body) == nil {
			_ = c.socket.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, c.why.Code), deadline)
		}
	}
	// The reader now waits for the client's close frame, but not for ever.
	_ = c.socket.NetConn().SetReadDeadline(deadline)
}
