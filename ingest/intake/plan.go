package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/ingest/fence"
	"touchwatch/ingest/touchpoint"
)

// plan is what was decided about a batch before anything of it was sent.
type plan struct {
	From       int64                   `json:"from"` // first offset of the batch
	To         int64                   `json:"to"`   // offset after it
	ReceivedAt touchpoint.Millis       `json:"received_at"`
	Customers  []touchpoint.CustomerID `json:"customers"` // of each touchpoint, in order; "" is not decided yet
}

// ledger keeps a raw partition's plan in Redis, key tw:ingest:{topic-partition}. It belongs to one worker.
type ledger struct {
	redis    redis.UniversalClient
	key      string
	patience time.Duration
	token    string
}

// LedgerKey is the Redis key of a raw partition's plan and progress: a hash with token, plan, done, epoch and up_to.
func LedgerKey(topic string, partition int) string {
	return "tw:ingest:{" + topic + "-" + strconv.Itoa(partition) + "}"
}

var (
	errHeld = errors.New("another member holds the raw partition")
	errLost = errors.New("the raw partition was taken by another member")
)

// stored is what take found.
type stored struct {
	plan  *plan // nil: nothing was ever planned
	done  bool  // the plan was confirmed whole
	epoch int32
}

// take writes this worker's token and returns the stored plan.
func (l *ledger) take(ctx context.Context, mine fence.Token) (stored, error) {
	var found stored
	token := mine.String()
	err := l.redis.Watch(ctx, func(tx *redis.Tx) error {
		fields, err := tx.HGetAll(ctx, l.key).Result()
		if err != nil {
			return err
		}
		if !fence.MayTake(fields["token"], mine, l.patience) {
			return errHeld
		}
		if found, err = parseStored(fields); err != nil {
			return err
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.HSet(ctx, l.key, "token", token)
			return nil
		})
		return err
	}, l.key)
	if err != nil {
		return stored{}, fmt.Errorf("take %s: %w", l.key, err)
	}
	l.token = token
	return found, nil
}

func parseStored(fields map[string]string) (stored, error) {
	s := stored{done: fields["done"] == "1"}
	if e := fields["epoch"]; e != "" {
		n, err := strconv.ParseInt(e, 10, 32)
		if err != nil {
			return stored{}, fmt.Errorf("epoch is %q, want a number", e)
		}
		s.epoch = int32(n)
	}
	if p := fields["plan"]; p != "" {
		s.plan = new(plan)
		if err := json.Unmarshal([]byte(p), s.plan); err != nil {
			return stored{}, fmt.Errorf("stored plan: %w", err)
		}
	}
	return s, nil
}

// write stores fields if the partition is still this worker's, and renews the token.
func (l *ledger) write(ctx context.Context, mine fence.Token, fields ...any) error {
	token := mine.String()
	err := l.redis.Watch(ctx, func(tx *redis.Tx) error {
		held, err := tx.HGet(ctx, l.key, "token").Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		if held != l.token {
			return errLost
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.HSet(ctx, l.key, append([]any{"token", token}, fields...)...)
			return nil
		})
		return err
	}, l.key)
	if errors.Is(err, redis.TxFailedErr) {
		err = errLost
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", l.key, err)
	}
	l.token = token
	return nil
}

// propose stores a plan before anything of it is sent.
func (l *ledger) propose(ctx context.Context, mine fence.Token, p *plan) error {
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode plan: %w", err)
	}
	return l.write(ctx, mine, "plan", body, "done", "0")
}

// confirm stores how far the partition is complete, and that the plan was sent whole.
func (l *ledger) confirm(ctx context.Context, mine fence.Token, upTo touchpoint.Millis) error {
	return l.write(ctx, mine, "done", "1", "up_to", int64(upTo))
}
