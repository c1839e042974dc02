package intake

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Position returns the records that a raw partition's worker needs next: those of an unfinished plan, from its first offset to
// the one after its last; else from is to. It returns false when the partition was never read.
func Position(ctx context.Context, client redis.UniversalClient, topic string, partition int) (from, to int64, known bool, err error) {
	key := LedgerKey(topic, partition)
	fields, err := client.HGetAll(ctx, key).Result()
	if err != nil {
		return 0, 0, false, fmt.Errorf("read %s: %w", key, err)
	}
	held, err := parseStored(fields)
	switch {
	case err != nil:
		return 0, 0, false, fmt.Errorf("read %s: %w", key, err)
	case held.plan == nil:
		return 0, 0, false, nil
	case held.done:
		return held.plan.To, held.plan.To, true, nil
	}
	return held.plan.From, held.plan.To, true, nil
}
