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
		r.sampler.allowRewind(redisGroups...)
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
	l, err := r.loaded(12000, 60*time.Second) // a broker may take half a minute to start on a busy machine
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
		if err := r.goesOn(resumesWithin); err != nil {
			return err
		}
	}
	if err := r.prove(kills, "brokers killed with SIGKILL under load and started again"); err != nil {
		return err
	}
	return l.wait()
}

// resumesWithin is how long it may take until all goes on when the broker is back. Fifteen seconds are promised; a busy machine is given three
// times that.
const resumesWithin = 45 * time.Second

// goesOn waits until what is received from now on is in the live picture, within a bound.
func (r *Run) goesOn(bound time.Duration) error {
	began := time.Now()
	err := until(r.ctx, bound, func() error {
		if upTo := r.board.UpTo(); upTo < touchpoint.MillisOf(began) {
			return fmt.Errorf("the picture reaches up to %s before that", touchpoint.MillisOf(began).Sub(upTo))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("it does not go on: %w", err)
	}
	r.note("all goes on %s later", time.Since(began).Round(100*time.Millisecond))
	return nil
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

// freshWithin is how old the live picture may become beside a fault that must not touch it, however the machine is loaded. About a second is
// usual; two cores that others use as well have taken six.
const freshWithin = 10 * time.Second

// Beside a fault the picture may be freshFactor times as old as it ever was in usualFor of the same run without one, and freshSlack more: the
// greatest of many ages grows with their number, and a stretch of calm may hit no pause of a busy machine at all.
const (
	usualFor    = 6 * time.Second
	freshFactor = 3
	freshSlack  = 2 * time.Second
)

// fresh checks what ages measured.
func (r *Run) fresh(worst time.Duration) error { return r.within(worst, freshWithin) }

// usualAge is how old the live picture becomes while nothing is broken.
func (r *Run) usualAge() (time.Duration, error) {
	stop := r.ages()
	err := r.pause(usualFor)
	usual := stop()
	r.note("undisturbed, the live picture was never older than %s", usual.Round(10*time.Millisecond))
	return usual, err
}

// freshAs checks what ages measured beside a fault that must not touch the picture, against the usual age. The fault has to be longer than any bound.
func (r *Run) freshAs(worst, usual time.Duration) error {
	return r.within(worst, min(freshFactor*usual+freshSlack, freshWithin))
}

func (r *Run) within(worst, bound time.Duration) error {
	r.note("the live picture was never older than %s", worst.Round(10*time.Millisecond))
	if worst > bound {
		return fmt.Errorf("the live picture was %s old, want at most %s: the fault reached the alert path", worst, bound)
	}
	return nil
}

// errNoEngine says that a scenario needs ClickHouse.
var errNoEngine = fmt.Errorf("%w: this scenario needs the ClickHouse engine; get it with deploy/servers/chdb.sh", ErrMissing)

// houseAway is how long ClickHouse is away: longer than any bound of the picture's age, so that a picture that waits for it is seen.
// houseSilent is how long the archive waits for an answer; see deploy/connect.
const (
	houseAway   = 2 * freshWithin
	houseSilent = 30 * time.Second
)

// houseDown kills ClickHouse under load, leaves it away, and starts it again.
func houseDown(r *Run) error {
	if r.house == nil {
		return errNoEngine
	}
	front, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(10000, 45*time.Second)
	if err != nil {
		return err
	}
	if err := errors.Join(worker.works(), l.reach(0.1), l.under()); err != nil {
		return err
	}
	usual, err := r.usualAge()
	if err != nil {
		return err
	}
	stop, began := r.ages(), time.Now()
	if err := r.house.current.kill(); err != nil {
		return err
	}
	r.note("killed clickhouse (process %d)", r.house.current.pid())
	if err := r.pause(houseAway); err != nil {
		return err
	}
	if err := errors.Join(l.under(), r.freshAs(stop(), usual)); err != nil {
		return err
	}
	away := time.Since(began)
	if err := r.house.start(r.ctx); err != nil {
		return err
	}
	r.note("clickhouse runs again (process %d)", r.house.current.pid())
	if err := errors.Join(r.prove(int64(front.metric("touchwatch_archive_errors_total")), "writes to ClickHouse that failed"),
		r.prove(int64(away.Seconds()), "seconds without ClickHouse")); err != nil {
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
	stop := r.ages()
	for range 5 {
		r.house.proxy.DropReplies(2, isInsert)
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
	held := proxy.Counts().Held.Load()
	proxy.Hold(true, true)
	took, err := worker.stop(nodeStop)
	if err != nil {
		return fmt.Errorf("with a broker that answers nothing: %w", err)
	}
	r.forget(worker)
	if err := r.prove(proxy.Counts().Held.Load()-held, "pieces of data that the black hole held while the worker was told to end"); err != nil {
		return err
	}
	r.note("%s ended in order within %s, though no broker answered", worker.name, took.Round(time.Millisecond))
	proxy.Heal()
	if _, err := r.node(worker.name, "ingest", "customers"); err != nil {
		return err
	}
	return l.wait()
}
