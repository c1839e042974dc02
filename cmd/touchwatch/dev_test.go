package main

import (
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"touchwatch/alerts/hub"
	"touchwatch/deploy/embedded"
)

// anyPorts are the flags that let `dev` listen wherever there is room.
var anyPorts = []string{"--listen", "127.0.0.1:0", "--kafka-listen", "127.0.0.1:0", "--redis-listen", "127.0.0.1:0", "--clickhouse-listen", "127.0.0.1:0"}

// dev starts `touchwatch dev` and waits until it is ready.
func dev(t *testing.T, args ...string) *process {
	t.Helper()
	began := time.Now()
	p := launch(t, nil, append(append([]string{"dev"}, anyPorts...), args...)...)
	said := time.Since(began)
	p.untilReady()
	t.Logf("printed its address after %s, ready after %s", said.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	return p
}

var consumed = regexp.MustCompile(`touchwatch_events_consumed_total\{channel="website"\} ([0-9.e+]+)`)

// untilBusy waits until some hundred touchpoints have come in.
func (p *process) untilBusy() {
	p.t.Helper()
	p.until("touchpoints come in", func() bool {
		_, body := p.get("/metrics")
		m := consumed.FindStringSubmatch(body)
		if m == nil {
			return false
		}
		n, _ := strconv.ParseFloat(m[1], 64)
		return n > 300
	})
}

// engine returns the child that holds the ClickHouse engine, or none where there is no engine.
func (p *process) engine() []int {
	p.t.Helper()
	if _, err := embedded.FindLibchdb(); err != nil {
		p.t.Logf("runs without the ClickHouse engine: %v", err)
		return nil
	}
	children := p.children()
	if len(children) == 0 {
		p.t.Error("there is an engine and no child that holds it")
	}
	return children
}

func TestCtrlCEndsDevUnderLoad(t *testing.T) {
	p := dev(t, "--rate", "1000")
	p.untilBusy()
	children := p.engine()
	p.signal(os.Interrupt)
	p.endedWell(children)
	if status, _ := p.get("/-/healthy"); status != 0 {
		t.Errorf("something still answers on %s", p.base)
	}
}

func TestCtrlCWhileDevStarts(t *testing.T) {
	p := launch(t, nil, append([]string{"dev"}, anyPorts...)...)
	children := p.children()
	p.signal(os.Interrupt)
	p.endedWell(children)
}

func TestASecondCtrlCLeavesNoChild(t *testing.T) {
	p := dev(t, "--rate", "200")
	children := p.engine()
	p.signal(os.Interrupt)
	p.until("it stops", func() bool { status, _ := p.get("/-/ready"); return status != http.StatusOK })
	_ = p.cmd.Process.Signal(os.Interrupt) // it may have ended meanwhile
	if code, by, _ := p.ended(); code != 0 && by != syscall.SIGINT {
		t.Errorf("exit code %d, signal %v", code, by)
	}
	p.gone(children)
}

func TestSIGTERMTellsBalancersAndBrowsers(t *testing.T) {
	p := dev(t)
	socket, _, err := websocket.DefaultDialer.Dial("ws"+p.base[len("http"):]+"/api/v1/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if err := socket.WriteJSON(hub.Request{Type: "subscribe"}); err != nil {
		t.Fatal(err)
	}
	if err := socket.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	var first hub.Message
	if err := socket.ReadJSON(&first); err != nil || first.Type != "snapshot" {
		t.Fatalf("first message: %q, %v", first.Type, err)
	}
	p.signal(syscall.SIGTERM)
	p.until("readiness says that it is stopping", func() bool { status, _ := p.get("/-/ready"); return status == http.StatusServiceUnavailable })
	for err == nil {
		_, _, err = socket.ReadMessage()
	}
	if !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("the socket ended with %v, want 1001", err)
	}
	p.endedWell(nil)
}

func TestDevRunsOnNothingButItself(t *testing.T) {
	p := launch(t, []string{embedded.LibraryVariable + "=/no/such/library"}, append([]string{"dev", "--simulate=false"}, anyPorts...)...)
	p.untilReady()
	p.until("it says what is missing", func() bool {
		return regexp.MustCompile(`ClickHouse +not running, history is off: .*/no/such/library`).MatchString(p.output())
	})
	if status, body := p.get("/api/v1/minutes"); status != http.StatusServiceUnavailable || !strings.Contains(body, "/no/such/library") {
		t.Errorf("history without an engine: %d %s, want 503 and how to get one", status, body)
	}
	if status, _ := p.get("/api/v1/alerts"); status != http.StatusOK {
		t.Errorf("the live part answers with %d", status)
	}
	p.signal(os.Interrupt)
	p.endedWell(nil)
}
