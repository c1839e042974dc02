package faults

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"touchwatch/ingest/touchpoint"
)

// execs matches the end of a Redis transaction: every flush and every plan is one.
func execs(request []byte) bool {
	return bytes.Contains(bytes.ToLower(request), []byte("\r\nexec\r\n"))
}

// redisReply lets Redis do what a flush asks for and swallows the answer; then it holds all answers for longer than the client waits.
func redisReply(r *Run) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(7000, 22*time.Second)
	if err != nil {
		return err
	}
	proxy := r.redis.proxy
	for range 6 {
		if err := errors.Join(worker.works(), r.pause(r.between(500*time.Millisecond, 1500*time.Millisecond)), l.under()); err != nil {
			return err
		}
		proxy.DropReplies(4, execs)
	}
	if err := r.pause(time.Second); err != nil {
		return err
	}
	if err := r.prove(proxy.Counts().Dropped.Load(), "transactions done by Redis whose answer nobody got"); err != nil {
		return err
	}
	proxy.Hold(false, true)
	r.note("holding all answers of Redis for 7 s")
	if err := errors.Join(r.pause(7*time.Second), l.under()); err != nil {
		return err
	}
	proxy.Heal()
	if err := r.prove(proxy.Counts().Held.Load(), "answers held for up to 7 s, which is longer than a call may take"); err != nil {
		return err
	}
	if err := r.prove(int64(worker.metric("touchwatch_keyed_session_ends_total", `reason="error"`)), "sessions given up because an outcome was unknown"); err != nil {
		return err
	}
	return l.wait()
}

// redisKill kills Redis and takes from its log what was not on the disk yet, as a power cut does with appendfsync everysec.
func redisKill(r *Run) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(6000, 18*time.Second)
	if err != nil {
		return err
	}
	lost := int64(0)
	for i := range 2 {
		if err := errors.Join(worker.works(), l.reach(0.15+0.35*float64(i)), r.pause(r.between(0, time.Second)), l.under()); err != nil {
			return err
		}
		r.sampler.allowRewind()
		before, err := r.logSize()
		if err != nil {
			return err
		}
		if err := r.pause(time.Second); err != nil {
			return err
		}
		if err := r.redis.current.kill(); err != nil {
			return err
		}
		after, err := r.logSize()
		if err != nil {
			return err
		}
		for file, size := range before {
			if cut := after[file] - size; cut > 0 {
				if err := os.Truncate(file, size); err != nil {
					return err
				}
				lost += cut
			}
		}
		r.note("killed redis (process %d), its last second is lost: %d bytes in all", r.redis.current.pid(), lost)
		if err := r.pause(r.between(500*time.Millisecond, 2*time.Second)); err != nil {
			return err
		}
		if err := r.redis.start(r.ctx); err != nil {
			return err
		}
	}
	if err := r.prove(lost, "bytes of Redis's log lost with a SIGKILL"); err != nil {
		return err
	}
	return l.wait()
}

// logSize is the size of each file of Redis's append-only log.
func (r *Run) logSize() (map[string]int64, error) {
	return sizesOf(filepath.Join(r.opt.Dir, "redis", "appendonlydir", "*.incr.aof"))
}

// sizesOf are the sizes of the files that a pattern names, of which there must be one.
func sizesOf(pattern string) (map[string]int64, error) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("read the sizes of %s: %w", pattern, errors.Join(err, os.ErrNotExist))
	}
	sizes := map[string]int64{}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		sizes[file] = info.Size()
	}
	return sizes, nil
}

// brokerKill kills the only broker and starts it again some seconds later, twice.
func brokerKill(r *Run) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(8000, 25*time.Second)
	if err != nil {
		return err
	}
	kills := int64(0)
	for i := range 2 {
		if err := errors.Join(worker.works(), l.reach(0.2+0.4*float64(i)), l.under()); err != nil {
			return err
		}
		if err := r.kafka.current.kill(); err != nil {
			return err
		}
		r.note("killed kafka (process %d)", r.kafka.current.pid())
		kills++
		if err := r.pause(r.between(time.Second, 4*time.Second)); err != nil {
			return err
		}
		if err := r.kafka.start(r.ctx); err != nil {
			return err
		}
		r.note("kafka runs again (process %d)", r.kafka.current.pid())
	}
	if err := r.prove(kills, "brokers killed with SIGKILL under load and started again"); err != nil {
		return err
	}
	return l.wait()
}

