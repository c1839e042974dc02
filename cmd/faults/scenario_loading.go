package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"touchwatch/cmd/app"
)

// loadingFor is about how long Redis loads.
const loadingFor = 6 * time.Second

// redisLoading kills Redis under load and lets it take long to load its log. Meanwhile another worker starts.
func redisLoading(r *Run) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(8000, 28*time.Second)
	if err != nil {
		return err
	}
	if err := errors.Join(worker.works(), l.reach(0.4), l.under()); err != nil {
		return err
	}
	// The log of a Redis that is killed misses nothing that was answered: the operating system has it. So nothing may go back.
	if err := r.redis.current.kill(); err != nil {
		return err
	}
	commands, err := r.logged()
	if err != nil {
		return err
	}
	r.note("killed redis (process %d), its log has about %d commands", r.redis.current.pid(), commands)
	usual := r.redis.command
	r.redis.command = append(append([]string{}, usual...), "--key-load-delay", loadDelay(commands))
	back := make(chan error, 1)
	began := time.Now()
	go func() { back <- r.redis.start(r.ctx) }()
	_, late := r.node("late", app.RoleIngest, app.RoleCustomers)
	if err := errors.Join(<-back, late); err != nil {
		return err
	}
	r.redis.command = usual
	r.note("redis has loaded for %s", time.Since(began).Round(100*time.Millisecond))
	refused, err := r.refused("LOADING")
	if err != nil {
		return err
	}
	if err := errors.Join(l.under(), r.prove(refused, "commands that Redis refused because it was loading")); err != nil {
		return err
	}
	for _, n := range r.nodes {
		if err := n.untilReady(); err != nil {
			return err
		}
	}
	return l.wait()
}

// loadDelay makes Redis load so many commands for loadingFor: microseconds for each.
func loadDelay(commands int64) string {
	return strconv.FormatInt(max(1, loadingFor.Microseconds()/commands), 10)
}

// logged is about how many commands Redis's log holds.
func (r *Run) logged() (int64, error) {
	sizes, err := r.logSize()
	if err != nil {
		return 0, err
	}
	n := 0
	for file := range sizes {
		b, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		n += bytes.Count(b, []byte("\r\n*"))
	}
	if n == 0 {
		return 0, fmt.Errorf("the log of Redis holds nothing: %w", context.Cause(r.ctx))
	}
	return int64(n), nil
}
