package faults

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"touchwatch/cmd/app"
	"touchwatch/ingest/decode"
	"touchwatch/ingest/intake"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// codecs are all ways in which a batch may be compressed; zero is none.
var codecs = []kafka.Compression{0, kafka.Gzip, kafka.Snappy, kafka.Lz4, kafka.Zstd}

// poison are records that nobody can decode, each in a way of its own. Key and topic are those of honest ones.
var poison = []stream.Record{
	{Value: []byte("hello, is this thing on?")},
	{Value: []byte(`{"events": [{"id": "cut-off", "type": "page_vi`)},
	{Value: []byte("{\"id\": \"\xff\xfe\"}")},
	{Value: []byte(strings.Repeat("[", 100_000))},
	{Value: []byte(`"a text, and no object"`)},
	{Value: []byte(`{}`), Headers: []stream.Header{{Key: decode.HeaderFormat, Value: []byte("no-such-format")}}},
	{Value: bytes.Repeat([]byte("x"), touchpoint.MaxRecordBytes+1)},
}

// produce writes one compressed batch.
func (r *Run) produce(topic string, partition int, codec kafka.Compression, records []stream.Record) error {
	wire := make([]protocol.Record, len(records))
	for i, rec := range records {
		wire[i] = protocol.Record{Time: time.Now(), Key: protocol.NewBytes(rec.Key), Value: protocol.NewBytes(rec.Value)}
		for _, h := range rec.Headers {
			wire[i].Headers = append(wire[i].Headers, protocol.Header{Key: h.Key, Value: h.Value})
		}
	}
	ctx, cancel := context.WithTimeout(r.ctx, 20*time.Second)
	defer cancel()
	res, err := r.direct.Produce(ctx, &kafka.ProduceRequest{
		Topic: topic, Partition: partition, RequiredAcks: kafka.RequireAll, Compression: codec, Records: protocol.NewRecordReader(wire...),
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return fmt.Errorf("produce to %s with codec %d: %w", topic, codec, err)
	}
	return nil
}

// squeeze sends a world's first n records compressed, with each codec in turn; none for n = 0.
func (r *Run) squeeze(world *simulator.World, n int64) error {
	if n == 0 {
		return nil
	}
	type place struct {
		topic     string
		partition int
	}
	partitions := map[string]int{}
	for _, t := range r.cfg.Topics.Raw {
		partitions[t.Name] = t.Partitions
	}
	turn := 0
	for sent := int64(0); sent < n; {
		batches, order := map[place][]stream.Record{}, []place{}
		for range min(50, n-sent) {
			rec := world.Next()
			p := place{rec.Topic, timeline.Partition(string(rec.Key), partitions[rec.Topic])}
			if batches[p] == nil {
				order = append(order, p)
			}
			raw := stream.Record{Key: rec.Key, Value: rec.Value}
			for _, h := range rec.Headers {
				raw.Headers = append(raw.Headers, stream.Header(h))
			}
			batches[p] = append(batches[p], raw)
			sent++
		}
		for _, p := range order {
			if err := r.produce(p.topic, p.partition, codecs[turn%len(codecs)], batches[p]); err != nil {
				return err
			}
			turn++
		}
	}
	return r.prove(int64(turn), "batches in five codecs, none among them")
}

// poisoned sends what nobody can decode, in every codec and among honest records, and looks for all of it in the dead topic.
func poisoned(r *Run) error {
	if _, _, err := r.apart(); err != nil {
		return err
	}
	r.prelude = 1000
	l, err := r.loaded(6000, 15*time.Second)
	if err != nil {
		return err
	}
	want := map[string]int{}
	for i, codec := range codecs {
		for j, rec := range poison {
			raw := r.cfg.Topics.Raw[(i+j)%len(r.cfg.Topics.Raw)]
			rec.Key = []byte("poison")
			if err := r.produce(raw.Name, j%raw.Partitions, codec, []stream.Record{rec}); err != nil {
				return err
			}
			want[dead(rec.Value)]++
		}
	}
	sent := int64(len(codecs) * len(poison))
	if err := l.wait(); err != nil {
		return err
	}
	if err := until(r.ctx, settleWithin, func() error { return r.compareDead(want) }); err != nil {
		return err
	}
	return r.prove(sent, "poison records, each in the dead topic once with its reason")
}

// dead is what the dead topic keeps of a value, at least.
func dead(value []byte) string { return string(value[:min(len(value), 1000)]) }

// compareDead checks that the dead topic holds exactly these values.
func (r *Run) compareDead(want map[string]int) error {
	f := stream.Fetcher{Client: r.direct, Topic: app.TopicDead, MaxBytes: 8 << 20, MaxWait: 50 * time.Millisecond}
	got, total, wanted := map[string]int{}, 0, 0
	for next := int64(0); ; {
		b, err := f.Fetch(r.ctx, next)
		if err != nil {
			return err
		}
		for _, rec := range b.Records {
			got[dead(rec.Value)]++
			total++
			if reason := header(&rec, intake.HeaderReason); reason == "" || header(&rec, intake.HeaderSource) == "" {
				return fmt.Errorf("dead letter %d names no reason or no source", rec.Offset)
			}
		}
		if next = b.Next; next >= b.HighWatermark {
			break
		}
	}
	for value, n := range want {
		wanted += n
		if got[value] != n {
			return fmt.Errorf("the dead topic has %.60q %d times, want %d", value, got[value], n)
		}
	}
	if total != wanted {
		return fmt.Errorf("the dead topic has %d letters, want %d", total, wanted)
	}
	return nil
}

func header(r *stream.Record, name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}
