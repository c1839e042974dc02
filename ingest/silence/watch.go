package silence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"touchwatch/ingest/intake"
	"touchwatch/ingest/touchpoint"
)

// learnedKey is a Redis hash: raw topic → Learned. leaderKey names the process that counts now.
const (
	learnedKey = "tw:silence:{learned}"
	leaderKey  = "tw:silence:{learned}:leader"
)

// Options configure a Watcher.
type Options struct {
	Kafka      *kafka.Client
	Redis      redis.UniversalClient
	Topics     []string       // raw topics
	Partitions map[string]int // of each
	Quiet      []string       // topics that may be silent for as long as they like
	Usual      Usual
	// Stalled is after how long a partition that does not advance is named. Zero means 2 minutes.
	Stalled time.Duration
	Every   time.Duration // between looks; zero means 10 s
	Me      string        // names this process, unlike any other
	// Told hears the warnings after every look, from the goroutine of Run; nil hears nothing. It must not change them.
	Told    func([]string)
	Log     *slog.Logger
	Metrics *Metrics
	Now     func() time.Time // wall clock; nil means time.Now
}

// Metrics are the watcher's numbers.
type Metrics struct {
	silent, missing, last *prometheus.GaugeVec
	stalled               *prometheus.GaugeVec
}

// NewMetrics registers the watcher's metrics; a nil registerer registers none.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "touchwatch_channel_" + name, Help: help}, []string{"topic"})
	}
	m := &Metrics{
		silent:  gauge("silent", "1 while a raw topic that usually has traffic has none. Its collector is broken, or nobody uses the channel: look at the source."),
		missing: gauge("missing_events", "Events that are usual since the topic's last record. Rising: the channel is about to count as silent."),
		last:    gauge("last_record_timestamp_seconds", "When a new record was last seen in the raw topic. Standing still: its source does not send."),
		stalled: gauge("stalled_partitions", "Partitions of the raw topic whose records do not reach the timeline. Above zero: ingest is down, stuck or halted, see readiness and the log."),
	}
	if reg != nil {
		reg.MustRegister(m.silent, m.missing, m.last, m.stalled)
	}
	return m
}

// Watcher looks at the raw topics every few seconds. Warnings is safe for concurrent use; Run once.
type Watcher struct {
	opt     Options
	started touchpoint.Millis
	mu      sync.Mutex
	told    []string // guarded by mu
}

// New returns a watcher; nothing runs before Run.
func New(opt Options) *Watcher {
	if opt.Every == 0 {
		opt.Every = 10 * time.Second
	}
	if opt.Stalled == 0 {
		opt.Stalled = 2 * time.Minute
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Metrics == nil {
		opt.Metrics = NewMetrics(nil)
	}
	return &Watcher{opt: opt, started: touchpoint.MillisOf(opt.Now())}
}

// Warnings says which topics are silent and which partitions stand still; empty when all is as usual.
func (w *Watcher) Warnings() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.told)
}

// Run looks until ctx ends. Servers that do not answer are asked again: others say that they are away.
func (w *Watcher) Run(ctx context.Context) {
	tick := time.NewTicker(w.opt.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := w.Look(ctx); err != nil && ctx.Err() == nil {
			w.opt.Log.Debug("channels were not looked at", "error", err)
		}
	}
}

// Look counts once, if this process is the one that counts, and takes over what is known.
func (w *Watcher) Look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.opt.Every)
	defer cancel()
	now := touchpoint.MillisOf(w.opt.Now())
	known, err := w.read(ctx)
	if err != nil {
		return err
	}
	leads, err := w.leads(ctx)
	if err != nil {
		return err
	}
	if leads {
		if err := w.count(ctx, known, now); err != nil {
			return err
		}
	}
	stalled, err := w.stalled(ctx, now)
	if err != nil {
		return err
	}
	w.tell(known, stalled, now)
	return nil
}

// read returns what was learned of each topic.
func (w *Watcher) read(ctx context.Context) (map[string]*Learned, error) {
	stored, err := w.opt.Redis.HGetAll(ctx, learnedKey).Result()
	if err != nil {
		return nil, fmt.Errorf("read what is usual: %w", err)
	}
	known := map[string]*Learned{}
	for _, topic := range w.opt.Topics {
		l := new(Learned)
		if text, ok := stored[topic]; ok {
			if err := json.Unmarshal([]byte(text), l); err != nil {
				l = new(Learned) // another version's: learned anew
			}
		}
		known[topic] = l
	}
	return known, nil
}

