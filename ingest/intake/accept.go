package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"touchwatch/ingest/touchpoint"
)

// Accept gives a raw partition a new epoch and lets it be read from offset first on. It also takes the token away, so that
// a worker that stands still reads the partition's plan again. It returns the new epoch.
func Accept(ctx context.Context, client redis.UniversalClient, topic string, partition int, first int64) (int32, error) {
	key := LedgerKey(topic, partition)
	var epoch int32
	err := client.Watch(ctx, func(tx *redis.Tx) error {
		fields, err := tx.HGetAll(ctx, key).Result()
		if err != nil {
			return err
		}
		held, err := parseStored(fields)
		if err != nil {
			return err
		}
		next := plan{From: first, To: first, Customers: []touchpoint.CustomerID{}}
		if held.plan != nil {
			next.ReceivedAt = held.plan.ReceivedAt
		}
		body, err := json.Marshal(next)
		if err != nil {
			return err
		}
		epoch = held.epoch + 1
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.HSet(ctx, key, "epoch", epoch, "plan", body, "done", "1")
			p.HDel(ctx, key, "token")
			return nil
		})
		return err
	}, key)
	if errors.Is(err, redis.TxFailedErr) {
		return 0, fmt.Errorf("accept %s: the partition changed at this moment, try again", key)
	}
	if err != nil {
		return 0, fmt.Errorf("accept %s: %w", key, err)
	}
	return epoch, nil
}
