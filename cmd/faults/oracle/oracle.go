// Package oracle compares what the product holds at the end of a run with what must be true: with the world that sent the touchpoints,
// and with the pure fold over the timeline as it is read back. It owns the comparisons; sending, waiting and breaking things is left to
// its callers. It reads only, makes no goroutine, and an Oracle belongs to one goroutine.
package oracle

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"touchwatch/dashboards/api"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
	"touchwatch/processors/place"
)

// History answers questions about the minutes that the archive counted.
type History interface {
	Minutes(ctx context.Context, from, to touchpoint.Millis, channel touchpoint.Channel) ([]api.MinuteRow, error)
}

// Oracle reads servers directly, not through what breaks them. All fields but History and House are needed.
type Oracle struct {
	Kafka   *kafka.Client
	Redis   redis.UniversalClient
	History History     // nil: minutes are not compared
	House   driver.Conn // nil: the archive's tables are not compared
	// Live says that timers, histories and the list of customers at risk in Redis are compared as well: nobody has taken timers away.
	Live bool

	// Timeline and Signals are the topics with their partition counts.
	Timeline, Signals                   string
	TimelinePartitions, PlacePartitions int
	// Alerts is the topic of alerts, with as many partitions as Signals; "" compares it with nothing.
	Alerts string
	// Customers and Places build the folds; Settings is the content of the config entry the program activates.
	Customers keyed.Build[customer.State]
	Places    keyed.Build[place.State]
	Settings  []byte
}

// read reads a partition of a keyed topic back, from its first record to its last.
func (o *Oracle) read(ctx context.Context, topic string, partition int, each func(e *timeline.Entry, offset int64) error) error {
	f := stream.Fetcher{Client: o.Kafka, Topic: topic, Partition: partition, MaxBytes: 4 << 20, MaxWait: 50 * time.Millisecond}
	for next := int64(0); ; {
		b, err := f.Fetch(ctx, next)
		if err != nil {
			return fmt.Errorf("read back %s partition %d: %w", topic, partition, err)
		}
		for _, rec := range b.Records {
			entry, err := timeline.Decode(rec.Value)
			if err != nil {
				return fmt.Errorf("entry %d of %s partition %d: %w", rec.Offset, topic, partition, err)
			}
			if err := each(entry, rec.Offset); err != nil {
				return fmt.Errorf("entry %d of %s partition %d: %w", rec.Offset, topic, partition, err)
			}
		}
		if next = b.Next; next >= b.HighWatermark {
			return nil
		}
	}
}

// readAll reads every partition of a keyed topic back.
func (o *Oracle) readAll(ctx context.Context, topic string, partitions int, each func(e *timeline.Entry) error) error {
	for p := range partitions {
		if err := o.read(ctx, topic, p, func(e *timeline.Entry, _ int64) error { return each(e) }); err != nil {
			return err
		}
	}
	return nil
}

// storedIn reads all states of a stage from Redis.
func storedIn[S any](ctx context.Context, o *Oracle, prefix string, partitions int, decode func([]byte) (*S, error)) (map[string]*S, error) {
	all := map[string]*S{}
	for p := range partitions {
		keys := keyed.NewKeys(prefix, p)
		pipe := o.Redis.Pipeline()
		replies := make([]*redis.MapStringStringCmd, keyed.Buckets)
		for b := range replies {
			replies[b] = pipe.HGetAll(ctx, keys.Bucket(b))
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return nil, fmt.Errorf("read states of partition %d: %w", p, err)
		}
		for _, reply := range replies {
			for id, body := range reply.Val() {
				s, err := decode([]byte(body))
				if err != nil {
					return nil, fmt.Errorf("state of %s: %w", id, err)
				}
				all[id] = s
			}
		}
	}
	return all, nil
}

// stored reads all customers' states from Redis.
func (o *Oracle) stored(ctx context.Context) (map[string]*customer.State, error) {
	return storedIn(ctx, o, keyed.CustomerPrefix, o.TimelinePartitions, customer.Decode)
}

// Replay folds a keyed topic in memory, partition by partition: the states at the end, every alert change, and by source every signal.
func Replay[S any](ctx context.Context, o *Oracle, topic string, partitions int, build keyed.Build[S]) (states map[string]*S, alerts []Alert, signals map[touchpoint.Source]string, err error) {
	states, signals = map[string]*S{}, map[touchpoint.Source]string{}
	for p := range partitions {
		r, err := keyed.NewReplay(build)
		if err != nil {
			return nil, nil, nil, err
		}
		if err := o.read(ctx, topic, p, r.Apply); err != nil {
			return nil, nil, nil, err
		}
		maps.Copy(states, r.States())
		for _, c := range r.Alerts {
			a, err := parseAlert(c.Body)
			if err != nil {
				return nil, nil, nil, err
			}
			alerts = append(alerts, a)
		}
		for _, s := range r.Signals {
			signals[touchpoint.Source{Topic: topic, Partition: int32(p), Offset: s.Offset, Index: int32(s.Index)}] = s.Key
		}
	}
	return states, alerts, signals, nil
}
