package answer

import (
	"time"

	"touchwatch/processors/signal"
)

// Thread follows one conversation, its marks in order. The zero value is a conversation in which nobody has written.
type Thread struct {
	Open     *signal.Mark // the oldest message nobody has answered, nil for none
	Pressing *signal.Mark // the oldest one since the last answer that asks or complains, nil for none
	Spoken   bool         // somebody has answered in this conversation before
}

// Ask notes a message of the customer.
func (c *Thread) Ask(m *signal.Mark, need Need) {
	if need == None {
		return
	}
	if c.Open == nil && !(c.Spoken && need == Brief) {
		c.Open = m
	}
	if c.Pressing == nil && need == Pressing {
		c.Pressing = m
	}
}

// Answer notes that somebody wrote to the customer.
func (c *Thread) Answer() { c.Open, c.Pressing, c.Spoken = nil, nil, true }

// Close notes the close at end and returns the message that it left without an answer, nil when it let nobody down: one
// that had waited too long already, or, when it was closed as resolved, one that asks or complains. A customer who leaves
// before an answer was due has not been let down.
func (c *Thread) Close(t *Target, end *signal.Mark, resolved bool) *signal.Mark {
	open, pressing := c.Open, c.Pressing
	c.Open, c.Pressing = nil, nil
	switch {
	case open == nil:
		return nil
	case t.Open.Between(open.At, end.At) >= c.Limit(t):
		return open
	case resolved:
		return pressing
	}
	return nil
}

// Limit returns in which time an answer is due.
func (c *Thread) Limit(t *Target) time.Duration {
	if c.Spoken {
		return t.Next
	}
	return t.First
}
