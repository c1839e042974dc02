package faults

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// echo is a server that answers each line with it, and counts lines.
func echo(t *testing.T) (addr string, lines *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	lines = new(atomic.Int64)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for in := bufio.NewScanner(conn); in.Scan(); {
					lines.Add(1)
					fmt.Fprintf(conn, "%s\n", in.Text())
				}
			}()
		}
	}()
	return l.Addr().String(), lines
}

// through opens a connection through a new proxy before a server.
func through(t *testing.T) (p *Proxy, ask func(string) (string, error), lines *atomic.Int64) {
	t.Helper()
	addr, lines := echo(t)
	p, err := NewProxy(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	in := bufio.NewReader(conn)
	return p, func(line string) (string, error) {
		if _, err := fmt.Fprintf(conn, "%s\n", line); err != nil {
			return "", err
		}
		return in.ReadString('\n')
	}, lines
}

func TestADroppedReplyWasAServedRequest(t *testing.T) {
	p, ask, lines := through(t)
	p.DropReplies(1, func(request []byte) bool { return bytes.Contains(request, []byte("two")) })
	if got, err := ask("one"); err != nil || got != "one\n" {
		t.Fatalf("a request that does not match: %q, %v", got, err)
	}
	if got, err := ask("two"); err != io.EOF {
		t.Fatalf("got %q, %v, want the end of the connection", got, err)
	}
	if lines.Load() != 2 || p.Counts().Dropped.Load() != 1 {
		t.Errorf("the server saw %d requests and %d replies were dropped, want 2 and 1", lines.Load(), p.Counts().Dropped.Load())
	}
}

func TestWhatIsHeldGoesOnWhenHealed(t *testing.T) {
	p, ask, _ := through(t)
	p.Hold(true, true)
	answered := make(chan error, 1)
	go func() {
		_, err := ask("one")
		answered <- err
	}()
	for p.Counts().Held.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	select {
	case err := <-answered:
		t.Fatalf("answered while held: %v", err)
	default:
	}
	p.Heal()
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
}

func TestCutEndsConnections(t *testing.T) {
	p, ask, _ := through(t)
	if _, err := ask("one"); err != nil {
		t.Fatal(err)
	}
	if n := p.Cut(); n != 1 {
		t.Errorf("cut %d connections, want 1", n)
	}
	if _, err := ask("two"); err == nil {
		t.Error("a connection that was cut still answers")
	}
}

func TestStandAnswersInTheServersPlaceOnTheSameConnection(t *testing.T) {
	p, ask, lines := through(t)
	p.Stand(func(request []byte) []byte {
		if bytes.HasPrefix(request, []byte("beat")) {
			return []byte("not here\n")
		}
		return nil
	})
	for _, c := range []struct{ asked, want string }{{"beat", "not here\n"}, {"other", "other\n"}, {"beat", "not here\n"}} {
		if got, err := ask(c.asked); err != nil || got != c.want {
			t.Fatalf("asked %q and got %q, %v, want %q", c.asked, got, err, c.want)
		}
	}
	if lines.Load() != 1 || p.Counts().Answered.Load() != 2 {
		t.Errorf("the server saw %d requests, %d were answered in its place", lines.Load(), p.Counts().Answered.Load())
	}
}

func TestKeepHoldsBackWhatMatchesUntilHeal(t *testing.T) {
	p, ask, lines := through(t)
	p.Keep(func(request []byte) bool { return bytes.HasPrefix(request, []byte("kept")) })
	if got, err := ask("free"); err != nil || got != "free\n" {
		t.Fatalf("what does not match was not let through: %q, %v", got, err)
	}
	heard := make(chan string, 1)
	go func() {
		got, _ := ask("kept")
		heard <- got
	}()
	for p.Counts().Held.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	if lines.Load() != 1 {
		t.Errorf("the server saw %d requests, one of them is kept", lines.Load())
	}
	p.Heal()
	if got := <-heard; got != "kept\n" {
		t.Errorf("after Heal the answer is %q", got)
	}
}
