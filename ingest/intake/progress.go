package intake

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"touchwatch/ingest/touchpoint"
)

// TopicProgress is the time up to which everything received on a raw topic is in the timeline.
type TopicProgress struct {
	Topic string
	UpTo  touchpoint.Millis // zero: a partition of it was never read
}

// ReadProgress returns the progress of the given raw topics (name → partition count) in the order of names, and the
// earliest of them, which is zero while a partition has not reported.
func ReadProgress(ctx context.Context, client redis.UniversalClient, names []string, partitions map[string]int) (touchpoint.Millis, []TopicProgress, error) {
	pipe := client.Pipeline()
	replies := map[string][]*redis.StringCmd{}
	for _, topic := range names {
		for p := range partitions[topic] {
			replies[topic] = append(replies[topic], pipe.HGet(ctx, LedgerKey(topic, p), "up_to"))
		}
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return 0, nil, fmt.Errorf("read ingest progress: %w", err)
	}
	var all []TopicProgress
	earliest := touchpoint.Millis(-1)
	for _, topic := range names {
		least := touchpoint.Millis(-1)
		for _, reply := range replies[topic] {
			upTo, _ := strconv.ParseInt(reply.Val(), 10, 64) // absent: zero
			if least < 0 || touchpoint.Millis(upTo) < least {
				least = touchpoint.Millis(upTo)
			}
		}
		least = max(least, 0)
		all = append(all, TopicProgress{Topic: topic, UpTo: least})
		if earliest < 0 || least < earliest {
			earliest = least
		}
	}
	return max(earliest, 0), all, nil
}
