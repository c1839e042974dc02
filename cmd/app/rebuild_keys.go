package app

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync"

	"github.com/redis/go-redis/v9"

	"touchwatch/ingest/identity"
	"touchwatch/processors/keyed"
)

// rebuiltKeys are the keys that a rebuild makes anew. What is usual in a channel (tw:silence) is learned over weeks and in no log: it stays.
var rebuiltKeys = regexp.MustCompile(`^(tw:(place:)?\{\d+\}:|tw:ingest:\{|` + regexp.QuoteMeta(identity.Prefix) + `|` + settingsKey + `$|` + partitionsKey + `$)`)

// wipeAtOnce is how many keys one round trip asks for, and deletes.
const wipeAtOnce = 1000

// wipe deletes everything that a rebuild makes, and returns how many keys that were.
func wipe(ctx context.Context, client redis.UniversalClient, deleted func(n int)) (int64, error) {
	cluster, ok := client.(*redis.ClusterClient)
	if !ok {
		return wipeNode(ctx, client, deleted)
	}
	var mu sync.Mutex
	sum := int64(0)
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		n, err := wipeNode(ctx, node, deleted)
		mu.Lock()
		defer mu.Unlock()
		sum += n
		return err
	})
	return sum, err
}

// wipeNode deletes the keys of one server, each by a command of its own: those of a cluster lie in different slots.
func wipeNode(ctx context.Context, node redis.Cmdable, deleted func(n int)) (int64, error) {
	sum := int64(0)
	for cursor := uint64(0); ; {
		keys, next, err := node.Scan(ctx, cursor, "tw:*", wipeAtOnce).Result()
		if err != nil {
			return sum, fmt.Errorf("look for keys to delete: %w", err)
		}
		pipe, n := node.Pipeline(), 0
		for _, key := range keys {
			if rebuiltKeys.MatchString(key) {
				pipe.Unlink(ctx, key)
				n++
			}
		}
		if n > 0 {
			if _, err := pipe.Exec(ctx); err != nil {
				return sum, fmt.Errorf("delete %d keys: %w", n, err)
			}
			sum += int64(n)
			deleted(n)
		}
		if cursor = next; cursor == 0 {
			return sum, nil
		}
	}
}

// settings notes partition counts and the settings that are active by the log. Settings that not every partition has are activated
// again, under the same sequence, by the next process that starts.
func (r *rebuild) settings(ctx context.Context) error {
	if err := pinPartitions(ctx, r.redis, &r.cfg.Topics); err != nil {
		return err
	}
	highest, everywhere, content := int64(0), true, ""
	for i, stage := range []struct {
		prefix     string
		partitions int
	}{{keyed.CustomerPrefix, len(r.logs.timeline)}, {keyed.PlacePrefix, len(r.logs.signals)}} {
		for p := range stage.partitions {
			keys := keyed.NewKeys(stage.prefix, p)
			held, err := r.redis.HGet(ctx, keys.Offset(), "config").Result()
			if err != nil {
				return fmt.Errorf("read %s: %w", keys.Offset(), err)
			}
			sequence, err := strconv.ParseInt(held, 10, 64)
			if err != nil {
				return fmt.Errorf("%s config is %q, want a number", keys.Offset(), held)
			}
			everywhere = everywhere && ((i == 0 && p == 0) || sequence == highest)
			if sequence <= highest {
				continue
			}
			highest = sequence
			if content, err = r.redis.Get(ctx, keys.Settings()).Result(); err != nil && !errors.Is(err, redis.Nil) {
				return fmt.Errorf("read %s: %w", keys.Settings(), err)
			}
		}
	}
	if highest == 0 {
		return nil // none was ever activated in what the log holds
	}
	fields := []any{"sequence", highest, "hash", hashOf([]byte(content)), "content", content}
	if everywhere {
		fields = append(fields, "done", highest)
	}
	return r.redis.HSet(ctx, settingsKey, fields...).Err()
}
