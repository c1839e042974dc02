package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"time"
)

// process is a program that the harness started. Its output goes to a file of the run's folder; a later process of the same name adds to it.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string
	from int64 // where this process's output begins in the log
	dead chan struct{}
	once sync.Once
}

// launch starts a command. The harness waits for it in the background.
func launch(dir, name string, env []string, program string, args ...string) (*process, error) {
	p := &process{name: name, cmd: exec.Command(program, args...), log: filepath.Join(dir, name+".log"), dead: make(chan struct{})}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }()
	if info, err := out.Stat(); err == nil {
		p.from = info.Size()
	}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Env, p.cmd.SysProcAttr = out, out, env, child()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.dead)
	}()
	return p, nil
}

// said returns what this process has written so far.
func (p *process) said() []byte {
	all, err := os.ReadFile(p.log)
	if err != nil || int64(len(all)) < p.from {
		return nil
	}
	return all[p.from:]
}

// find returns the first match of a pattern's group in what the process has written, or "".
func (p *process) find(pattern *regexp.Regexp) string {
	if m := pattern.FindSubmatch(p.said()); m != nil {
		return string(m[1])
	}
	return ""
}

// times is how often the process has written a text.
func (p *process) times(text string) int { return bytes.Count(p.said(), []byte(text)) }

// lastLines returns the end of what the process has written, for error messages.
func (p *process) lastLines(n int) string {
	lines := bytes.Split(bytes.TrimSpace(p.said()), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-n):], []byte("\n")))
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) running() bool {
	select {
	case <-p.dead:
		return false
	default:
		return true
	}
}

func (p *process) signal(s os.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("signal %s to %s: %w", s, p.name, err)
	}
	return nil
}

// kill ends the process with SIGKILL and waits for it. It reports an error when it had ended before: then nothing was broken.
func (p *process) kill() error {
	if !p.running() {
		return fmt.Errorf("%s had ended by itself: %s\n%s", p.name, p.cmd.ProcessState, p.lastLines(5))
	}
	if err := p.signal(os.Kill); err != nil {
		return err
	}
	<-p.dead
	if s, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && (!s.Signaled() || s.Signal() != syscall.SIGKILL) {
		return fmt.Errorf("%s ended before it could be killed: %s", p.name, p.cmd.ProcessState)
	}
	return nil
}

// discard ends the process whatever state it is in.
func (p *process) discard() {
	p.once.Do(func() { _ = p.cmd.Process.Kill() })
	<-p.dead
}

// ends waits until the process has ended by itself.
func (p *process) ends(ctx context.Context, within time.Duration) error {
	select {
	case <-p.dead:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(within):
		return fmt.Errorf("%s has not ended within %s\n%s", p.name, within, p.lastLines(5))
	}
}

// stop asks the process to end, and returns how long that took. Not ending within the time, or not with exit code 0, is an error.
func (p *process) stop(within time.Duration) (time.Duration, error) {
	began := time.Now()
	if !p.running() {
		return 0, fmt.Errorf("%s had ended by itself: %s\n%s", p.name, p.cmd.ProcessState, p.lastLines(5))
	}
	if err := p.signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	select {
	case <-p.dead:
	case <-time.After(within):
		p.discard()
		return within, fmt.Errorf("%s did not end within %s of SIGTERM\n%s", p.name, within, p.lastLines(5))
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return time.Since(began), fmt.Errorf("%s ended with exit code %d\n%s", p.name, code, p.lastLines(5))
	}
	return time.Since(began), nil
}

// errEnded says that a process ended while something was expected of it.
var errEnded = errors.New("the process ended")
