package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"touchwatch/deploy/embedded"
)

// patience bounds every wait of these tests. It is far above what the program promises: two busy cores under the race detector
// are slow.
const patience = 60 * time.Second

// process is the program running as its users run it.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	temp string // its folder for temporary files
	base string // http://host:port of its server
	dead chan struct{}
	err  error // how it ended; set before dead is closed

	mu  sync.Mutex
	out bytes.Buffer // both outputs
}

var addressSaid = regexp.MustCompile(`(?:board\s+|"address":")(http://[0-9.:]+)`)

// launch starts the program with a clean environment and these variables, and kills it when the test ends.
func launch(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command("touchwatch", args...), temp: t.TempDir(), dead: make(chan struct{})}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "TOUCHWATCH_") && !strings.HasPrefix(v, "TMPDIR=") {
			p.cmd.Env = append(p.cmd.Env, v)
		}
	}
	p.cmd.Env = append(p.cmd.Env, "TMPDIR="+p.temp)
	if library, err := embedded.FindLibchdb(); err == nil {
		p.cmd.Env = append(p.cmd.Env, embedded.LibraryVariable+"="+library)
	}
	p.cmd.Env = append(p.cmd.Env, environ...)
	read, write := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = write, write
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1)
	go p.listen(read, said)
	go func() {
		p.err = p.cmd.Wait()
		write.Close()
		close(p.dead)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.dead
		if t.Failed() {
			t.Logf("touchwatch %s said:\n%s", strings.Join(args, " "), p.output())
		}
	})
	if args[0] == "dev" || args[0] == "serve" {
		select {
		case p.base = <-said:
		case <-p.dead:
			t.Fatalf("ended at once: %v\n%s", p.err, p.output())
		case <-time.After(patience):
			t.Fatalf("said no address: %s", p.output())
		}
	}
	return p
}

// listen keeps what the program says and reports the address in it.
func (p *process) listen(from io.Reader, said chan<- string) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		p.mu.Lock()
		p.out.WriteString(line)
		p.mu.Unlock()
		if m := addressSaid.FindStringSubmatch(line); m != nil {
			select {
			case said <- m[1]:
			default:
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// get asks the server; status 0 means that it did not answer.
func (p *process) get(path string) (status int, body string) {
	res, err := http.Get(p.base + path)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}

// until repeats a check until it holds.
func (p *process) until(what string, check func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !check(); time.Sleep(5 * time.Millisecond) {
		select {
		case <-p.dead:
			p.t.Fatalf("ended (%v) before: %s", p.err, what)
		default:
		}
		if time.Now().After(deadline) {
			_, ready := p.get("/-/ready")
			p.t.Fatalf("not within %s: %s\nready: %s", patience, what, ready)
		}
	}
}

// untilReady waits for readiness.
func (p *process) untilReady() {
	p.t.Helper()
	p.until("ready", func() bool { status, _ := p.get("/-/ready"); return status == http.StatusOK })
}

// signal sends a signal.
func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// ended waits for the end and returns exit code (−1: by a signal, which is returned) and how long it took.
func (p *process) ended() (code int, by syscall.Signal, took time.Duration) {
	p.t.Helper()
	began := time.Now()
	select {
	case <-p.dead:
	case <-time.After(patience):
		p.t.Fatal("does not end")
	}
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		p.t.Fatal(p.err)
	}
	status, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		by = status.Signal()
	}
	return p.cmd.ProcessState.ExitCode(), by, time.Since(began)
}

// endedWell checks an end in order: exit code 0, well within what is promised, and nothing left behind.
func (p *process) endedWell(children []int) {
	p.t.Helper()
	code, by, took := p.ended()
	p.t.Logf("ended after %s", took.Round(time.Millisecond))
	if code != 0 {
		p.t.Errorf("exit code %d (%v), want 0", code, by)
	}
	if took > 3*5*time.Second { // the promise is 5 s; three times that on a machine that does other things as well
		p.t.Errorf("ended after %s, want 5 s", took)
	}
	p.gone(children)
	if left, _ := filepath.Glob(filepath.Join(p.temp, "*")); len(left) > 0 {
		p.t.Errorf("left behind: %v", left)
	}
}

// gone waits until none of these processes runs.
func (p *process) gone(children []int) {
	p.t.Helper()
	for _, pid := range children {
		for deadline := time.Now().Add(patience); running(pid); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
				p.t.Errorf("child %d was left behind", pid)
			}
		}
	}
}

// children are the processes that this one started. Finding them needs /proc; without it there are none.
func (p *process) children() []int {
	p.t.Helper()
	if runtime.GOOS != "linux" {
		p.t.Log("children are not looked for: that needs /proc")
		return nil
	}
	var found []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		b, _ := os.ReadFile(path)
		_, rest, _ := strings.Cut(string(b), ") ")
		if f := strings.Fields(rest); len(f) > 1 && f[1] == strconv.Itoa(p.cmd.Process.Pid) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			found = append(found, pid)
		}
	}
	return found
}

// running reports whether a process runs and is the front of the engine; its number may be somebody else's by now.
func running(pid int) bool {
	line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return err == nil && strings.Contains(string(line), embedded.FrontCommand)
}
