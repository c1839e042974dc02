// Package stream owns what every stage needs of Kafka: fetching whole batches from one partition, producing one batch to one
// partition with a known outcome, and taking part in a consumer group. It knows nothing of touchpoints.
//
// It builds on kafka-go's Client and ConsumerGroup and avoids its group-mode Reader and its batching Writer: the
// first can move committed offsets backwards after a rebalance, the second can split one call into two batches.
// All functions are safe for concurrent use; a Fetcher belongs to one goroutine.
package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// Header is one record header.
type Header struct {
	Key   string
	Value []byte
}

// Record is one Kafka record. Key and Value belong to the record and may be kept; they stand beside those of other records, so
// that whoever keeps a few for long copies them.
type Record struct {
	Offset  int64
	Time    time.Time
	Key     []byte
	Value   []byte
	Headers []Header
}

// Header returns the value of the first header of that name, or "".
func (r *Record) Header(name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}

// Batch is the outcome of one fetch.
type Batch struct {
	Records       []Record
	Next          int64 // offset to ask for next; beyond control batches, which yield no record
	HighWatermark int64 // end of the partition when the broker answered
	LogStart      int64 // oldest offset the broker still has
}

// OffsetError says that the asked offset does not exist: records were deleted by retention, or the topic was created
// anew. Reading on anywhere else would lose or repeat records silently, so the caller has to decide.
type OffsetError struct {
	Topic          string
	Partition      int
	Asked          int64
	LogStart, High int64
}

// Error implements error.
func (e *OffsetError) Error() string {
	why := "records were deleted by retention before they were read"
	if e.Asked > e.High {
		why = "the topic was created anew or truncated"
	}
	return fmt.Sprintf("topic %s partition %d: offset %d is not in the log (%d to %d): %s", e.Topic, e.Partition, e.Asked, e.LogStart, e.High, why)
}

// Fetcher reads one partition.
type Fetcher struct {
	Client    *kafka.Client
	Topic     string
	Partition int
	MinBytes  int64         // the broker holds the answer until there is as much, or MaxWait is over; zero means 1
	MaxBytes  int64         // per fetch; a larger single batch is still returned whole
	MaxWait   time.Duration // how long the broker may hold the answer
	// Gather is how long the broker holds the answer under steady traffic, more than a record in that time: a batch of some costs all servers
	// behind hardly more than a batch of one. Zero never gathers.
	Gather time.Duration
	// With, if not nil, has the partition gather together with others instead, as long as each answer is all that there is.
	With *Gatherer

	more     bool      // the last answer was not all that there was
	last     int       // records of the last answer, about as many as the next one has
	answered time.Time // when it came
	rate     float64   // records a second, over about half a second
}

// gatherBytes is enough to answer at once; rateOver is what the rate of records is taken over.
const (
	gatherBytes = 64 << 10
	rateOver    = 500 * time.Millisecond
)

// patience is how much the broker may wait for, and how long.
func (f *Fetcher) patience() (bytes int64, wait time.Duration) {
	if f.steady() {
		return gatherBytes, f.Gather
	}
	return max(f.MinBytes, 1), f.MaxWait
}

// steady says that more than a record comes while a broker gathers.
func (f *Fetcher) steady() bool {
	return f.Gather > 0 && f.MinBytes <= 1 && f.rate*f.Gather.Seconds() > 1
}

// note takes an answer into the rate.
func (f *Fetcher) note(now time.Time, records int) {
	if passed := now.Sub(f.answered); !f.answered.IsZero() && passed > 0 {
		share := -math.Expm1(-passed.Seconds() / rateOver.Seconds())
		f.rate += share * (float64(records)/passed.Seconds() - f.rate)
	}
	f.answered, f.last = now, records
}

// Fetch returns the records from offset on. An empty Batch without an error means that there was nothing new within MaxWait.
// It returns *OffsetError when offset is outside the log. Any other error is a broker or network fault: try again.
func (f *Fetcher) Fetch(ctx context.Context, offset int64) (Batch, error) {
	ctx, cancel := context.WithTimeout(ctx, f.MaxWait+10*time.Second)
	defer cancel()
	res, err := f.ask(ctx, offset)
	if err != nil {
		return Batch{}, fmt.Errorf("fetch topic %s partition %d offset %d: %w", f.Topic, f.Partition, offset, err)
	}
	if errors.Is(res.Error, kafka.OffsetOutOfRange) {
		return Batch{}, f.offsetError(ctx, offset)
	}
	if res.Error != nil {
		return Batch{}, fmt.Errorf("fetch topic %s partition %d offset %d: %w", f.Topic, f.Partition, offset, res.Error)
	}
	batch := Batch{Next: offset, HighWatermark: res.HighWatermark, LogStart: res.LogStartOffset}
	if res.HighWatermark > offset {
		batch.Records = make([]Record, 0, f.last+f.last/8)
	}
	if err := batch.read(res.Records, offset); err != nil {
		return Batch{}, fmt.Errorf("read topic %s partition %d offset %d: %w", f.Topic, f.Partition, offset, err)
	}
	f.more = batch.Next < batch.HighWatermark
	f.note(time.Now(), len(batch.Records))
	return batch, nil
}

