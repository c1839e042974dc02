package hub

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gorilla/websocket"
)

// handle acts on one message. What is wrong with it is told to the client; only a missing or wrong token is returned as an error.
func (h *Hub) handle(c *client, kind int, body []byte, token *string) error {
	var req Request
	if kind != websocket.TextMessage {
		h.refuse(c, CodeBadMessage, "want a text message with JSON")
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&req); err != nil {
		h.refuse(c, CodeBadMessage, "want a JSON request: "+err.Error())
		return nil
	}
	if err := h.authorize(c, &req, token); err != nil {
		return err
	}
	switch req.Type {
	case "subscribe", "resume":
		sub, err := newSubscription(req.Topics, req.Filter)
		if err != nil {
			h.refuse(c, CodeUnknownTopic, err.Error())
			return nil
		}
		if req.Type == "subscribe" {
			req.Epoch, req.Sequence = "", 0
		}
		if !c.open() {
			close(c.authorized)
		}
		h.subscribe(c, sub, req.Epoch, req.Sequence)
	case "ping":
		h.answer(c, &Message{Type: "pong"})
	default:
		h.refuse(c, CodeBadMessage, fmt.Sprintf("unknown type %q; want subscribe, resume or ping", req.Type))
	}
	return nil
}

// authorize checks the token that came with the handshake or comes with the first message.
func (h *Hub) authorize(c *client, req *Request, token *string) error {
	if h.opt.Authorize == nil || c.open() {
		return nil
	}
	if req.Token != "" {
		*token = req.Token
	}
	if *token == "" {
		return errors.New("this server asks for a token: send it with the first message")
	}
	if !h.opt.Authorize(*token) {
		return errors.New("the token does not count")
	}
	c.token = *token
	return nil
}

func (h *Hub) refuse(c *client, code, detail string) {
	h.answer(c, &Message{Type: "error", Error: &Problem{Code: code, Detail: detail}})
}

// answer sends m to one client.
func (h *Hub) answer(c *client, m *Message) {
	h.mu.Lock()
	prepared := h.encode(m, h.opt.Now())
	h.mu.Unlock()
	if !c.offer(prepared) {
		c.end(CodeTooSlow, "the client does not read as fast as it asks")
	}
}

// errFlood ends a connection that sends more than a board ever would.
var errFlood = fmt.Errorf("more than %d messages within %s", requestBurst, requestWindow)

// gate counts the frames of one client, so that a flood of pings costs a connection and not a processor.
type gate struct {
	now   func() time.Time
	began time.Time
	count int
}

func (g *gate) pass() error {
	now := g.now()
	if now.Sub(g.began) > requestWindow {
		g.began, g.count = now, 0
	}
	if g.count++; g.count > requestBurst {
		return errFlood
	}
	return nil
}
