package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/alerts/hub"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/keyed"
)

const (
	// readMost bounds one read of a stream.
	readMost = 500
	// suspectFrom is how many entries of one read make it worth asking whether the stream was trimmed ahead of the reader: beats are
	// kept 64 deep.
	suspectFrom = 32
	// idleReads is after how many reads without news the stream's end is compared with the position: a stream that was
	// wiped or rewound has none for a position beyond its end.
	idleReads = 5
)

// Why a partition is loaded again at once.
var (
	errOwner   = errors.New("the partition has a new owner")
	errGap     = errors.New("the stream was trimmed ahead of the reader")
	errRewound = errors.New("the stream ends before the position that was read")
)

func isReload(err error) bool {
	return errors.Is(err, errOwner) || errors.Is(err, errGap) || errors.Is(err, errRewound)
}

func reloadReason(err error) string {
	switch {
	case errors.Is(err, errOwner):
		return "owner"
	case errors.Is(err, errGap):
		return "gap"
	case errors.Is(err, errRewound):
		return "rewound"
	}
	return "error"
}

// reader follows one partition. It belongs to one goroutine.
type reader struct {
	opt   *Options
	stage string
	part  hub.Part
	keys  keyed.Keys

	seen      streamID // furthest outbox position of all sessions
	out, beat streamID // positions of this session
	owner     string
	idle      int
	refreshAt time.Time
	faulty    bool // a decoding fault was logged in this session
}

func newReader(opt *Options, stage, prefix string, p int) *reader {
	return &reader{opt: opt, stage: stage, part: hub.Part(fmt.Sprintf("%s/%d", stage, p)), keys: keyed.NewKeys(prefix, p)}
}

func (r *reader) customers() bool { return r.stage == "customers" }

// session loads the partition and follows it until an error; loaded is called in between. It returns a reload error when
// the partition should be loaded again at once.
func (r *reader) session(ctx context.Context, loaded func()) error {
	n, err := r.load(ctx)
	if err != nil {
		return err
	}
	if r.out.less(r.seen) {
		r.opt.Log.Warn("Redis lost part of an outbox; every board gets a new picture", "partition", string(r.part), "read", r.seen.String(), "ends", r.out.String())
		r.opt.Board.Reset()
	}
	r.seen, r.idle, r.faulty = r.out, 0, false
	r.refreshAt = r.opt.Now().Add(jitter(r.opt.Refresh))
	r.opt.Board.Publish(n)
	loaded()
	for {
		if err := r.step(ctx); err != nil {
			return err
		}
	}
}

// step waits for news once and tells it.
func (r *reader) step(ctx context.Context) error {
	streams, err := r.opt.Redis.XRead(ctx, &redis.XReadArgs{
		Streams: []string{r.keys.Out(), r.keys.Beat(), r.out.String(), r.beat.String()}, Count: readMost, Block: r.opt.Block,
	}).Result()
	if errors.Is(err, redis.Nil) {
		err = r.checkEnd(ctx)
	}
	if err != nil {
		return wrap(err, "follow "+string(r.part))
	}
	n := hub.News{Part: r.part}
	for _, s := range streams {
		r.idle = 0
		if len(s.Messages) >= suspectFrom {
			if err := r.checkGap(ctx, s.Stream); err != nil {
				return err
			}
		}
		if err := r.take(&n, s); err != nil {
			return err
		}
	}
	if r.customers() && r.opt.Now().After(r.refreshAt) {
		r.refreshAt = r.opt.Now().Add(jitter(r.opt.Refresh))
		if n.Risk, err = r.atRisk(ctx); err != nil {
			return err
		}
		n.AllRisk = true
	}
	if len(streams) > 0 || n.AllRisk {
		r.opt.Board.Publish(n)
	}
	return nil
}

// take puts the entries of one stream into n and moves the position behind them.
func (r *reader) take(n *hub.News, s redis.XStream) error {
	last, err := parseStreamID(s.Messages[len(s.Messages)-1].ID)
	if err != nil {
		return fmt.Errorf("follow %s: %w", r.part, err)
	}
	if s.Stream == r.keys.Out() {
		for _, e := range s.Messages {
			a, err := parseOut(e)
			if r.sound(err, s.Stream) && a != nil {
				n.Alerts = append(n.Alerts, *a)
				r.opt.Metrics.alerts.Inc()
				r.opt.Metrics.latency.Observe(max(0, touchpoint.MillisOf(r.opt.Now()).Sub(a.UpdatedAt).Seconds()))
			}
		}
		r.out, r.seen = last, last
		return nil
	}
	for _, e := range s.Messages {
		b, err := parseBeat(e)
		if !r.sound(err, s.Stream) {
			continue
		}
		if r.owner != "" && b.Owner != r.owner {
			return errOwner
		}
		r.owner = b.Owner
		r.opt.Metrics.beats.Inc()
		r.takeProgress(n, b.Progress)
		if r.customers() {
			n.Minutes = append(n.Minutes, b.Minutes...)
			n.Risk = append(n.Risk, b.Risk...)
			n.Feed = append(n.Feed, b.Feed...)
		}
	}
	r.beat = last
	return nil
}

// takeProgress notes how far the partition has come. The customers' owners say it per raw topic; places stand behind the topic of signals.
func (r *reader) takeProgress(n *hub.News, p *hub.Progress) {
	if p == nil {
		return
	}
	n.Progress = &hub.Progress{UpTo: p.UpTo, Sources: p.Sources}
	if !r.customers() {
		n.Progress.Sources = []hub.SourceProgress{{Topic: signalsSource, UpTo: p.UpTo}}
	}
}

// signalsSource is the name under which boards list the progress of places.
const signalsSource = "signals"

// checkGap asks whether entries after the position are gone already.
func (r *reader) checkGap(ctx context.Context, stream string) error {
	position := r.beat
	if stream == r.keys.Out() {
		position = r.out
	}
	oldest, err := r.opt.Redis.XRangeN(ctx, stream, "-", "+", 1).Result()
	if err != nil {
		return fmt.Errorf("look for a gap in %s: %w", stream, err)
	}
	if len(oldest) == 0 {
		return errGap
	}
	id, err := parseStreamID(oldest[0].ID)
	if err != nil {
		return fmt.Errorf("look for a gap in %s: %w", stream, err)
	}
	if position.less(id) && position != (streamID{}) {
		return errGap
	}
	return nil
}

// checkEnd compares the outbox's end with the position, after some reads without news.
func (r *reader) checkEnd(ctx context.Context) error {
	if r.idle++; r.idle < idleReads {
		return nil
	}
	r.idle = 0
	newest, err := r.opt.Redis.XRevRangeN(ctx, r.keys.Out(), "+", "-", 1).Result()
	if err != nil {
		return err
	}
	end, err := lastID(newest)
	if err != nil {
		return err
	}
	if end.less(r.out) {
		return errRewound
	}
	return nil
}

// sound reports whether err is nil. Other errors are our own entries written by another version: each is counted, the first of a session is logged.
func (r *reader) sound(err error, where string) bool {
	if err == nil {
		return true
	}
	r.opt.Metrics.invalid.Inc()
	if !r.faulty {
		r.faulty = true
		r.opt.Log.Error("live feed leaves out what it cannot decode", "partition", string(r.part), "where", where, "error", err)
	}
	return false
}
