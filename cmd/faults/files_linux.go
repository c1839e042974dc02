package faults

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// noFiles forbids the worker to open further files, cuts its connections, and allows it again some seconds later.
func noFiles(r *Run) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(6000, 22*time.Second)
	if err != nil {
		return err
	}
	if err := errors.Join(worker.works(), l.reach(0.2), l.under()); err != nil {
		return err
	}
	var usual unix.Rlimit
	none := unix.Rlimit{Cur: 3}
	if err := unix.Prlimit(worker.pid(), unix.RLIMIT_NOFILE, nil, &usual); err != nil {
		return fmt.Errorf("read the limit of %s: %w", worker.name, err)
	}
	none.Max = usual.Max
	if err := unix.Prlimit(worker.pid(), unix.RLIMIT_NOFILE, &none, nil); err != nil {
		return fmt.Errorf("limit the files of %s: %w", worker.name, err)
	}
	cut := r.kafka.proxy.Cut() + r.redis.proxy.Cut()
	r.note("%s may open no file, %d connections are cut", worker.name, cut)
	err = r.pause(4 * time.Second)
	if err := errors.Join(err, unix.Prlimit(worker.pid(), unix.RLIMIT_NOFILE, &usual, nil)); err != nil {
		return fmt.Errorf("give %s its files back: %w", worker.name, err)
	}
	if err := errors.Join(l.under(), r.prove(int64(worker.times("too many open files")), "lines of the worker about too many open files")); err != nil {
		return err
	}
	return l.wait()
}
