package keyed

import "container/list"

// cache keeps the states of recently used subjects, bounded in bytes. States changed since the last flush are pinned:
// they are evicted only after their flush.
type cache[S any] struct {
	limit int
	bytes int
	nodes map[string]*node[S]
	order *list.List // of *node[S], most recently used first
}

type node[S any] struct {
	subject string
	state   *S
	size    int
	dirty   bool
	element *list.Element
}

func newCache[S any](limit int) *cache[S] {
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

// put adds a state just read or made.
func (c *cache[S]) put(subject string, state *S, size int) *node[S] {
	n := &node[S]{subject: subject, state: state, size: size}
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

// drop forgets a subject.
func (c *cache[S]) drop(n *node[S]) {
	c.order.Remove(n.element)
	delete(c.nodes, n.subject)
	c.bytes -= n.size
}

// trim evicts the least recently used clean states until the bound holds.
func (c *cache[S]) trim() {
	for e := c.order.Back(); e != nil && c.bytes > c.limit; {
		n := e.Value.(*node[S])
		e = e.Prev()
		if !n.dirty {
			c.drop(n)
		}
	}
}
