package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"

	"touchwatch/alerts/rule"
	"touchwatch/cmd/app"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
)

// probes are chat messages of customers whom nobody has seen before, each of which threatens to leave. A rule beside the shipped ones alerts
// at once, however those change. What counts is the time from the acknowledgement of the message to the alert's arrival at a board.
type probes struct {
	trial *trial
	first int            // number of the first probe
	acked []atomic.Int64 // when each was acknowledged, in nanoseconds of clock; zero: not yet
	heard []atomic.Int64 // how many boards were told of each
	clock time.Time      // where the clock begins
	sent  atomic.Int64
}

// probeRule is added to the shipped rules.
const probeRule = `
  - name: bench_probe
    title: A probe of the benchmark has arrived
    subject: customer
    when: active("churn_threat") and id startsWith "` + probeMark + `"
    severity: critical
    text: "{{ id }} was applied"
`

// probing writes the rules that probes need and returns what makes a configuration use them, beside
// what change changes.
func (r *run) probing(change func(*app.Config)) (func(*app.Config), error) {
	file := filepath.Join(r.dir, "rules.yaml")
	if err := os.WriteFile(file, append(rule.DefaultYAML(), probeRule...), 0o600); err != nil {
		return nil, fmt.Errorf("write rules: %w", err)
	}
	return func(cfg *app.Config) {
		cfg.RulesFile = file
		if change != nil {
			change(cfg)
		}
	}, nil
}

// probeEvery is the pace of probes: ten alerts a second.
const probeEvery = 100 * time.Millisecond

// probeMark begins the id of a probe's customer; eight digits follow.
const probeMark = "cus_probe_"

// probes makes n probes, which are not sent yet.
func (t *trial) probes(n int) *probes {
	p := &probes{trial: t, first: t.run.probed, acked: make([]atomic.Int64, n), heard: make([]atomic.Int64, n), clock: time.Now()}
	t.run.probed += n
	return p
}

// send sends all probes at their pace.
func (p *probes) send(ctx context.Context) error {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	partitions := 0
	for _, raw := range p.trial.cfg.Topics.Raw {
		if raw.Name == simulator.TopicChat {
			partitions = raw.Partitions
		}
	}
	if partitions == 0 {
		return fmt.Errorf("the configuration has no topic %s, which the probes need", simulator.TopicChat)
	}
	for i := range p.acked {
		if err := p.sendOne(ctx, p.trial.kafka, partitions, i); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (p *probes) sendOne(ctx context.Context, client *kafka.Client, partitions, i int) error {
	id := fmt.Sprintf("%s%08d", probeMark, p.first+i)
	value := fmt.Appendf(nil, `{"id":%q,"type":"customer_message","thread":%q,"queue":"Website","customer":{"id":%q},"text":"I want to cancel my contract","language":"en"}`, id, id, id)
	record := stream.Record{
		Time: time.Now(), Key: []byte(id), Value: value, Headers: []stream.Header{{Key: "tw-format", Value: []byte("touchwatch.chat")}},
	}
	if _, err := stream.Produce(ctx, client, simulator.TopicChat, timeline.Partition(id, partitions), []stream.Record{record}); err != nil {
		return fmt.Errorf("send probe: %w", err)
	}
	p.acked[i].Store(int64(time.Since(p.clock)))
	p.sent.Add(1)
	return nil
}

// ear is what one board has heard of probes. It belongs to the goroutine that reads the board's socket.
type ear struct {
	probes *probes
	heard  []uint64 // a bit per probe
	late   *shared
}

// shared is a sketch for several goroutines.
type shared struct {
	mu sync.Mutex
	sketch
}

func (p *probes) ear(late *shared) *ear {
	return &ear{probes: p, heard: make([]uint64, (len(p.acked)+63)/64), late: late}
}

// hear looks for probes' alerts in a message, and notes for each how late it is when it comes for the first time.
func (e *ear) hear(message []byte) {
	now := int64(time.Since(e.probes.clock))
	for rest := message; ; {
		_, after, found := bytes.Cut(rest, []byte(probeMark))
		if rest = after; !found || len(rest) < 8 {
			return
		}
		n, err := strconv.Atoi(string(rest[:8]))
		i := n - e.probes.first
		if err != nil || i < 0 || i >= len(e.probes.acked) || e.heard[i/64]&(1<<(i%64)) != 0 {
			continue
		}
		e.heard[i/64] |= 1 << (i % 64)
		acked := e.probes.acked[i].Load()
		if acked == 0 { // the alert was faster than the acknowledgement
			acked = now
		}
		e.late.mu.Lock()
		e.late.add(time.Duration(now - acked))
		e.late.mu.Unlock()
		e.probes.heard[i].Add(1)
	}
}

// missing is how many of the sent probes some of n boards have not heard of.
func (p *probes) missing(n int) (missing int64) {
	for i := range p.heard {
		if p.acked[i].Load() != 0 {
			missing += int64(n) - p.heard[i].Load()
		}
	}
	return missing
}
