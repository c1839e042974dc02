package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
)

// rebuildKey is the mark of a rebuild: a hash with by, began and heartbeat (ms), and begun=1 once keys were deleted. A Redis with such
// a mark is not whole, and no process starts on it.
const rebuildKey = "tw:rebuild"

// session is the session in effect.
func (l *Limits) session() time.Duration {
	if l.Session > 0 {
		return l.Session
	}
	return 20 * time.Second
}

// ErrRebuilding is wrapped when Redis is being rebuilt, or was and the rebuild did not come to its end.
var ErrRebuilding = errors.New("everything in Redis is being rebuilt")

// markState is what a mark says.
type markState struct {
	by    string
	began touchpoint.Millis
	begun bool // keys were deleted
	alive bool // somebody works on it now
}

// readMark returns the mark, false for none.
func readMark(ctx context.Context, client redis.Cmdable, now touchpoint.Millis, patience time.Duration) (markState, bool, error) {
	held, err := client.HGetAll(ctx, rebuildKey).Result()
	if err != nil {
		return markState{}, false, fmt.Errorf("read %s: %w", rebuildKey, err)
	}
	began, _ := strconv.ParseInt(held["began"], 10, 64) // absent or damaged: long ago
	heartbeat, _ := strconv.ParseInt(held["heartbeat"], 10, 64)
	return markState{
		by: held["by"], began: touchpoint.Millis(began), begun: held["begun"] == "1",
		alive: now.Sub(touchpoint.Millis(heartbeat)) <= patience,
	}, len(held) > 0, nil
}

// wholeRedis refuses a Redis that is being rebuilt, or was in part. A mark whose rebuild ended before it deleted anything says nothing.
func wholeRedis(ctx context.Context, client redis.Cmdable, now touchpoint.Millis, patience time.Duration) error {
	m, found, err := readMark(ctx, client, now, patience)
	switch {
	case err != nil:
		return err
	case found && m.alive:
		return fmt.Errorf("%w by %s since %s: start again when 'touchwatch rebuild redis' has ended", ErrRebuilding, m.by, m.began.At().Format(time.RFC3339))
	case found && m.begun:
		return fmt.Errorf("%w: the rebuild by %s, begun at %s, did not come to its end, so Redis is not whole; run 'touchwatch rebuild redis' again, or restore a backup of Redis", ErrRebuilding, m.by, m.began.At().Format(time.RFC3339))
	}
	return nil
}

// isWhole refuses to start on a Redis that is not whole.
func (a *App) isWhole(ctx context.Context) error {
	var refusal error
	err := a.wait(ctx, "redis", func(ctx context.Context) error {
		err := a.whole(ctx)
		if errors.Is(err, ErrRebuilding) {
			refusal = err
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	return refusal
}

// whole refuses a Redis that is being rebuilt. Workers ask it around taking a partition, a rebuild sets its mark and then looks for owners:
// one of the two sees the other.
func (a *App) whole(ctx context.Context) error {
	return wholeRedis(ctx, a.redis, nowMillis(), a.cfg.Limits.session())
}

// mark is the mark of one rebuild.
type mark struct {
	redis    redis.UniversalClient
	member   string
	patience time.Duration
}

// set writes the mark, unless another rebuild is at work. That an earlier one deleted keys stays noted.
func (m *mark) set(ctx context.Context, now time.Time) error {
	at := touchpoint.MillisOf(now)
	err := m.redis.Watch(ctx, func(tx *redis.Tx) error {
		other, found, err := readMark(ctx, tx, at, m.patience)
		if err != nil {
			return err
		}
		if found && other.alive && other.by != m.member {
			return fmt.Errorf("%w by %s already, since %s", ErrRebuilding, other.by, other.began.At().Format(time.RFC3339))
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.HSet(ctx, rebuildKey, "by", m.member, "began", int64(at), "heartbeat", int64(at))
			return nil
		})
		return err
	}, rebuildKey)
	if errors.Is(err, redis.TxFailedErr) {
		return fmt.Errorf("%w: another rebuild began at this moment", ErrRebuilding)
	}
	return err
}

// whileHeld runs fn and meanwhile shows that it is at work. fn ends with an error when the mark is another's.
func (m *mark) whileHeld(ctx context.Context, fn func(ctx context.Context, begun func(context.Context) error) (Rebuilt, error)) (Rebuilt, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	var showing sync.WaitGroup
	showing.Go(func() {
		for stream.Sleep(ctx, m.patience/4) {
			if err := m.show(ctx); errors.Is(err, ErrRebuilding) {
				cancel(err)
			}
		}
	})
	done, err := fn(ctx, func(ctx context.Context) error { return m.redis.HSet(ctx, rebuildKey, "begun", "1").Err() })
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	cancel(nil)
	showing.Wait()
	return done, err
}

// show renews the heartbeat. A Redis that does not answer is asked again with the next one.
func (m *mark) show(ctx context.Context) error {
	by, err := m.redis.HGet(ctx, rebuildKey, "by").Result()
	if err == nil && by != m.member {
		return fmt.Errorf("%w by %s as well: this one ends", ErrRebuilding, by)
	}
	if err != nil {
		return err
	}
	return m.redis.HSet(ctx, rebuildKey, "heartbeat", int64(nowMillis())).Err()
}

// end takes the mark away when everything is there again, or when nothing was deleted; else it leaves it, as that of nobody alive, and
// reports that.
func (m *mark) end(ctx context.Context, whole bool) (left bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	held, err := m.redis.HGetAll(ctx, rebuildKey).Result()
	if err != nil {
		return true, err
	}
	if held["by"] != m.member {
		return true, nil
	}
	if whole || held["begun"] != "1" {
		return false, m.redis.Del(ctx, rebuildKey).Err()
	}
	return true, m.redis.HSet(ctx, rebuildKey, "heartbeat", 0).Err()
}
