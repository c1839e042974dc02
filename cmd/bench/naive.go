package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"touchwatch/ingest/simulator"
)

// A target of the issue that this package was made for: so many times as fast as one event at a time with inserts of naiveRows.
const (
	timesNaive = 10
	naiveRows  = 100
)

// naive is what is written first: a group reader, encoding/json, one GET and one SET for each event, rows inserted a few at a time.
// It loses and repeats events when it crashes, and knows a customer only by the record's key.
type naive struct {
	trial  *trial
	reader *kafka.Reader
	redis  redis.UniversalClient
	rows   int // inserted at once; 0: none
	last   []naiveRow
}

type naiveRow struct {
	id, channel, kind, customer, text string
	at                                time.Time
}

// naiveState is a customer as it is kept: counts, and what happened last.
type naiveState struct {
	Total  int              `json:"total"`
	Kinds  map[string]int   `json:"kinds"`
	Latest []map[string]any `json:"latest"`
}

// naiveKeeps is how many of a customer's events its state holds.
const naiveKeeps = 5

// naiveStep is one loop: how many rows it inserts at once.
type naiveStep struct {
	name string
	rows int
}

// naive measures loops that do one event at a time, on a backlog of their own.
func (r *run) naive() error {
	t, err := r.trial(PartNaive, nil)
	if err != nil {
		return err
	}
	defer t.close()
	world := t.world(r.opt.Customers, r.opt.Records)
	// A loop takes some thousand events a second, which bounds what is of use.
	if err := t.fill(world, min(r.opt.Records, int64(r.opt.NaiveFor.Seconds()*20_000)+1000)); err != nil {
		return err
	}
	cases := []naiveStep{{"no archive", 0}}
	if t.past != nil {
		if err := t.past.Exec(r.ctx, "CREATE TABLE IF NOT EXISTS bench_naive (id String, channel String, kind String, customer String, text String, at DateTime64(3)) ENGINE = MergeTree ORDER BY (at, id)"); err != nil {
			return fmt.Errorf("create table: %w", err)
		}
		cases = append(cases, naiveStep{"inserts of 1 row", 1}, naiveStep{fmt.Sprintf("inserts of %d rows", naiveRows), naiveRows})
	}
	for _, c := range cases {
		if err := r.naiveCase(t, c.name, c.rows); err != nil {
			return err
		}
	}
	return nil
}

// naiveCase measures one loop for a while, from its first event on.
func (r *run) naiveCase(t *trial, name string, rows int) error {
	client, err := t.cfg.Redis.Client()
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	n := &naive{trial: t, redis: client, rows: rows}
	var topics []string
	for _, raw := range t.cfg.Topics.Raw {
		if raw.Name != simulator.TopicProfiles {
			topics = append(topics, raw.Name)
		}
	}
	dialer, err := t.cfg.Kafka.Dialer()
	if err != nil {
		return err
	}
	n.reader = kafka.NewReader(kafka.ReaderConfig{
		Brokers: t.cfg.Kafka.Brokers, Dialer: dialer, GroupID: fmt.Sprintf("%s.%d", naiveGroup, rows), GroupTopics: topics, StartOffset: kafka.FirstOffset,
		CommitInterval: time.Second, MaxBytes: 1 << 20, MaxWait: 250 * time.Millisecond, JoinGroupBackoff: time.Second,
	})
	defer func() { _ = n.reader.Close() }()
	if err := n.one(r.ctx); err != nil { // joining the group takes seconds
		return err
	}
	m := t.meter()
	done := int64(0)
	stop := r.tell.during("one at a time, "+name, func() (int64, int64) { return done, 0 })
	ctx, cancel := context.WithTimeout(r.ctx, r.opt.NaiveFor)
	defer cancel()
	for err == nil && m.took() < r.opt.NaiveFor {
		if err = n.one(ctx); err == nil {
			done++
		}
	}
	stop()
	took := m.took()
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	events := float64(done) * float64(t.events) / float64(t.records)
	row := Row{Part: PartNaive, Case: name}
	rate := events / took.Seconds()
	row.add("one at a time", rate, "events/s")
	r.compareNaive(&row, rate, rows)
	m.costs(&row, int64(events))
	r.row(row)
	r.tell.say("one at a time, %s: %s events/s", name, figure(rate))
	return nil
}

// compareNaive adds how many times as fast the program is, where that was measured in the same run.
func (r *run) compareNaive(row *Row, rate float64, rows int) {
	mine, with := 0.0, caseArchive
	if rows == 0 {
		with = caseAlone
	}
	for _, other := range r.report.Rows {
		if other.Part == PartThroughput && other.Case == with {
			mine, _ = other.Value("throughput")
		}
	}
	switch {
	case mine == 0: // the throughput was not asked for
	case rows == naiveRows:
		row.atLeast("ours/naive", mine/rate, "", timesNaive)
	default:
		row.add("ours/naive", mine/rate, "")
	}
}

// one does one event.
func (n *naive) one(ctx context.Context) error {
	m, err := n.reader.ReadMessage(ctx)
	if err != nil {
		return err
	}
	var event map[string]any
	if err := json.Unmarshal(m.Value, &event); err != nil {
		event = map[string]any{"raw": string(m.Value)}
	}
	key := "bench:naive:" + string(m.Key)
	var s naiveState
	held, err := n.redis.Get(ctx, key).Bytes()
	if err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	if len(held) > 0 {
		if err := json.Unmarshal(held, &s); err != nil {
			return err
		}
	}
	kind, _ := event["type"].(string)
	s.take(kind, event)
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := n.redis.Set(ctx, key, body, 0).Err(); err != nil {
		return err
	}
	return n.insert(ctx, naiveRow{id: fmt.Sprintf("%s/%d/%d", m.Topic, m.Partition, m.Offset), channel: m.Topic, kind: kind, customer: string(m.Key), at: m.Time})
}

// take adds an event to a state.
func (s *naiveState) take(kind string, event map[string]any) {
	if s.Kinds == nil {
		s.Kinds = map[string]int{}
	}
	s.Total++
	s.Kinds[kind]++
	s.Latest = append(s.Latest, event)
	s.Latest = s.Latest[max(len(s.Latest)-naiveKeeps, 0):]
}

// insert keeps a row until there are enough.
func (n *naive) insert(ctx context.Context, row naiveRow) error {
	if n.rows == 0 {
		return nil
	}
	if n.last = append(n.last, row); len(n.last) < n.rows {
		return nil
	}
	batch, err := n.trial.past.PrepareBatch(ctx, "INSERT INTO bench_naive (id, channel, kind, customer, text, at)")
	if err != nil {
		return err
	}
	defer func() { _ = batch.Close() }()
	for _, r := range n.last {
		if err := batch.Append(r.id, r.channel, r.kind, r.customer, r.text, r.at); err != nil {
			return err
		}
	}
	n.last = n.last[:0]
	return batch.Send()
}
