package faults

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

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
