package faults

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"touchwatch/cmd/app"
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
	back, err := r.fill(r.redis, longest(sizes))
	if err != nil {
		return err
	}
	return errors.Join(r.pause(d), back())
}

// fill lets a server make no file longer than so many bytes, until back gives it its room again.
func (r *Run) fill(s *server, bytes int64) (back func() error, err error) {
	pid := s.current.pid()
	var usual unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &usual); err != nil {
		return nil, fmt.Errorf("read the limit of %s: %w", s.name, err)
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: uint64(bytes), Max: usual.Max}, nil); err != nil {
		return nil, fmt.Errorf("limit the files of %s: %w", s.name, err)
	}
	r.note("the log of %s may not grow beyond %d bytes", s.name, bytes)
	return func() error {
		if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &usual, nil); err != nil {
			return fmt.Errorf("give %s its room back: %w", s.name, err)
		}
		return nil
	}, nil
}

// kafkaFull forbids the only broker to make any file longer than the timeline's longest, as a disk that is full does. It ends by itself and is
// started again some seconds later, with room; twice.
func kafkaFull(r *Run) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(8000, 25*time.Second)
	if err != nil {
		return err
	}
	ended := int64(0)
	for i := range 2 {
		if err := errors.Join(worker.works(), l.reach(0.2+0.4*float64(i)), l.under()); err != nil {
			return err
		}
		sizes, err := sizesOf(filepath.Join(r.opt.Dir, "kafka", app.TopicTimeline+"-*", "*.log"))
		if err != nil {
			return err
		}
		if _, err := r.fill(r.kafka, longest(sizes)); err != nil {
			return err
		}
		broker := r.kafka.current
		if err := broker.ends(r.ctx, 30*time.Second); err != nil {
			return err
		}
		r.note("kafka ended by itself (process %d): %s", broker.pid(), broker.cmd.ProcessState)
		if broker.cmd.ProcessState.ExitCode() > 0 { // by its own decision; its output could be written no longer either
			ended++
		}
		if err := r.pause(r.between(time.Second, 3*time.Second)); err != nil {
			return err
		}
		if err := r.kafka.start(r.ctx); err != nil {
			return err
		}
		r.note("kafka runs again (process %d)", r.kafka.current.pid())
	}
	if err := r.prove(ended, "brokers that ended because they could write no further byte"); err != nil {
		return err
	}
	return l.wait()
}

// longest is the size of the longest file.
func longest(sizes map[string]int64) int64 { return slices.Max(slices.Collect(maps.Values(sizes))) }
