package keyed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
)

// errLost says that owner or offset are not what this worker last wrote: somebody else owns the partition now.
var errLost = errors.New("partition was taken by another member")

// liveKeep is how many minutes of counts are kept for the boards; endedKeep how long a resolved alert stays listed.
const (
	liveKeep  = 60 * time.Minute
	endedKeep = time.Hour
)

// flush writes everything since the last flush in one transaction, if owner and offset are still this worker's.
// Any error means that the outcome is unknown.
func (w *worker[S]) flush(ctx context.Context) error {
	began := time.Now()
	w.pulse.Add(1)
	write, err := w.prepare()
	if err != nil {
		return err
	}
	token := w.rt.token(w.a).String()
	err = w.opt.Redis.Watch(ctx, func(tx *redis.Tx) error {
		if err := w.verify(ctx, tx); err != nil {
			return err
		}
		_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, w.keys.Owner(), token, 0)
			write(ctx, p)
			return nil
		})
		return err
	}, w.keys.Owner(), w.keys.Offset())
	if errors.Is(err, redis.TxFailedErr) {
		err = errLost
	}
	if errors.Is(err, errLost) {
		w.opt.Metrics.rejected.Inc()
	}
	if err != nil {
		return fmt.Errorf("flush partition %d of %s at offset %d: %w", w.a.Partition, w.opt.Topic, w.next, err)
	}
	w.token, w.stored = token, strconv.FormatInt(w.next, 10)
	w.flushedAt = time.Now()
	w.settle()
	w.commit(w.next)
	w.opt.Metrics.flushSeconds.Observe(time.Since(began).Seconds())
	return nil
}

