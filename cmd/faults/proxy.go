package faults

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Proxy stands between the program and one server, and breaks what passes. It is safe for concurrent use; Close ends it and waits for
// all that it started.
type Proxy struct {
	listener net.Listener
	running  sync.WaitGroup
	counts   Counts
	framed   bool // what passes is cut into Kafka's requests and answers, each one piece

	mu     sync.Mutex
	target string
	links  map[*link]bool
	rules  rules
	change chan struct{} // closed and replaced whenever the rules change
	closed bool
}

// Counts say what a proxy did, as the proof that a fault was injected.
type Counts struct {
	Connections atomic.Int64 // accepted
	Cut         atomic.Int64 // connections ended by Cut
	Refused     atomic.Int64 // connections ended at once, because of Refuse
	Held        atomic.Int64 // pieces of data that had to wait
	Dropped     atomic.Int64 // replies that the server sent and nobody got
	Answered    atomic.Int64 // requests that the proxy answered itself
	Changed     atomic.Int64 // requests and replies that went on as something else
}

// rules are what a proxy does to data that passes.
type rules struct {
	holdRequests, holdReplies, refuse bool
	delay                             time.Duration // of every piece of a reply
	doom                              int           // so many of the next requests that match get no reply
	match                             func(request []byte) bool
	answer                            []byte // what those that match get instead of being passed on; nil passes them on
	trap                              *Trap
	stand                             func(request []byte) []byte
	keep                              func(request []byte) bool
	change                            func(request []byte) []byte
	retort                            func(request []byte) func(reply []byte) []byte
}

// Trap waits for one request and then springs: the request's connection ends, either before the server sees the request or when the
// server has done it and before anybody knows.
type Trap struct {
	// Match recognises a piece of the request.
	Match func(request []byte) bool
	// Change is what goes on in place of the piece that matched; nil: that piece.
	Change func(request []byte) []byte
	// After lets the request through: Ends recognises its last piece (nil: the one that matched), Done the piece of the answer which shows
	// that the server has done it (nil: the first).
	After bool
	Ends  func(request []byte) bool
	Done  func(reply []byte) bool
	// Spring is called once, from a goroutine of the proxy.
	Spring func()
}

// link is one connection through a proxy.
type link struct {
	near, far net.Conn
	done      chan struct{} // closed when either side ended
	once      sync.Once
	doomed    atomic.Bool // the next reply is dropped
	caught    bool        // a piece of the trap's request has passed; belongs to the goroutine of requests
	sprung    atomic.Pointer[Trap]
	retorts   map[uint32]func(reply []byte) []byte // by correlation id, of a framed proxy; guarded by the proxy's lock
}

func (l *link) end() {
	l.once.Do(func() {
		close(l.done)
		_ = l.near.Close()
		_ = l.far.Close()
	})
}

// NewProxy listens on a free port of loopback for a server at target; the target may be set later.
func NewProxy(target string) (*Proxy, error) { return newProxy(target, false) }

// newKafkaProxy is a Proxy that passes whole requests and answers of Kafka's: a piece is one.
func newKafkaProxy(target string) (*Proxy, error) { return newProxy(target, true) }

func newProxy(target string, framed bool) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, framed: framed, target: target, links: map[*link]bool{}, change: make(chan struct{})}
	p.running.Go(p.accept)
	return p, nil
}

// Addr is where the program connects to.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Counts returns what was done so far.
func (p *Proxy) Counts() *Counts { return &p.counts }

// Target is where new connections go.
func (p *Proxy) Target() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.target
}

func (p *Proxy) host() string { return host(p.Addr()) }
func (p *Proxy) port() string { return port(p.Addr()) }

// host and port are the parts of an address.
func host(addr string) string { h, _, _ := net.SplitHostPort(addr); return h }
func port(addr string) string { _, p, _ := net.SplitHostPort(addr); return p }

// SetTarget sends new connections to another address.
func (p *Proxy) SetTarget(addr string) { p.set(func() { p.target = addr }) }

// Hold stops what passes in a direction until Heal; connections stay open, and new ones are taken.
func (p *Proxy) Hold(requests, replies bool) {
	p.set(func() { p.rules.holdRequests, p.rules.holdReplies = requests, replies })
}

// Delay makes every piece of a reply wait for d.
func (p *Proxy) Delay(d time.Duration) { p.set(func() { p.rules.delay = d }) }

// Refuse ends new connections at once.
func (p *Proxy) Refuse() { p.set(func() { p.rules.refuse = true }) }

