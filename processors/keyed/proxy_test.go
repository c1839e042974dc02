package keyed

import (
	"bytes"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// saboteur stands between the runtime and Redis and does to a flush what networks and schedulers do: it loses the request, so that
// nothing happens; it loses the reply, after Redis has done everything; or it holds the flush back while others go on.
type saboteur struct {
	addr, target string

	loseRequest, loseReply, hold atomic.Int64 // how many flushes to do it to
	requests, replies            atomic.Int64 // how many requests and replies were lost

	holding chan struct{} // gets one when a flush is held
	release chan struct{} // lets a held flush go on

	mu    sync.Mutex
	conns map[net.Conn]bool
	floor map[string]int64 // offset key → what no flush may go behind any more
	wrong []string         // flushes that did
	done  sync.WaitGroup
}

func newSaboteur(t testing.TB, target string) *saboteur {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &saboteur{
		addr: l.Addr().String(), target: target, holding: make(chan struct{}, 1), release: make(chan struct{}),
		conns: map[net.Conn]bool{}, floor: map[string]int64{},
	}
	s.done.Go(func() { s.accept(l) })
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		for conn := range s.conns {
			conn.Close()
		}
		s.mu.Unlock()
		s.done.Wait()
	})
	return s
}

func (s *saboteur) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", s.target)
		if err != nil {
			client.Close()
			continue
		}
		s.mu.Lock()
		s.conns[client], s.conns[server] = true, true
		s.mu.Unlock()
		w := &wire{s: s, client: client, server: server}
		s.done.Go(w.forth)
		s.done.Go(w.back)
	}
}

// notBehind declares that no flush may move that offset behind next any more.
func (s *saboteur) notBehind(key string, next int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.floor[key] = max(s.floor[key], next)
}

// forgetFloor is for a Redis that was set back.
func (s *saboteur) forgetFloor() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.floor)
}

// tookEffect notes a flush that Redis confirmed.
func (s *saboteur) tookEffect(f *flushed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.next < s.floor[f.key] {
		s.wrong = append(s.wrong, fmt.Sprintf("a flush set %s to %d, after another owner had set it to %d", f.key, f.next, s.floor[f.key]))
	}
}

func (s *saboteur) violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wrong
}

// flushed is a flush that was sent: which offset it moves, and where to.
type flushed struct {
	key  string
	next int64
	lose bool // its reply is not handed on
}

// wire is one connection through the saboteur.
type wire struct {
	s              *saboteur
	client, server net.Conn
	sent           atomic.Pointer[flushed] // whose answer is awaited
}

func (w *wire) close() {
	w.client.Close()
	w.server.Close()
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	delete(w.s.conns, w.client)
	delete(w.s.conns, w.server)
}

// A flush watches owner and offset, then moves the offset in a transaction.
var (
	watches = regexp.MustCompile(`\r\nwatch\r\n(?s:.*):offset\r\n`)
	moves   = regexp.MustCompile(`\r\nhset\r\n\$\d+\r\n([^\r]+:offset)\r\n\$4\r\nnext\r\n\$\d+\r\n(-?\d+)\r\n`)
)

// forth hands on what the client says and looks for flushes in it.
func (w *wire) forth() {
	defer w.close()
	var transaction []byte // since the last MULTI
	buf := make([]byte, 64<<10)
	for {
		n, err := w.client.Read(buf)
		if err != nil {
			return
		}
		chunk := buf[:n]
		if watches.Match(chunk) && takeOne(&w.s.hold) {
			w.s.holding <- struct{}{}
			<-w.s.release
		}
		if bytes.Contains(chunk, []byte("\r\nmulti\r\n")) {
			transaction = nil
		}
		transaction = append(transaction, chunk...)
		if m := moves.FindSubmatch(transaction); m != nil && bytes.HasSuffix(chunk, []byte("\r\nexec\r\n")) {
			if takeOne(&w.s.loseRequest) {
				w.s.requests.Add(1)
				return
			}
			next, _ := strconv.ParseInt(string(m[2]), 10, 64)
			w.sent.Store(&flushed{key: string(m[1]), next: next, lose: takeOne(&w.s.loseReply)})
		}
		if _, err := w.server.Write(chunk); err != nil {
			return
		}
	}
}

// back hands on what Redis says. The answer to a flush is held until it shows whether it took effect.
func (w *wire) back() {
	defer w.close()
	var held []byte
	buf := make([]byte, 64<<10)
	for {
		n, err := w.server.Read(buf)
		if err != nil {
			return
		}
		out := buf[:n]
		if f := w.sent.Load(); f != nil {
			held = append(held, out...)
			refused := bytes.Contains(held, []byte("\r\n*-1\r\n")) || bytes.Contains(held, []byte("-EXECABORT"))
			switch {
			case refused && f.lose:
				w.s.loseReply.Add(1) // it had no effect: lose another one
			case refused:
			case !bytes.Contains(held, []byte("\r\n*")):
				continue
			case f.lose:
				w.s.tookEffect(f)
				w.s.replies.Add(1)
				return
			default:
				w.s.tookEffect(f)
			}
			w.sent.Store(nil)
			out, held = held, nil
		}
		if _, err := w.client.Write(out); err != nil {
			return
		}
	}
}

// takeOne takes one from a counter that has some.
func takeOne(n *atomic.Int64) bool {
	for {
		left := n.Load()
		if left <= 0 {
			return false
		}
		if n.CompareAndSwap(left, left-1) {
			return true
		}
	}
}
