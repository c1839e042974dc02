package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// mergeBytes bounds what is fetched ahead of all partitions together; a partition's share is between the two others.
const (
	mergeBytes = 32 << 20
	shareLeast = 64 << 10
	shareMost  = 1 << 20
)

// merged reads the touchpoints of all partitions of the timeline in the order of their receipt, as far as each partition has that order.
type merged []*cursor

// cursor reads one partition up to an offset.
type cursor struct {
	fetcher stream.Fetcher
	next    int64
	end     int64
	ahead   []*touchpoint.Touchpoint
	read    func(n int)
}

// openMerged begins at the oldest record of each partition; ends are the offsets to end before.
func openMerged(ctx context.Context, client *kafka.Client, topic string, ends []int64, read func(int)) (merged, error) {
	var m merged
	share := max(min(mergeBytes/max(len(ends), 1), shareMost), shareLeast)
	for p, end := range ends {
		first, _, err := stream.Bounds(ctx, client, topic, p)
		if err != nil {
			return nil, err
		}
		f := stream.Fetcher{Client: client, Topic: topic, Partition: p, MaxBytes: int64(share), MaxWait: time.Second}
		m = append(m, &cursor{fetcher: f, next: first, end: end, read: read})
	}
	return m, nil
}

// take returns the touchpoint received first of those that come next, nil at the end of all.
func (m merged) take(ctx context.Context) (*touchpoint.Touchpoint, error) {
	var first *cursor
	for _, c := range m {
		if err := c.fill(ctx); err != nil {
			return nil, err
		}
		if len(c.ahead) > 0 && (first == nil || c.ahead[0].ReceivedAt < first.ahead[0].ReceivedAt) {
			first = c
		}
	}
	if first == nil {
		return nil, nil
	}
	t := first.ahead[0]
	first.ahead[0], first.ahead = nil, first.ahead[1:]
	return t, nil
}

// fill reads on until a touchpoint waits, or the partition ends.
func (c *cursor) fill(ctx context.Context) error {
	for len(c.ahead) == 0 && c.next < c.end {
		b, err := c.fetcher.FetchPatiently(ctx, c.next)
		if err != nil {
			return err
		}
		for i := range b.Records {
			e, err := timeline.Decode(b.Records[i].Value)
			if err != nil {
				return fmt.Errorf("topic %s partition %d offset %d: %w", c.fetcher.Topic, c.fetcher.Partition, b.Records[i].Offset, err)
			}
			if e.Kind == timeline.Touchpoint && e.Touchpoint != nil && e.Source.Topic != "" {
				c.ahead = append(c.ahead, e.Touchpoint)
			}
		}
		c.next = b.Next
		c.read(len(b.Records))
	}
	return nil
}