// verify reads owner and offset inside the WATCH and compares them with what this worker last wrote.
func (w *worker[S]) verify(ctx context.Context, tx *redis.Tx) error {
	var held *redis.StringCmd
	var next *redis.StringCmd
	_, err := tx.Pipelined(ctx, func(p redis.Pipeliner) error {
		held = p.Get(ctx, w.keys.Owner())
		next = p.HGet(ctx, w.keys.Offset(), "next")
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	if held.Val() != w.token || next.Val() != w.stored {
		return errLost
	}
	return nil
}

// prepare encodes what the flush writes, so that nothing can fail or take long between WATCH and EXEC.
func (w *worker[S]) prepare() (func(context.Context, redis.Pipeliner), error) {
	if err := w.encodeStates(); err != nil {
		return nil, err
	}
	w.gatherHistory()
	minutes, stale := w.mergeCounts()
	news := w.nextBeat(minutes)
	return func(ctx context.Context, p redis.Pipeliner) {
		p.HSet(ctx, w.keys.Offset(), "next", w.next, "config", w.configSequence)
		if w.config != nil {
			p.Set(ctx, w.keys.Settings(), w.config, 0)
		}
		hset(ctx, p, w.keys.Sources(), w.moved, func(at position) any { return at.String() })
		w.writeRemoved(ctx, p)
		for b, fields := range w.buckets {
			if len(fields) > 0 {
				p.HSet(ctx, w.keys.Bucket(b), fields...)
			}
		}
		w.writeHistory(ctx, p)
		w.writeTimers(ctx, p)
		w.writeOut(ctx, p)
		w.writeRanks(ctx, p)
		hset(ctx, p, w.keys.Live(), minutes, func(c Counts) any { return c.json() })
		if len(stale) > 0 {
			p.HDel(ctx, w.keys.Live(), stale...)
		}
		if news != nil {
			p.XAdd(ctx, &redis.XAddArgs{Stream: w.keys.Beat(), MaxLen: 64, Approx: true, Values: []any{"body", news}})
		}
	}, nil
}

// hset writes a map into a hash with one command.
func hset[K interface {
	comparable
	fmt.Stringer
}, V any](ctx context.Context, p redis.Pipeliner, key string, m map[K]V, value func(V) any) {
	if len(m) == 0 {
		return
	}
	fields := make([]any, 0, 2*len(m))
	for k, v := range m {
		fields = append(fields, k.String(), value(v))
	}
	p.HSet(ctx, key, fields...)
}

// encodeStates encodes the changed states, per bucket, into the form that memory keeps as well.
func (w *worker[S]) encodeStates() error {
	for b := range w.buckets {
		clear(w.buckets[b])
		w.buckets[b] = w.buckets[b][:0]
	}
	for _, n := range w.cache.dirty {
		if w.fx.removed[n.subject] {
			continue
		}
		encoded, err := w.logic.Encode(w.scratch[:0], n.state)
		if err != nil {
			return &stream.HaltError{Err: fmt.Errorf("encode state of %s: %w", n.subject, err)}
		}
		w.scratch = encoded
		n.body = bytes.Clone(encoded) // not over the old one, whose memory the state's strings share
		b := BucketOf(n.subject)
		w.buckets[b] = append(w.buckets[b], n.subject, n.body)
	}
	return nil
}

// gatherHistory gives every subject what the batch remembers of it.
func (w *worker[S]) gatherHistory() {
	for _, h := range w.fx.history {
		if n := w.cache.nodes[h.subject]; n != nil {
			n.pending = append(n.pending, h.body)
			n.remembered++
		}
	}
}

// writeHistory appends what is remembered, and trims the histories that have grown beyond their bound by enough.
func (w *worker[S]) writeHistory(ctx context.Context, p redis.Pipeliner) {
	for _, n := range w.cache.dirty {
		if len(n.pending) == 0 {
			continue
		}
		p.RPush(ctx, w.keys.History(n.subject), n.pending...)
		if n.remembered > w.opt.History+historySlack {
			p.LTrim(ctx, w.keys.History(n.subject), int64(-w.opt.History), -1)
		}
	}
}

func (w *worker[S]) writeRemoved(ctx context.Context, p redis.Pipeliner) {
	for subject := range w.fx.removed {
		p.HDel(ctx, w.keys.States(subject), subject)
		p.Del(ctx, w.keys.History(subject))
		p.ZRem(ctx, w.keys.Risk(), subject)
	}
}

func (w *worker[S]) writeTimers(ctx context.Context, p redis.Pipeliner) {
	var armed []redis.Z
	var disarmed []any
	for k, due := range w.fx.timers {
		member := k.subject + "\x00" + k.name
		if due == 0 {
			disarmed = append(disarmed, member)
		} else {
			armed = append(armed, redis.Z{Score: float64(due), Member: member})
		}
	}
	rankIn(ctx, p, w.keys.Timers(), armed, disarmed)
}

func (w *worker[S]) writeRanks(ctx context.Context, p redis.Pipeliner) {
	var listed []redis.Z
	var gone []any
	for subject, r := range w.fx.ranks {
		if r.listed && !w.fx.removed[subject] {
			listed = append(listed, redis.Z{Score: r.score, Member: subject})
		} else {
			gone = append(gone, subject)
		}
	}
	rankIn(ctx, p, w.keys.Risk(), listed, gone)
}

// rankIn adds members to a sorted set and takes others out, with one command each.
func rankIn(ctx context.Context, p redis.Pipeliner, key string, add []redis.Z, remove []any) {
	if len(add) > 0 {
		p.ZAdd(ctx, key, add...)
	}
	if len(remove) > 0 {
		p.ZRem(ctx, key, remove...)
	}
}

// writeOut writes outbox and current alerts. An outbox entry's id derives from the timeline offset,
// so a batch that is folded again makes the same entries.
func (w *worker[S]) writeOut(ctx context.Context, p redis.Pipeliner) {
	for _, o := range w.fx.out {
		p.XAdd(ctx, &redis.XAddArgs{
			Stream: w.keys.Out(), ID: strconv.FormatInt(o.offset+1, 10) + "-" + strconv.Itoa(o.index),
			Values: []any{"kind", o.kind, "key", o.key, "body", o.body},
		})
	}
	for id, c := range w.fx.alerts {
		p.HSet(ctx, w.keys.Alerts(), id, c.Body)
	}
	for _, id := range w.expired() {
		p.HDel(ctx, w.keys.Alerts(), id)
	}
}

// expired lists the resolved alerts that have been shown for long enough.
func (w *worker[S]) expired() []string {
	var ids []string
	for id, at := range w.ended {
		if w.progress.UpTo.Sub(at) > endedKeep {
			ids = append(ids, id)
		}
	}
	return ids
}

// mergeCounts adds the batch's counts to the live minutes and returns the minutes that changed and those too old to keep.
func (w *worker[S]) mergeCounts() (changed map[countKey]Counts, stale []string) {
	for k := range w.fx.counts {
		w.newest = max(w.newest, k.minute)
	}
	oldest := w.newest.Add(-liveKeep)
	changed = map[countKey]Counts{}
	for k, c := range w.fx.counts {
		if k.minute <= oldest {
			continue
		}
		sum, known := w.live[k]
		if !known {
			k.label = strings.Clone(k.label) // it may be a part of a fetched batch
		}
		sum.Total += c.Total
		sum.Negatives += c.Negatives
		sum.Recoveries += c.Recoveries
		w.live[k], changed[k] = sum, sum
	}
	for k := range w.live {
		if k.minute <= oldest {
			stale = append(stale, k.String())
			delete(w.live, k)
		}
	}
	return changed, stale
}

// settle makes memory follow a flush that succeeded.
func (w *worker[S]) settle() {
	for id, c := range w.fx.alerts {
		if c.Over {
			w.ended[strings.Clone(id)] = c.At
		} else {
			delete(w.ended, id)
		}
	}
	for _, id := range w.expired() {
		delete(w.ended, id)
	}
	for subject, gone := range w.fx.removed {
		if n := w.cache.nodes[subject]; n != nil && gone {
			w.cache.drop(n)
		}
	}
	w.cache.clean(w.opt.History)
	w.cache.shut()
	w.opt.Metrics.alerts.Add(float64(len(w.fx.alerts)))
	w.fx.Reset()
	clear(w.moved)
	w.config = nil
}

// Minute returns the start of the minute m lies in.
func Minute(m touchpoint.Millis) touchpoint.Millis { return m - m%60000 }

// sortedCounts orders counts by minute and label, for stable output.
func sortedCounts(m map[countKey]Counts) []countKey {
	keys := make([]countKey, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b countKey) int {
		if a.minute != b.minute {
			return int(a.minute - b.minute)
		}
		if a.label < b.label {
			return -1
		}
		return 1
	})
	return keys
}
