package faults

import (
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