// DropReplies lets the next n requests that match through, waits for the server's answer, and ends the connection instead of passing the
// answer on: the server did it, and nobody knows.
func (p *Proxy) DropReplies(n int, match func(request []byte) bool) {
	p.set(func() { p.rules.doom, p.rules.match = n, match })
}

// Answer sends these bytes to the client for each of the next n requests that match, instead of passing them on, and ends the connection.
func (p *Proxy) Answer(n int, match func(request []byte) bool, answer []byte) {
	p.set(func() { p.rules.doom, p.rules.match, p.rules.answer = n, match, answer })
}

// Stand puts somebody in the server's place: a request that answer has an answer to gets that, and never reaches the server; its connection
// lives on. For nil the request is passed on.
func (p *Proxy) Stand(answer func(request []byte) []byte) { p.set(func() { p.rules.stand = answer }) }

// Keep holds back the requests that match until Heal, and lets all others pass.
func (p *Proxy) Keep(match func(request []byte) bool) { p.set(func() { p.rules.keep = match }) }

// Change lets every request through as what change makes of it; nil leaves one as it is. On a framed proxy a request is whole.
func (p *Proxy) Change(change func(request []byte) []byte) { p.set(func() { p.rules.change = change }) }

// Retort lets the server do what it is asked, and answer something else: what it says to a request that choose returns a function for is
// replaced by what that makes of it, unless that is nil. For proxies of Kafka.
func (p *Proxy) Retort(choose func(request []byte) func(reply []byte) []byte) {
	p.set(func() { p.rules.retort = choose })
}

// Set lays a trap in place of the one that lies there.
func (p *Proxy) Set(t *Trap) { p.set(func() { p.rules.trap = t }) }

// Heal ends every fault. What was held goes on.
func (p *Proxy) Heal() { p.set(func() { p.rules = rules{} }) }

// Cut ends all connections and returns how many there were.
func (p *Proxy) Cut() int {
	p.mu.Lock()
	links := p.links
	p.links = map[*link]bool{}
	p.mu.Unlock()
	for l := range links {
		l.end()
	}
	p.counts.Cut.Add(int64(len(links)))
	return len(links)
}

// Close ends the proxy with its connections. Safe to call twice.
func (p *Proxy) Close() {
	p.set(func() { p.closed = true })
	_ = p.listener.Close()
	p.Cut()
	p.running.Wait()
}

func (p *Proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	close(p.change)
	p.change = make(chan struct{})
}

func (p *Proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.counts.Connections.Add(1)
		p.running.Go(func() { p.serve(near) })
	}
}