// ages watches how old the live picture is until it is stopped; stop returns the greatest age.
func (r *Run) ages() (stop func() time.Duration) {
	quit, done := make(chan struct{}), make(chan time.Duration, 1)
	go func() {
		worst := time.Duration(0)
		for {
			worst = max(worst, touchpoint.MillisOf(time.Now()).Sub(r.board.UpTo()))
			select {
			case <-quit:
				done <- worst
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return func() time.Duration { close(quit); return <-done }
}

// freshWithin is how old the live picture may become beside a fault that must not touch it. About a second is usual; two cores that others
// use as well have taken six. A picture that waited for ClickHouse would be older than the fault is long, which is 15 s.
const freshWithin = 10 * time.Second

// fresh checks what ages measured.
func (r *Run) fresh(worst time.Duration) error {
	r.note("the live picture was never older than %s", worst.Round(10*time.Millisecond))
	if worst > freshWithin {
		return fmt.Errorf("the live picture was %s old, want at most %s: the fault reached the alert path", worst, freshWithin)
	}
	return nil
}

// errNoEngine says that a scenario needs ClickHouse.
var errNoEngine = fmt.Errorf("%w: this scenario needs the ClickHouse engine; get it with deploy/servers/chdb.sh", ErrMissing)

// houseDown kills ClickHouse under load, leaves it away, and starts it again.
func houseDown(r *Run) error {
	if r.house == nil {
		return errNoEngine
	}
	front, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(8000, 25*time.Second)
	if err != nil {
		return err
	}
	if err := errors.Join(worker.works(), l.reach(0.2), l.under()); err != nil {
		return err
	}
	stop := r.ages()
	if err := r.house.current.kill(); err != nil {
		return err
	}
	r.note("killed clickhouse (process %d)", r.house.current.pid())
	if err := l.reach(0.8); err != nil {
		return err
	}
	if err := errors.Join(l.under(), r.fresh(stop())); err != nil {
		return err
	}
	if err := r.house.start(r.ctx); err != nil {
		return err
	}
	r.note("clickhouse runs again (process %d)", r.house.current.pid())
	if err := r.prove(int64(front.metric("touchwatch_archive_errors_total")), "writes to ClickHouse that failed"); err != nil {
		return err
	}
	return l.wait()
}

// houseReply lets ClickHouse take rows and swallows the answer.
func houseReply(r *Run) error {
	if r.house == nil {
		return errNoEngine
	}
	if _, _, err := r.apart(); err != nil {
		return err
	}
	l, err := r.loaded(8000, 25*time.Second)
	if err != nil {
		return err
	}
	inserts := func(request []byte) bool { return bytes.Contains(bytes.ToUpper(request), []byte("INSERT")) }
	stop := r.ages()
	for range 5 {
		r.house.proxy.DropReplies(2, inserts)
		if err := errors.Join(r.pause(3*time.Second), l.under()); err != nil {
			return err
		}
	}
	if err := errors.Join(r.fresh(stop()), r.prove(r.house.proxy.Counts().Dropped.Load(), "inserts done by ClickHouse whose answer nobody got")); err != nil {
		return err
	}
	return l.wait()
}

// blackHole lets nothing pass between the program and the broker: for a while, and then while the worker is told to end.
func blackHole(r *Run) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(8000, 25*time.Second)
	if err != nil {
		return err
	}
	if err := errors.Join(worker.works(), l.reach(0.15), l.under()); err != nil {
		return err
	}
	proxy := r.kafka.proxy
	proxy.Hold(true, true)
	if err := r.pause(session + 2*time.Second); err != nil {
		return err
	}
	proxy.Heal()
	r.note("the broker was a black hole for %s", session+2*time.Second)
	if err := errors.Join(r.prove(proxy.Counts().Held.Load(), "pieces of data that the black hole held"), l.reach(0.6), l.under()); err != nil {
		return err
	}
	if err := worker.works(); err != nil {
		return err
	}
	proxy.Hold(true, true)
	took, err := worker.stop(nodeStop)
	if err != nil {
		return fmt.Errorf("with a broker that answers nothing: %w", err)
	}
	r.forget(worker)
	r.note("%s ended in order within %s, though no broker answered", worker.name, took.Round(time.Millisecond))
	proxy.Heal()
	if _, err := r.node(worker.name, "ingest", "customers"); err != nil {
		return err
	}
	return l.wait()
}
