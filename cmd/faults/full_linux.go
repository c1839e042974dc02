package faults

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// redisFull forbids Redis to make any file longer, as a disk that is full does, and gives it room again some seconds later; twice.
func redisFull(r *Run) error {
	if err := r.deafRedis(); err != nil {
		return err
	}
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(8000, 28*time.Second)
	if err != nil {
		return err
	}
	for i := range 2 {
		if err := errors.Join(worker.works(), l.reach(0.2+0.35*float64(i)), l.under()); err != nil {
			return err
		}
		if err := r.noRoom(r.between(3*time.Second, 5*time.Second)); err != nil {
			return err
		}
		refused, err := r.refused("MISCONF")
		if err != nil {
			return err
		}
		if err := errors.Join(l.under(), r.prove(refused, "writes that Redis refused, as it could not write its log"), l.under()); err != nil {
			return err
		}
	}
	return l.wait()
}

// deafRedis starts Redis again so that it gets the error of a write beyond its limit, and does not die of the signal that comes with it.
func (r *Run) deafRedis() error {
	if err := r.redis.current.kill(); err != nil {
		return err
	}
	r.redis.command = append([]string{"sh", "-c", `trap "" XFSZ; exec "$0" "$@"`}, r.redis.command...)
	return r.redis.start(r.ctx)
}

// noRoom lets Redis write not a byte more than its log holds, for a while.
func (r *Run) noRoom(d time.Duration) error {
	sizes, err := r.logSize()
	if err != nil {
		return err
	}
	longest := int64(0)
	for _, size := range sizes {
		longest = max(longest, size)
	}
	pid := r.redis.current.pid()
	var usual unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &usual); err != nil {
		return fmt.Errorf("read the limit of redis: %w", err)
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: uint64(longest), Max: usual.Max}, nil); err != nil {
		return fmt.Errorf("limit the files of redis: %w", err)
	}
	r.note("the log of redis may not grow beyond %d bytes", longest)
	err = r.pause(d)
	if err := errors.Join(err, unix.Prlimit(pid, unix.RLIMIT_FSIZE, &usual, nil)); err != nil {
		return fmt.Errorf("give redis its room back: %w", err)
	}
	return nil
}
