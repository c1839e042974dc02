package keyed

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/ingest/fence"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
)

// Rebuilding says how the states of a partition are made anew from its log.
type Rebuilding struct {
	// Member is the owner's name while it lasts, such as "rebuild/host/4711"; nobody else may use it.
	Member string
	// Until is the offset to end before.
	Until int64
	// Settings are active from the oldest record on; nil where the log reaches back to the entry that activated the first ones.
	Settings []byte
	// Told are the alerts and signals that stand in Kafka; they are not told again.
	Told *Told
	// Applied hears how many entries were folded since it was called last. It must be safe for concurrent use.
	Applied func(n int)
}

// rebuildTries bounds how often a partition is taken up again without getting any further.
const rebuildTries = 10

// Rebuild folds a partition that has nothing in Redis from its oldest record on and writes what a runtime would have written, batch by
// batch, each in its transaction. What the log calls for and no relay has copied to Kafka stands in the outbox at the end. Until
// Release nobody else can take the partition. Faults of the servers are tried again; an error leaves the partition half built.
func Rebuild[S any](ctx context.Context, opt Options, build Build[S], partition int, r Rebuilding) error {
	opt.Now = farAhead
	rt := New(opt, build)
	rt.holding.Add(1)
	b := &rebuilder[S]{
		r: r, w: newWorker(rt, rebuildAssignment(opt.Topic, partition, r.Member), func(int64) {}),
		untold: untold{told: r.Told, from: source{opt.Topic, int32(partition)}, wait: map[int][]outEntry{}},
	}
	if err := b.empty(ctx); err != nil {
		return err
	}
	for tries := 1; ; tries++ {
		before := b.w.next
		err := b.session(ctx)
		if err == nil || ctx.Err() != nil || stream.Halted(err) || errors.As(err, new(*stream.OffsetError)) {
			return err
		}
		if b.w.next > before {
			tries = 1
		}
		if tries == rebuildTries {
			return fmt.Errorf("rebuild partition %d of %s: gave up after %d tries: %w", partition, opt.Topic, tries, err)
		}
		opt.Log.Warn("rebuilding goes on from what is stored", "topic", opt.Topic, "partition", partition, "error", err)
		stream.Sleep(ctx, time.Second)
	}
}

// Release lets others take a partition that was rebuilt by member.
func Release(ctx context.Context, opt Options, partition int, member string) error {
	rt := New[struct{}](opt, nil)
	if err := rt.letGo(ctx, rebuildAssignment(opt.Topic, partition, member)); err != nil {
		return fmt.Errorf("release partition %d of %s: %w", partition, opt.Topic, err)
	}
	return nil
}

// rebuildAssignment is above every generation of a group, and its heartbeat (farAhead) never grows old: no worker may take the
// partition from a rebuild, however long that takes or however it ended.
func rebuildAssignment(topic string, partition int, member string) stream.Assignment {
	return stream.Assignment{Topic: topic, Partition: partition, Generation: math.MaxInt32, Member: member}
}

// farAhead is the heartbeat of a rebuild: the year 9999.
func farAhead() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// rebuilder folds one partition. It belongs to one goroutine.
type rebuilder[S any] struct {
	r Rebuilding
	w *worker[S]
	untold
}

// empty refuses a partition that somebody wrote to.
func (b *rebuilder[S]) empty(ctx context.Context) error {
	w := b.w
	n, err := w.opt.Redis.Exists(ctx, w.keys.Owner(), w.keys.Offset(), w.keys.Out(), w.keys.Timers()).Result()
	if err == nil && n > 0 {
		err = &stream.HaltError{Err: errors.New("it is not empty: another process writes to it; stop all processes and rebuild again")}
	}
	if err != nil {
		return fmt.Errorf("rebuild partition %d of %s: %w", w.a.Partition, w.opt.Topic, err)
	}
	return nil
}

// session folds from what is stored to the end, or to the first error.
func (b *rebuilder[S]) session(ctx context.Context) error {
	w := b.w
	if err := w.take(ctx); err != nil {
		return err
	}
	if err := w.start(ctx); err != nil {
		return err
	}
	b.keep(w.next)
	if b.r.Settings != nil && w.configSequence == 0 {
		if err := w.activate(b.r.Settings); err != nil {
			return err
		}
		w.config = b.r.Settings
	}
	f := stream.Fetcher{Client: w.opt.Kafka, Topic: w.opt.Topic, Partition: w.a.Partition, MaxBytes: fetchBytes, MaxWait: time.Second}
	for w.next < b.r.Until {
		batch, err := f.Fetch(ctx, w.next)
		if err != nil {
			return err
		}
		if err := b.batch(ctx, batch); err != nil {
			return err
		}
	}
	return b.end(ctx)
}