// ask asks the broker, together with others or alone.
func (f *Fetcher) ask(ctx context.Context, offset int64) (*kafka.FetchResponse, error) {
	if f.With != nil && f.steady() && !f.more && offset >= 0 {
		res, err := f.With.fetch(ctx, f.Gather, lane{f.Topic, f.Partition}, offset, f.MaxBytes)
		if !errors.Is(err, errAlone) {
			return res, err
		}
	}
	least, wait := f.patience()
	return f.Client.Fetch(ctx, &kafka.FetchRequest{
		Topic: f.Topic, Partition: f.Partition, Offset: offset, MinBytes: least, MaxBytes: f.MaxBytes, MaxWait: wait,
	})
}

// offsetError asks the broker for the log's bounds to explain why offset is not in it.
func (f *Fetcher) offsetError(ctx context.Context, offset int64) error {
	first, last, err := Bounds(ctx, f.Client, f.Topic, f.Partition)
	if err != nil {
		return err
	}
	return &OffsetError{Topic: f.Topic, Partition: f.Partition, Asked: offset, LogStart: first, High: last}
}

// Bounds returns the first offset of a partition and the one after its last.
func Bounds(ctx context.Context, client *kafka.Client, topic string, partition int) (first, last int64, err error) {
	res, err := client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
		topic: {kafka.FirstOffsetOf(partition), kafka.LastOffsetOf(partition)},
	}})
	if err != nil {
		return 0, 0, fmt.Errorf("list offsets topic %s partition %d: %w", topic, partition, err)
	}
	for _, p := range res.Topics[topic] {
		if p.Partition != partition {
			continue
		}
		if p.Error != nil {
			return 0, 0, fmt.Errorf("list offsets topic %s partition %d: %w", topic, partition, p.Error)
		}
		return p.FirstOffset, p.LastOffset, nil
	}
	return 0, 0, fmt.Errorf("list offsets topic %s partition %d: the broker did not answer for it", topic, partition)
}

// read appends the records at or beyond offset and moves Next behind everything seen.
func (b *Batch) read(reader protocol.RecordReader, offset int64) error {
	parts := []protocol.RecordReader{reader}
	if s, ok := reader.(*protocol.RecordStream); ok {
		parts = s.Records
	}
	var mem arena
	for _, part := range parts {
		_, control := part.(*protocol.ControlBatch)
		for {
			r, err := part.ReadRecord()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			record, err := copyRecord(r, &mem)
			if err != nil {
				return err
			}
			b.Next = max(b.Next, r.Offset+1)
			if !control && r.Offset >= offset {
				b.Records = append(b.Records, record)
			}
		}
	}
	return nil
}

// copyRecord takes key and value out of the client's page buffers and releases them.
func copyRecord(r *protocol.Record, mem *arena) (Record, error) {
	key, err := mem.read(r.Key)
	if err != nil {
		return Record{}, err
	}
	value, err := mem.read(r.Value)
	if err != nil {
		return Record{}, err
	}
	out := Record{Offset: r.Offset, Time: r.Time, Key: key, Value: value}
	for _, h := range r.Headers {
		out.Headers = append(out.Headers, Header{Key: h.Key, Value: h.Value})
	}
	return out, nil
}

// arena gives the keys and values of a batch memory in large pieces.
type arena struct{ free []byte }

// arenaBytes is the size of a piece; what is larger than a quarter of it gets memory of its own.
const arenaBytes = 64 << 10

func (m *arena) take(n int) []byte {
	if n > arenaBytes/4 {
		return make([]byte, n)
	}
	if n > len(m.free) {
		m.free = make([]byte, arenaBytes)
	}
	b := m.free[:n:n]
	m.free = m.free[n:]
	return b
}

func (m *arena) read(b protocol.Bytes) ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	defer b.Close()
	if b.Len() == 0 {
		return []byte{}, nil
	}
	out := m.take(b.Len())
	_, err := io.ReadFull(b, out)
	return out, err
}
