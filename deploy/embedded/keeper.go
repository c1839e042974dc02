package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"time"
)

// keeper keeps one child running until its context ends. One goroutine runs it.
type keeper struct {
	options  ClickHouseOptions
	listener *net.TCPListener
	address  string
	failed   chan error // gets the first end of a child; later ones are only logged
}

const (
	restartFirst  = 100 * time.Millisecond
	restartLast   = 10 * time.Second
	restartProven = 30 * time.Second // a child that ran this long starts the back-off anew
)

// health is how a child is asked whether it lives.
type health struct {
	every    time.Duration
	patience time.Duration // with one answer
	failures int           // in a row, until it is replaced
}

// run starts children one after the other. It stays on one thread: on Linux the child dies with the thread that started it.
func (k *keeper) run(ctx context.Context) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pause := restartFirst
	for {
		started := time.Now()
		err := k.child(ctx)
		if ctx.Err() != nil {
			return
		}
		select {
		case k.failed <- err:
		default:
		}
		if time.Since(started) > restartProven {
			pause = restartFirst
		}
		k.options.Log.Warn("embedded ClickHouse ended and is started anew", "error", err, "in", pause)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, restartLast)
	}
}

// child runs one child to its end. It never returns nil while ctx goes on.
func (k *keeper) child(ctx context.Context) error {
	file, err := k.listener.File()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	said := &tail{limit: 4 << 10}
	alive, ours, err := os.Pipe() // the child ends when our end of it is closed
	if err != nil {
		return err
	}
	defer func() { _, _ = alive.Close(), ours.Close() }()
	arguments := append(slices.Clone(k.options.Command[1:]),
		"--listen", "fd:3", "--data", k.options.Data, "--library", k.options.Library, "--deadline", k.options.Deadline.String(),
		"--until-closed", "fd:4")
	cmd := exec.Command(k.options.Command[0], arguments...)
	cmd.ExtraFiles = []*os.File{file, alive}
	cmd.Stdout = &lines{tell: func(line string) { k.options.Log.Warn("embedded ClickHouse", "says", line) }}
	cmd.Stderr = said
	cmd.SysProcAttr = childAttributes()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start child: %w", err)
	}
	k.options.Log.Debug("embedded ClickHouse started", "pid", cmd.Process.Pid, "address", k.address)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return k.watch(ctx, cmd, ours.Close, ended, said)
}

// watch waits until the child ends, or ends it: in order when ctx does, by force when it does not answer.
func (k *keeper) watch(ctx context.Context, cmd *exec.Cmd, stop func() error, ended <-chan error, said *tail) error {
	sick, cancel := context.WithCancel(context.WithoutCancel(ctx))
	silent := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		if k.unhealthy(sick) {
			close(silent)
		}
	})
	defer asking.Wait()
	defer cancel()
	select {
	case err := <-ended:
		return describe(err, said)
	case <-silent:
		_ = cmd.Process.Kill()
		<-ended
		return errors.New("does not answer")
	case <-ctx.Done():
	}
	_ = stop()
	select {
	case <-ended:
	case <-time.After(clickHouseStopped):
		_ = cmd.Process.Kill()
		<-ended
	}
	return ctx.Err()
}

// unhealthy asks again and again until ctx ends (false) or the child has been silent several times in a row (true).
func (k *keeper) unhealthy(ctx context.Context) bool {
	failures := 0
	tick := time.NewTicker(k.options.health.every)
	defer tick.Stop()
	for failures < k.options.health.failures {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		asking, cancel := context.WithTimeout(ctx, k.options.health.patience)
		if err := ping(asking, k.address); err != nil {
			failures++
		} else {
			failures = 0
		}
		cancel()
	}
	return ctx.Err() == nil
}

func describe(err error, said *tail) error {
	if err == nil {
		err = errors.New("ended without a reason")
	}
	if text := said.text(); text != "" {
		return fmt.Errorf("%w: %s", err, text)
	}
	return err
}

// tail keeps the end of what is written to it. Safe for concurrent use.
type tail struct {
	limit int
	mu    sync.Mutex
	kept  []byte
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if excess := len(t.kept) - t.limit; excess > 0 {
		t.kept = append(t.kept[:0], t.kept[excess:]...)
	}
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.kept))
}
