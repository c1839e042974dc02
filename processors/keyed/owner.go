package keyed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/ingest/fence"
	"touchwatch/ingest/stream"
)

// errHeld says that another member holds the partition.
var errHeld = errors.New("another member holds the partition")

// take writes this worker's token and reads where to go on. Nothing of an earlier session survives in memory.
func (w *worker[S]) take(ctx context.Context) error {
	if err := w.opt.allowed(ctx); err != nil {
		return err
	}
	mine := w.rt.token(w.a)
	token := mine.String()
	err := w.opt.Redis.Watch(ctx, func(tx *redis.Tx) error {
		stored, err := tx.Get(ctx, w.keys.Owner()).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		if !fence.MayTake(stored, mine, w.opt.Session) {
			return errHeld
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, w.keys.Owner(), token, 0)
			return nil
		})
		return err
	}, w.keys.Owner())
	if err != nil {
		return fmt.Errorf("take partition %d of %s: %w", w.a.Partition, w.opt.Topic, err)
	}
	w.token, w.session = token, token
	if err := w.opt.allowed(ctx); err != nil {
		return err
	}
	return w.load(ctx)
}

// load reads everything the partition's worker keeps in memory beside the states.
func (w *worker[S]) load(ctx context.Context) error {
	pipe := w.opt.Redis.Pipeline()
	offset := pipe.HGetAll(ctx, w.keys.Offset())
	sources := pipe.HGetAll(ctx, w.keys.Sources())
	live := pipe.HGetAll(ctx, w.keys.Live())
	alerts := pipe.HGetAll(ctx, w.keys.Alerts())
	settings := pipe.Get(ctx, w.keys.Settings())
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("read partition %d of %s: %w", w.a.Partition, w.opt.Topic, err)
	}
	w.cache = newCache[S](w.rt.share)
	w.fx = NewEffects()
	w.pending, w.progress = nil, Progress{} // what an earlier session had reached may be ahead of a Redis that was set back
	w.caught.Store(0)
	w.sentTimers = map[timerKey]time.Time{}
	w.stored = offset.Val()["next"]
	if err := w.restore(offset.Val(), sources.Val(), live.Val(), alerts.Val()); err != nil {
		return err
	}
	return w.activate([]byte(settings.Val()))
}

// activate makes the logic of a set of settings.
func (w *worker[S]) activate(content []byte) error {
	if len(content) == 0 {
		content = nil
	}
	logic, err := w.rt.build(content)
	if err != nil {
		return &stream.HaltError{Err: fmt.Errorf("settings active in partition %d of %s cannot be used by this program, start the version that activated them or activate others: %w", w.a.Partition, w.opt.Topic, err)}
	}
	w.logic = logic
	return nil
}