// serve carries one connection until it ends.
func (p *Proxy) serve(near net.Conn) {
	p.mu.Lock()
	target, refuse := p.target, p.rules.refuse
	p.mu.Unlock()
	if refuse {
		p.counts.Refused.Add(1)
		_ = near.Close()
		return
	}
	far, err := net.DialTimeout("tcp", target, 3*time.Second)
	if err != nil {
		_ = near.Close()
		return
	}
	l := &link{near: near, far: far, done: make(chan struct{})}
	p.mu.Lock()
	p.links[l] = true
	closed := p.closed
	p.mu.Unlock()
	if closed {
		l.end()
	}
	var both sync.WaitGroup
	both.Go(func() { p.carry(l, near, far, p.request) })
	both.Go(func() { p.carry(l, far, near, p.reply) })
	both.Wait()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

// fate is what becomes of a piece of data.
type fate int

const (
	passes fate = iota
	stays       // it goes no further, and the connection lives on
	ends        // the connection ends
)

// carry copies one direction; decide says what becomes of each piece, and what goes on in its place.
func (p *Proxy) carry(l *link, from, to net.Conn, decide func(*link, []byte) ([]byte, fate)) {
	defer l.end()
	next := pieces(from)
	if p.framed {
		next = frames(from)
	}
	for {
		piece, err := next()
		if len(piece) > 0 {
			piece, becomes := decide(l, piece)
			if becomes == ends {
				return
			}
			if becomes == passes {
				if _, err := to.Write(piece); err != nil {
					return
				}
			}
		}
		if err != nil {
			return
		}
	}
}

// pieces reads what comes as it comes. A piece is valid until the next one.
func pieces(from io.Reader) func() ([]byte, error) {
	buffer := make([]byte, 64<<10)
	return func() ([]byte, error) {
		n, err := from.Read(buffer)
		return buffer[:n], err
	}
}

// maxFrame bounds a frame; no request and no answer of the program is nearly as large.
const maxFrame = 64 << 20

// frames reads Kafka's requests or answers: four bytes of length, and so many more. A frame is valid until the next one.
func frames(from io.Reader) func() ([]byte, error) {
	in, frame := bufio.NewReaderSize(from, 64<<10), make([]byte, 0, 64<<10)
	return func() ([]byte, error) {
		size, err := in.Peek(4)
		if err != nil {
			return nil, err
		}
		n := int(binary.BigEndian.Uint32(size)) + 4
		if n > maxFrame {
			return nil, errors.New("this is no frame of Kafka's")
		}
		if cap(frame) < n {
			frame = make([]byte, 0, n)
		}
		_, err = io.ReadFull(in, frame[:n])
		if err != nil {
			return nil, err
		}
		return frame[:n], nil
	}
}

// request waits while requests are held, and marks the connection when its reply is to be dropped.
func (p *Proxy) request(l *link, piece []byte) ([]byte, fate) {
	if !p.wait(l, func(r *rules) bool { return r.holdRequests || (r.keep != nil && r.keep(piece)) }) {
		return nil, ends
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rules.stand != nil {
		if answer := p.rules.stand(piece); answer != nil {
			p.counts.Answered.Add(1)
			_, _ = l.near.Write(answer)
			return nil, stays
		}
	}
	if p.rules.doom > 0 && p.rules.match(piece) && !l.doomed.Load() {
		p.rules.doom--
		if p.rules.answer != nil {
			p.counts.Answered.Add(1)
			_, _ = l.near.Write(p.rules.answer)
			return nil, ends
		}
		l.doomed.Store(true)
	}
	if p.rules.trap != nil {
		change := p.rules.trap.Change
		switch springs := p.springs(l, piece); {
		case springs:
			return nil, ends
		case l.sprung.Load() != nil && change != nil:
			return change(piece), passes
		}
	}
	return p.altered(l, piece), passes
}

// altered is what goes on in place of a request. The caller holds the lock.
func (p *Proxy) altered(l *link, piece []byte) []byte {
	if p.rules.change != nil {
		if other := p.rules.change(piece); other != nil {
			p.counts.Changed.Add(1)
			piece = other
		}
	}
	if p.rules.retort != nil && len(piece) >= 12 {
		if with := p.rules.retort(piece); with != nil {
			if l.retorts == nil {
				l.retorts = map[uint32]func([]byte) []byte{}
			}
			l.retorts[binary.BigEndian.Uint32(piece[8:])] = with
		}
	}
	return piece
}

// retorted is what goes on in place of a reply.
func (p *Proxy) retorted(l *link, piece []byte) []byte {
	if len(piece) < 8 {
		return piece
	}
	correlation := binary.BigEndian.Uint32(piece[4:])
	p.mu.Lock()
	with := l.retorts[correlation]
	delete(l.retorts, correlation)
	p.mu.Unlock()
	if with == nil {
		return piece
	}
	other := with(piece)
	if other == nil {
		return piece
	}
	p.counts.Changed.Add(1)
	return other
}

// springs looks whether a piece of a request springs the trap now; if it does so after the request, the reply will. The caller holds the lock.
func (p *Proxy) springs(l *link, piece []byte) bool {
	t := p.rules.trap
	l.caught = l.caught || t.Match(piece)
	switch {
	case !l.caught:
		return false
	case !t.After:
		p.rules.trap = nil
		t.Spring()
		return true
	case t.Ends == nil || t.Ends(piece):
		p.rules.trap = nil
		l.sprung.Store(t)
	}
	return false
}

// reply waits while replies are held or delayed, and drops the reply of a marked connection.
func (p *Proxy) reply(l *link, piece []byte) ([]byte, fate) {
	if t := l.sprung.Load(); t != nil && (t.Done == nil || t.Done(piece)) {
		p.counts.Dropped.Add(1)
		t.Spring()
		return nil, ends
	}
	if l.doomed.Load() {
		p.counts.Dropped.Add(1)
		return nil, ends
	}
	p.mu.Lock()
	delay := p.rules.delay
	p.mu.Unlock()
	if delay > 0 {
		p.counts.Held.Add(1)
		select {
		case <-time.After(delay):
		case <-l.done:
			return nil, ends
		}
	}
	if !p.wait(l, func(r *rules) bool { return r.holdReplies }) {
		return nil, ends
	}
	return p.retorted(l, piece), passes
}

// wait blocks while the rules hold a direction; false means that the connection ended meanwhile.
func (p *Proxy) wait(l *link, held func(*rules) bool) bool {
	for first := true; ; first = false {
		p.mu.Lock()
		hold, change := held(&p.rules), p.change
		p.mu.Unlock()
		if !hold {
			return true
		}
		if first {
			p.counts.Held.Add(1)
		}
		select {
		case <-change:
		case <-l.done:
			return false
		}
	}
}
