package faults

import (
	"context"
	"os"
	"time"
)

// Process is a program that was started for a run, with its output in a file of the run's folder. Package bench measures what it starts
// with it.
type Process = process

// Launch starts a program, which ends when this one does, however that ends. Its output goes to NAME.log in dir.
func Launch(dir, name, program string, args ...string) (*Process, error) {
	return launch(dir, name, os.Environ(), program, args...)
}

// PID is the process's id.
func (p *process) PID() int { return p.pid() }

// Running reports whether the process has not ended yet.
func (p *process) Running() bool { return p.running() }

// Said is what the process has written so far.
func (p *process) Said() []byte { return p.said() }

// LastLines is the end of what it has written, for error messages.
func (p *process) LastLines(n int) string { return p.lastLines(n) }

// Kill ends the process with SIGKILL and waits for it; one that had ended by itself is an error.
func (p *process) Kill() error { return p.kill() }

// Stop asks the process to end and waits. Not ending within the time, or not in order, is an error.
func (p *process) Stop(within time.Duration) error {
	_, err := p.stop(within)
	return err
}

// Discard ends the process whatever state it is in.
func (p *process) Discard() { p.discard() }

// Until repeats a check every 100 ms until it passes; its last error is the answer.
func Until(ctx context.Context, within time.Duration, check func() error) error {
	return until(ctx, within, check)
}

// Parts are what real servers are started from: programs, and the folder of Kafka's jars. Engine is empty where there is no libchdb.
type Parts struct{ Java, Redis, KafkaLibs, Engine string }

// FindParts looks for them where the scenarios do. What is missing is an error that wraps ErrMissing and says how to get it.
func FindParts() (Parts, error) {
	p, err := findParts()
	return Parts{Java: p.java, Redis: p.redis, KafkaLibs: p.libs, Engine: p.chdb}, err
}