// leads reports whether this process counts. It goes on to do so while it lives; another takes over when it is silent for three looks.
func (w *Watcher) leads(ctx context.Context) (bool, error) {
	patience := 3 * w.opt.Every
	won, err := w.opt.Redis.SetNX(ctx, leaderKey, w.opt.Me, patience).Result()
	if err != nil || won {
		return won, err
	}
	leader, err := w.opt.Redis.Get(ctx, leaderKey).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return false, err
	}
	if leader != w.opt.Me {
		return false, nil
	}
	return true, w.opt.Redis.Expire(ctx, leaderKey, patience).Err()
}

// count looks at the ends of all topics and stores what that teaches.
func (w *Watcher) count(ctx context.Context, known map[string]*Learned, now touchpoint.Millis) error {
	ask := map[string][]kafka.OffsetRequest{}
	for _, topic := range w.opt.Topics {
		for p := range w.opt.Partitions[topic] {
			ask[topic] = append(ask[topic], kafka.LastOffsetOf(p))
		}
	}
	res, err := w.opt.Kafka.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: ask})
	if err != nil {
		return fmt.Errorf("count records: %w", err)
	}
	var fields []any
	for topic, partitions := range res.Topics {
		end, whole := int64(0), len(partitions) == w.opt.Partitions[topic]
		for _, p := range partitions {
			whole = whole && p.Error == nil
			end += p.LastOffset
		}
		l := known[topic]
		if !whole || l == nil { // a partition without a leader says nothing about its source
			continue
		}
		l.Look(end, now, w.opt.Usual)
		body, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("encode what is usual for %s: %w", topic, err)
		}
		fields = append(fields, topic, body)
	}
	if len(fields) == 0 {
		return nil
	}
	return w.opt.Redis.HSet(ctx, learnedKey, fields...).Err()
}

// stalled returns per topic the partitions whose records do not reach the timeline, with since when.
func (w *Watcher) stalled(ctx context.Context, now touchpoint.Millis) (map[string][]string, error) {
	pipe := w.opt.Redis.Pipeline()
	replies := map[string][]*redis.StringCmd{}
	for _, topic := range w.opt.Topics {
		for p := range w.opt.Partitions[topic] {
			replies[topic] = append(replies[topic], pipe.HGet(ctx, intake.LedgerKey(topic, p), "up_to"))
		}
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read ingest progress: %w", err)
	}
	all := map[string][]string{}
	for topic, partitions := range replies {
		for p, reply := range partitions {
			n, _ := strconv.ParseInt(reply.Val(), 10, 64) // absent: never read
			upTo := max(touchpoint.Millis(n), w.started)
			if behind := now.Sub(upTo); behind >= w.opt.Stalled {
				all[topic] = append(all[topic], fmt.Sprintf("partition stalled: records of %s/%d have not reached the timeline for %s", topic, p, behind.Round(time.Second)))
			}
		}
	}
	return all, nil
}

// tell shows what was found and logs what changed since the last look.
func (w *Watcher) tell(known map[string]*Learned, stalled map[string][]string, now touchpoint.Millis) {
	var told []string
	for _, topic := range w.opt.Topics {
		l, m := known[topic], w.opt.Metrics
		silent := l.Silent && !slices.Contains(w.opt.Quiet, topic)
		m.silent.WithLabelValues(topic).Set(zeroOrOne(silent))
		m.missing.WithLabelValues(topic).Set(l.Missing)
		m.last.WithLabelValues(topic).Set(float64(l.Last) / 1000)
		m.stalled.WithLabelValues(topic).Set(float64(len(stalled[topic])))
		if silent {
			told = append(told, l.Warning(topic))
		}
		told = append(told, stalled[topic]...)
	}
	w.mu.Lock()
	before := w.told
	w.told = told
	w.mu.Unlock()
	if w.opt.Told != nil {
		w.opt.Told(told)
	}
	switch {
	case len(told) > len(before):
		w.opt.Log.Warn("raw topics need a look", "found", told)
	case len(told) == 0 && len(before) > 0:
		w.opt.Log.Info("raw topics are as usual again", "at", now)
	}
}

func zeroOrOne(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
