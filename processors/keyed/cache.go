package keyed

import (
	"container/list"
	"strings"
)

// cache keeps the states of recently used subjects in their stored form, bounded in bytes. A state is open, that is decoded, only while a
// batch uses it: a form without pointers costs the garbage collector nothing and takes a third of the memory. States changed
// since the last flush are evicted only after their flush.
type cache[S any] struct {
	limit  func() int // bytes; asked with every trim
	bytes  int
	nodes  map[string]*node[S]
	order  *list.List // of *node[S], most recently used first
	dirty  []*node[S] // changed since the last flush
	opened []*node[S] // opened since the last flush
}

type node[S any] struct {
	subject string
	body    []byte // the stored form; while the state is open the one it was read from
	state   *S     // nil: not open
	size    int
	dirty   bool
	element *list.Element
	// remembered is at most how many entries the subject's history may hold, as far as this session knows.
	remembered int
	pending    []any // what the next flush appends to the history
}

// historySlack is how many entries a history may grow beyond its bound before it is trimmed. historyUnknown is the count of a state read
// from Redis: its history is trimmed with the next flush. nodeBytes is what a subject takes beside its state.
const (
	historySlack   = 16
	historyUnknown = 1 << 30
	nodeBytes      = 320
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

// put adds a subject whose history holds at most remembered entries.
func (c *cache[S]) put(subject string, remembered int) *node[S] {
	subject = strings.Clone(subject) // it may be a part of something larger
	n := &node[S]{subject: subject, remembered: remembered}
	n.element = c.order.PushFront(n)
	c.nodes[subject] = n
	c.resize(n)
	return n
}

// open gives a node its state until shut.
func (c *cache[S]) open(n *node[S], state *S) {
	n.state = state
	c.opened = append(c.opened, n)
}

// resize counts what a node takes.
func (c *cache[S]) resize(n *node[S]) {
	size := nodeBytes + len(n.subject) + len(n.body)
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

// clean notes that all changed states are stored, and to what overgrown histories were trimmed.
func (c *cache[S]) clean(trimmed int) {
	for _, n := range c.dirty {
		n.dirty = false
		if n.remembered > trimmed+historySlack {
			n.remembered = trimmed
		}
		clear(n.pending)
		n.pending = n.pending[:0]
	}
	clear(c.dirty)
	c.dirty = c.dirty[:0]
}

// shut closes all open states, which are stored, and evicts what is beyond the bound.
func (c *cache[S]) shut() {
	for _, n := range c.opened {
		n.state = nil
		if c.nodes[n.subject] == n {
			c.resize(n)
		}
	}
	clear(c.opened)
	c.opened = c.opened[:0]
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