// batch folds a batch and flushes it without its outbox.
func (b *rebuilder[S]) batch(ctx context.Context, batch stream.Batch) error {
	w := b.w
	entries, err := w.decode(batch.Records)
	if err != nil {
		return err
	}
	if err := w.warm(ctx, entries); err != nil {
		return err
	}
	for i, e := range entries {
		if e == nil {
			continue
		}
		if err := w.fold(e, batch.Records[i].Offset, batch.Records[i].Value); err != nil {
			return err
		}
		// Everything before an entry was received before it: alerts that ended long ago need not be listed.
		w.progress.UpTo = max(w.progress.UpTo, e.At)
	}
	w.next = max(w.next, batch.Next)
	b.sift(w.fx)
	if err := b.store(ctx); err != nil {
		return err
	}
	b.r.Applied(len(batch.Records))
	return nil
}

// store flushes what was folded: without its outbox, unless so much waits to be told that memory has to be spared.
func (b *rebuilder[S]) store(ctx context.Context) error {
	if b.n <= outMost {
		return b.w.flush(ctx)
	}
	if err := b.tell(ctx); err != nil {
		return err
	}
	clear(b.wait)
	b.n = 0
	return nil
}

// end writes what nobody was told of yet, and with it the offset of a partition that holds nothing.
func (b *rebuilder[S]) end(ctx context.Context) error {
	b.w.next = max(b.w.next, b.r.Until)
	return b.tell(ctx)
}

// tell flushes the outbox entries that wait, behind those that an earlier attempt wrote.
func (b *rebuilder[S]) tell(ctx context.Context) error {
	offset, index, err := b.lastOut(ctx)
	if err != nil {
		return err
	}
	b.w.fx.out = append(b.w.fx.out, b.after(offset, index)...)
	return b.w.flush(ctx)
}

// lastOut is the place of the last entry in the outbox, −1 when there is none.
func (b *rebuilder[S]) lastOut(ctx context.Context) (offset int64, index int, err error) {
	held, err := b.w.opt.Redis.XRevRangeN(ctx, b.w.keys.Out(), "+", "-", 1).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return 0, 0, fmt.Errorf("read outbox: %w", err)
	}
	if len(held) == 0 {
		return -1, 0, nil
	}
	before, after, _ := strings.Cut(held[0].ID, "-")
	o, err1 := strconv.ParseInt(before, 10, 64)
	i, err2 := strconv.Atoi(after)
	return o - 1, i, errors.Join(err1, err2)
}

// Alive says who has shown in the latest moments, by the tokens of these partitions, that it owns one: "" for nobody. Rebuilds do not count.
func Alive(ctx context.Context, client redis.UniversalClient, prefix string, partitions int, now touchpoint.Millis, patience time.Duration) (string, error) {
	pipe := client.Pipeline()
	held := make([]*redis.StringCmd, partitions)
	for p := range held {
		held[p] = pipe.Get(ctx, NewKeys(prefix, p).Owner())
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("read the owners of partitions: %w", err)
	}
	for p, reply := range held {
		if token, ok := fence.Parse(reply.Val()); ok && fence.Alive(token, now, patience) {
			return fmt.Sprintf("%s (%s)", token.Member, NewKeys(prefix, p).Owner()), nil
		}
	}
	return "", nil
}

// CountStates returns how many states a stage has in Redis.
func CountStates(ctx context.Context, client redis.UniversalClient, prefix string, partitions int) (int64, error) {
	total := int64(0)
	for p := range partitions {
		pipe := client.Pipeline()
		keys := NewKeys(prefix, p)
		replies := make([]*redis.IntCmd, Buckets)
		for b := range replies {
			replies[b] = pipe.HLen(ctx, keys.Bucket(b))
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return 0, fmt.Errorf("count states of partition %d: %w", p, err)
		}
		for _, r := range replies {
			total += r.Val()
		}
	}
	return total, nil
}
