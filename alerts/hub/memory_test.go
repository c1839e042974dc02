package hub

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// BenchmarkMemoryPerSocket opens b.N boards that have asked for everything, and reports what the hub's process holds for each: heap that
// lives, and stacks. The other ends are bare connections without buffers, so that they count for little.
func BenchmarkMemoryPerSocket(b *testing.B) {
	r := newRig(b, Options{MaxClients: b.N + 1})
	address := strings.TrimPrefix(r.url, "ws://")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	conns := make([]net.Conn, b.N)
	for i := range conns {
		conns[i] = bareBoard(b, address)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	n := float64(b.N)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "heap-B/socket")
	b.ReportMetric(float64(after.StackInuse-before.StackInuse)/n, "stack-B/socket")
	for _, c := range conns {
		_ = c.Close()
	}
}

// bareBoard opens a WebSocket by hand, asks for everything and reads the first byte of the answer.
func bareBoard(b *testing.B, address string) net.Conn {
	c, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"+
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\nAccept-Language: de-DE,de;q=0.9,en;q=0.8\r\n\r\n", address)
	in := bufio.NewReaderSize(c, 16)
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		b.Fatal(res, err)
	}
	body := `{"type":"subscribe"}`
	frame := []byte{0x81, 0x80 | byte(len(body)), 0, 0, 0, 0} // a masked text frame with a mask of zeros
	if _, err := c.Write(append(frame, body...)); err != nil {
		b.Fatal(err)
	}
	if _, err := io.ReadFull(in, make([]byte, 1)); err != nil {
		b.Fatal(err)
	}
	return c
}
