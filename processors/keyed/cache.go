package keyed

import "container/list"

// cache keeps the states of recently used subjects, bounded in bytes. States changed since the last flush are pinned:
// they are evicted only after their flush.
type cache[S any] struct {
	limit func() int // bytes; asked with every trim
	bytes int
	nodes map[string]*node[S]
	order *list.List // of *node[S], most recently used first
	dirty []*node[S] // changed since the last flush
}

type node[S any] struct {
	subject string
	state   *S
	size    int
	dirty   bool
	element *list.Element
	// remembered is at most how many entries the subject's history may hold, as far as this session knows.
	remembered int
	pending    []any // what the next flush appends to the history
}

// historySlack is how many entries a history may grow beyond its bound before it is trimmed. historyUnknown is the count of a state read
// from Redis: its history is trimmed with the next flush.
const (
	historySlack   = 16
	historyUnknown = 1 << 30
)

func newCache[S any](limit func() int) *cache[S] {
	return &cache[S]{limit: limit, nodes: map[string]*node[S]{}, order: list.New()}
}

// get returns the subject's node, or nil when its state has to be read.
func (c *cache[S]) get(subject string) *node[S] {
	n := c.nodes[subject]
	if n != nil {
		c.order.MoveToFront(n.element)
	}
	return n
}

// put adds a state just read or made, whose history holds at most remembered entries.
func (c *cache[S]) put(subject string, state *S, size, remembered int) *node[S] {
	n := &node[S]{subject: subject, state: state, size: size, remembered: remembered}
	n.element = c.order.PushFront(n)
	c.nodes[subject] = n
	c.bytes += size
	return n
}

// resize notes that a state grew or shrank.
func (c *cache[S]) resize(n *node[S], size int) {
	c.bytes += size - n.size
	n.size = size
}

// touch notes that a state changed, which pins it until the next flush.
func (c *cache[S]) touch(n *node[S]) {
	if !n.dirty {
		n.dirty = true
		c.dirty = append(c.dirty, n)
	}
}

// clean notes that all changed states are stored, how large each is now, and to what overgrown histories were trimmed.
func (c *cache[S]) clean(size func(*S) int, trimmed int) {
	for _, n := range c.dirty {
		n.dirty = false
		if n.remembered > trimmed+historySlack {
			n.remembered = trimmed
		}
		clear(n.pending)
		n.pending = n.pending[:0]
		if c.nodes[n.subject] == n {
			c.resize(n, size(n.state))
		}
	}
	c.dirty = c.dirty[:0]
	c.trim()
}

// drop forgets a subject.
func (c *cache[S]) drop(n *node[S]) {
	c.order.Remove(n.element)
	delete(c.nodes, n.subject)
	c.bytes -= n.size
}

// trim evicts the least recently used clean states until the bound holds.
func (c *cache[S]) trim() {
	limit := c.limit()
	for e := c.order.Back(); e != nil && c.bytes > limit; {
		n := e.Value.(*node[S])
		e = e.Prev()
		if !n.dirty {
			c.drop(n)
		}
	}
}
