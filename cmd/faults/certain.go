package faults

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/produce"

	"touchwatch/ingest/stream"
)

// certain is a way to the broker for the sender of a world, the only writer of its topics: when a write fails, it looks whether the batch is in
// the log all the same. A sender that writes a batch again which is there would add repeats to the world that the world knows nothing of: a
// visitor's page views from before a login, sent again after it, belong to the customer who logged in.
//
// It is safe for concurrent use; each partition has one write at a time.
type certain struct {
	kafka.RoundTripper
	run  context.Context // of the run: a broker that is away is waited for until it ends
	look *kafka.Client

	mu   sync.Mutex
	ends map[lane]int64 // of each partition, as this sender knows it
}

type lane struct {
	topic     string
	partition int
}

// certainly returns a client like this one whose writes happen once.
func certainly(ctx context.Context, client *kafka.Client) *kafka.Client {
	c := &certain{RoundTripper: client.Transport, run: ctx, look: client, ends: map[lane]int64{}}
	return &kafka.Client{Addr: client.Addr, Timeout: client.Timeout, Transport: c}
}

// counted counts the records of a batch while they are sent.
type counted struct {
	protocol.RecordReader
	n int64
}

// ReadRecord implements protocol.RecordReader.
func (c *counted) ReadRecord() (*protocol.Record, error) {
	r, err := c.RecordReader.ReadRecord()
	if err == nil {
		c.n++
	}
	return r, err
}

// RoundTrip implements kafka.RoundTripper.
func (c *certain) RoundTrip(ctx context.Context, addr net.Addr, request kafka.Request) (kafka.Response, error) {
	wanted, ok := request.(*produce.Request)
	if !ok || len(wanted.Topics) != 1 || len(wanted.Topics[0].Partitions) != 1 {
		return c.RoundTripper.RoundTrip(ctx, addr, request)
	}
	batch := &wanted.Topics[0].Partitions[0]
	to := lane{wanted.Topics[0].Topic, int(batch.Partition)}
	before, err := c.end(ctx, to)
	if err != nil {
		return nil, err
	}
	records := &counted{RecordReader: batch.RecordSet.Records}
	batch.RecordSet.Records = records
	response, err := c.RoundTripper.RoundTrip(ctx, addr, request)
	if answer, ok := response.(*produce.Response); err == nil && ok && answer.Topics[0].Partitions[0].ErrorCode == 0 {
		c.ended(to, answer.Topics[0].Partitions[0].BaseOffset+records.n)
		return response, nil
	}
	// The write may be on its way still: what is not there when the broker answers again, and a moment later, will not come.
	for stream.Sleep(c.run, 500*time.Millisecond) {
		end, failed := c.ask(c.run, to)
		switch {
		case failed != nil:
			continue
		case end > before:
			c.ended(to, end)
			return &produce.Response{Topics: []produce.ResponseTopic{{Topic: to.topic, Partitions: []produce.ResponsePartition{{Partition: batch.Partition, BaseOffset: before}}}}}, nil
		}
		return response, err
	}
	return nil, c.run.Err()
}

// end is the end of a partition before a write.
func (c *certain) end(ctx context.Context, of lane) (int64, error) {
	c.mu.Lock()
	known, ok := c.ends[of]
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	end, err := c.ask(ctx, of)
	if err == nil {
		c.ended(of, end)
	}
	return end, err
}

func (c *certain) ask(ctx context.Context, of lane) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, end, err := stream.Bounds(ctx, c.look, of.topic, of.partition)
	return end, err
}

func (c *certain) ended(of lane, end int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ends[of] = end
}
