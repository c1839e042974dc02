package keyed

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// awaited is a progress that upstream reported; it counts once everything that was in the topic at that time is applied.
type awaited struct {
	progress Progress
	readAt   time.Time
	target   int64 // end of the partition as a later fetch saw it; −1 until then
}

// outMost bounds the outbox: beyond it the worker stops applying until the relay has caught up.
const outMost = 100_000

// timerBatch bounds how many due timers are appended at once; timerAgain is after how long one that did not come back is sent again.
const (
	timerBatch = 500
	timerAgain = 20 * time.Second
)

// tick asks upstream for its progress, watches the outbox's bound, and keeps an idle partition alive.
func (w *worker[S]) tick(ctx context.Context) error {
	w.late.Store(w.rt.late(w.progress.UpTo))
	if w.pending == nil && w.opt.Progress != nil {
		readAt := time.Now()
		p, err := w.opt.Progress(ctx)
		if err != nil {
			return fmt.Errorf("read progress for partition %d of %s: %w", w.a.Partition, w.opt.Topic, err)
		}
		w.pending = &awaited{progress: p, readAt: readAt, target: -1}
	}
	depth, err := w.opt.Redis.XLen(ctx, w.keys.Out()).Result()
	if err != nil {
		return fmt.Errorf("measure outbox of partition %d: %w", w.a.Partition, err)
	}
	w.bound(depth)
	if time.Since(w.flushedAt) >= aliveEvery || (w.beat.news() && time.Since(w.beat.sentAt) >= beatEvery) {
		return w.flush(ctx)
	}
	return nil
}

// bound stops and resumes applying as the outbox passes its limit.
func (w *worker[S]) bound(depth int64) {
	full := depth > outMost
	if full != w.outFull {
		w.outFull = full
		w.opt.Log.Warn("outbox bound", "topic", w.opt.Topic, "partition", w.a.Partition, "entries", depth, "stopped", full)
	}
	w.opt.Metrics.outbox.WithLabelValues(w.opt.Topic, strconv.Itoa(w.a.Partition)).Set(float64(depth))
}

// arrived looks whether the awaited progress is reached: a fetch that began after the progress was read saw the end of the
// partition at target, and everything before it is applied.
func (w *worker[S]) arrived(b fetched) {
	p := w.pending
	if p == nil {
		return
	}
	if p.target < 0 && b.started.After(p.readAt) {
		p.target = b.HighWatermark
	}
	if p.target >= 0 && w.next >= p.target {
		if p.progress.UpTo > w.progress.UpTo {
			w.beat.progress = true
		}
		w.progress = p.progress
		w.caught.Store(int64(p.progress.UpTo))
		w.pending = nil
	}
}

// fireTimers appends an entry for every timer that is due at the reached progress. The fold applies it when it comes back,
// if that arming still stands; so sending one twice does no harm.
func (w *worker[S]) fireTimers(ctx context.Context) error {
	if w.progress.UpTo == 0 || w.pending != nil {
		return nil
	}
	due, err := w.opt.Redis.ZRangeByScoreWithScores(ctx, w.keys.Timers(), &redis.ZRangeBy{
		Min: "-inf", Max: strconv.FormatInt(int64(w.progress.UpTo), 10), Count: timerBatch,
	}).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("read due timers of partition %d: %w", w.a.Partition, err)
	}
	var records []stream.Record
	for _, z := range due {
		if r, ok := w.timerRecord(z); ok {
			records = append(records, r)
		}
	}
	if len(records) == 0 {
		return nil
	}
	if _, err := stream.Produce(ctx, w.opt.Kafka, w.opt.Topic, w.a.Partition, records); err != nil {
		w.sentTimers = map[timerKey]time.Time{}
		w.opt.Log.Warn("cannot append due timers, trying again", "topic", w.opt.Topic, "partition", w.a.Partition, "error", err)
		return nil
	}
	w.opt.Metrics.timers.Add(float64(len(records)))
	return nil
}

// timerRecord makes the entry of a due timer, unless it was sent a moment ago.
func (w *worker[S]) timerRecord(z redis.Z) (stream.Record, bool) {
	member, _ := z.Member.(string)
	subject, name, _ := strings.Cut(member, "\x00")
	k := timerKey{subject, name}
	if sent, ok := w.sentTimers[k]; ok && time.Since(sent) < timerAgain {
		return stream.Record{}, false
	}
	dueAt := touchpoint.Millis(z.Score)
	value, err := timeline.Encode(nil, &timeline.Entry{
		Kind: timeline.Timer, Subject: subject, At: dueAt, ID: fmt.Sprintf("timer/%s/%s/%d", subject, name, dueAt),
		Timer: &timeline.TimerBody{Name: name, Due: dueAt},
	})
	if err != nil {
		w.opt.Log.Error("cannot encode a timer", "subject", subject, "timer", name, "error", err)
		return stream.Record{}, false
	}
	w.sentTimers[k] = time.Now()
	return stream.Record{Key: []byte(subject), Value: value}, true
}
