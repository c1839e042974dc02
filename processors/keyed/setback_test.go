package keyed

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// copied is what a Redis held at one moment, as a replica that takes over holds it: everything, but not the latest.
type copied map[string]any // key → string, map[string]string, []redis.Z or []redis.XMessage

// everything copies all keys. Nothing may write meanwhile.
func (w *world) everything() copied {
	w.t.Helper()
	ctx, all := context.Background(), copied{}
	for _, key := range w.redis.Keys(ctx, "*").Val() {
		var v any
		var err error
		switch kind := w.redis.Type(ctx, key).Val(); kind {
		case "string":
			v, err = w.redis.Get(ctx, key).Result()
		case "hash":
			v, err = w.redis.HGetAll(ctx, key).Result()
		case "zset":
			v, err = w.redis.ZRangeWithScores(ctx, key, 0, -1).Result()
		case "stream":
			v, err = w.redis.XRange(ctx, key, "-", "+").Result()
		default:
			w.t.Fatalf("%s is a %s: nobody can copy that here", key, kind)
		}
		if err != nil {
			w.t.Fatal(err)
		}
		all[key] = v
	}
	return all
}

// setBack makes Redis hold what it held, at one stroke, while everybody goes on writing.
func (w *world) setBack(to copied) {
	w.t.Helper()
	ctx := context.Background()
	w.until("Redis is set back", func() bool {
		err := w.redis.Watch(ctx, func(tx *redis.Tx) error {
			keys, err := tx.Keys(ctx, "*").Result()
			if err != nil {
				return err
			}
			_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.Del(ctx, append(keys, "none")...)
				for key, v := range to {
					put(ctx, p, key, v)
				}
				return nil
			})
			return err
		}, NewKeys(CustomerPrefix, 0).Owner(), NewKeys(CustomerPrefix, 1).Owner())
		if err != nil && !errors.Is(err, redis.TxFailedErr) {
			w.t.Fatal(err)
		}
		return err == nil
	})
}

func put(ctx context.Context, p redis.Pipeliner, key string, v any) {
	switch v := v.(type) {
	case string:
		p.Set(ctx, key, v, 0)
	case map[string]string:
		p.HSet(ctx, key, v)
	case []redis.Z:
		p.ZAdd(ctx, key, v...)
	case []redis.XMessage:
		for _, m := range v {
			p.XAdd(ctx, &redis.XAddArgs{Stream: key, ID: m.ID, Values: m.Values})
		}
	}
}
