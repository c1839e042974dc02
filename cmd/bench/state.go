package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"touchwatch/cmd/app"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/keyed"
)

// stageKeys are the keys of all partitions of a keyed stage.
func stageKeys(prefix string, partitions int) []keyed.Keys {
	all := make([]keyed.Keys, partitions)
	for p := range all {
		all[p] = keyed.NewKeys(prefix, p)
	}
	return all
}

func (t *trial) customers() []keyed.Keys {
	return stageKeys(keyed.CustomerPrefix, t.cfg.Topics.TimelinePartitions)
}

func (t *trial) places() []keyed.Keys {
	return stageKeys(keyed.PlacePrefix, t.cfg.Topics.PlacePartitions)
}

// applied is how many touchpoints are in states: the live minutes of all partitions, which change with the states.
func (t *trial) applied() (int64, error) {
	pipe := t.redis.Pipeline()
	var replies []*redis.StringSliceCmd
	for _, k := range t.customers() {
		replies = append(replies, pipe.HVals(t.run.ctx, k.Live()))
	}
	if _, err := pipe.Exec(t.run.ctx); err != nil {
		return 0, fmt.Errorf("read live minutes: %w", err)
	}
	total := int64(0)
	for _, reply := range replies {
		for _, counts := range reply.Val() {
			rest, ok := strings.CutPrefix(counts, `{"total":`)
			end := strings.IndexAny(rest, ",}")
			if !ok || end < 0 {
				return 0, fmt.Errorf("a live minute reads %q", counts)
			}
			n, err := strconv.ParseInt(rest[:end], 10, 64)
			if err != nil {
				return 0, fmt.Errorf("a live minute reads %q", counts)
			}
			total += n
		}
	}
	return total, nil
}

// reached is the time up to which everything received is applied and, as far as others have to hear of it, relayed.
func (t *trial) reached(stage []keyed.Keys) (touchpoint.Millis, error) {
	pipe := t.redis.Pipeline()
	var replies []*redis.StringCmd
	for _, k := range stage {
		replies = append(replies, pipe.HGet(t.run.ctx, k.Relay(), "up_to"))
	}
	if _, err := pipe.Exec(t.run.ctx); err != nil && !errors.Is(err, redis.Nil) {
		return 0, fmt.Errorf("read progress: %w", err)
	}
	least := touchpoint.Millis(-1)
	for _, reply := range replies {
		upTo, _ := reply.Int64() // absent: zero
		if m := touchpoint.Millis(upTo); least < 0 || m < least {
			least = m
		}
	}
	return least, nil
}

// mustReach reports an error until a stage has reached a moment.
func (t *trial) mustReach(stage []keyed.Keys, m touchpoint.Millis) error {
	upTo, err := t.reached(stage)
	if err == nil && upTo < m {
		err = fmt.Errorf("what was received in the last %s is not in yet", m.Sub(upTo))
	}
	return err
}

// ends are the ends of partitions, by topic.
type ends map[string]map[int]int64

// archiveTopics are what the archive reads, with their partition counts.
func (t *trial) archiveTopics() map[string]int {
	return map[string]int{app.TopicTimeline: t.cfg.Topics.TimelinePartitions, app.TopicSignals: t.cfg.Topics.PlacePartitions, app.TopicAlerts: t.cfg.Topics.PlacePartitions}
}

// ends are where the archive's topics end now. Timers add to them for as long as the program runs.
func (t *trial) ends() (ends, error) {
	all := ends{}
	for topic, n := range t.archiveTopics() {
		all[topic] = map[int]int64{}
		for p := range n {
			_, end, err := stream.Bounds(t.run.ctx, t.kafka, topic, p)
			if err != nil {
				return nil, err
			}
			all[topic][p] = end
		}
	}
	return all, nil
}

// archived waits until the archive has committed all that its topics hold when it is called.
func (t *trial) archived() error {
	want, err := t.ends()
	if err != nil {
		return err
	}
	return t.poll(func() error { return t.committed(want) })
}

// committed reports an error until the archive has committed everything before these ends.
func (t *trial) committed(want ends) error {
	request := &kafka.OffsetFetchRequest{GroupID: "touchwatch.archive", Topics: map[string][]int{}}
	for topic, n := range t.archiveTopics() {
		for p := range n {
			request.Topics[topic] = append(request.Topics[topic], p)
		}
	}
	res, err := t.kafka.OffsetFetch(t.run.ctx, request)
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return fmt.Errorf("read the archive's offsets: %w", err)
	}
	for topic, partitions := range res.Topics {
		for _, p := range partitions {
			if end := want[topic][p.Partition]; max(p.CommittedOffset, 0) < end {
				return fmt.Errorf("the archive has committed %d of %d entries of %s partition %d", p.CommittedOffset, end, topic, p.Partition)
			}
		}
	}
	return nil
}

// hush waits until a stage is at rest for good: every timer that is due has had its effects, and there is no other, because those that are
// due later are taken away.
func (t *trial) hush(stage []keyed.Keys, within time.Duration) error {
	err := until(t.run.ctx, within, func() error {
		n, err := t.takeTimers(stage)
		if err == nil && n > 0 {
			err = fmt.Errorf("%d timers are due", n)
		}
		return err
	})
	if err != nil {
		return err
	}
	now := touchpoint.MillisOf(time.Now())
	return until(t.run.ctx, within, func() error { return t.mustReach(stage, now) })
}

// takeTimers takes away the timers that are due after the stage's progress, and returns how many are left.
func (t *trial) takeTimers(stage []keyed.Keys) (left int64, err error) {
	upTo, err := t.reached(stage)
	if err != nil {
		return 0, err
	}
	pipe := t.redis.Pipeline()
	var replies []*redis.IntCmd
	for _, k := range stage {
		pipe.ZRemRangeByScore(t.run.ctx, k.Timers(), "("+strconv.FormatInt(int64(upTo), 10), "+inf")
		replies = append(replies, pipe.ZCard(t.run.ctx, k.Timers()))
	}
	if _, err := pipe.Exec(t.run.ctx); err != nil {
		return 0, fmt.Errorf("take timers away: %w", err)
	}
	for _, reply := range replies {
		left += reply.Val()
	}
	return left, nil
}

// sleep waits and reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool { return stream.Sleep(ctx, d) }
