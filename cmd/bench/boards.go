package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"

	"touchwatch/alerts/hub"
)

// boards are open live sockets on one node, each subscribed to everything, as the board in a browser is.
type boards struct {
	sockets []*websocket.Conn
	reading sync.WaitGroup
	probes  atomic.Pointer[probes]
	lost    atomic.Int64 // sockets that ended by themselves
	closing atomic.Bool
	bytes   atomic.Int64
	told    atomic.Int64 // messages

	mu   sync.Mutex         // guards sockets while they are opened
	late [lateShards]shared // how late probes were, spread so that sockets seldom wait for each other
}

const lateShards = 16

// dialers is how many sockets are opened at once.
const dialers = 32

// openBoards opens n boards on a node.
func openBoards(ctx context.Context, tell *teller, addr string, n int) (*boards, error) {
	b := &boards{}
	var opened atomic.Int64
	stop := tell.during("boards opened", func() (int64, int64) { return opened.Load(), int64(n) })
	defer stop()
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(dialers)
	for range n {
		group.Go(func() error {
			conn, err := dialBoard(gctx, addr)
			if err != nil {
				return fmt.Errorf("open board %d of %d: %w", opened.Load()+1, n, err)
			}
			opened.Add(1)
			b.mu.Lock()
			defer b.mu.Unlock()
			b.sockets = append(b.sockets, conn)
			shard := &b.late[len(b.sockets)%lateShards]
			b.reading.Go(func() { b.read(conn, shard) })
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// dialBoard opens one socket and subscribes to everything.
func dialBoard(ctx context.Context, addr string) (*websocket.Conn, error) {
	dialer := websocket.Dialer{HandshakeTimeout: 30 * time.Second, ReadBufferSize: 2 << 10, WriteBufferSize: 512}
	conn, res, err := dialer.DialContext(ctx, "ws://"+addr+"/api/v1/live", nil)
	if err != nil {
		if res != nil {
			err = fmt.Errorf("%w (%s)", err, res.Status)
		}
		return nil, err
	}
	_ = res.Body.Close()
	if err := conn.WriteJSON(hub.Request{Type: "subscribe"}); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// read takes messages until the socket ends.
func (b *boards) read(conn *websocket.Conn, late *shared) {
	var e *ear
	var buffer []byte
	for {
		_, reader, err := conn.NextReader()
		if err == nil {
			buffer, err = readInto(buffer[:0], reader)
		}
		if err != nil {
			if !b.closing.Load() {
				b.lost.Add(1)
			}
			return
		}
		b.told.Add(1)
		b.bytes.Add(int64(len(buffer)))
		p := b.probes.Load()
		if p == nil {
			buffer = nil // the first message is a large picture: do not keep its memory
			continue
		}
		if e == nil {
			e = p.ear(late)
		}
		e.hear(buffer)
	}
}

// readInto appends all of a reader to a buffer.
func readInto(buffer []byte, r io.Reader) ([]byte, error) {
	for {
		if len(buffer) == cap(buffer) {
			buffer = append(buffer, 0)[:len(buffer)]
		}
		n, err := r.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		if errors.Is(err, io.EOF) {
			return buffer, nil
		}
		if err != nil {
			return buffer, err
		}
	}
}

// listen sets the probes that the boards listen for; it is called once.
func (b *boards) listen(p *probes) { b.probes.Store(p) }

// close ends all sockets and returns how late the probes were at them. It may be called twice.
func (b *boards) close() *sketch {
	b.closing.Store(true)
	for _, conn := range b.sockets {
		_ = conn.Close()
	}
	b.reading.Wait()
	all := &sketch{}
	for i := range b.late {
		all.merge(&b.late[i].sketch)
	}
	return all
}
