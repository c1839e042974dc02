package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// Pauses between attempts to write.
const (
	firstAgain   = 50 * time.Millisecond
	longestAgain = 2 * time.Second
)

// produceTimeout bounds one attempt. An attempt that ran out of time may be in the log all the same.
const produceTimeout = 15 * time.Second

// Produce writes records as one batch to one partition and waits for all in-sync replicas. It makes one attempt.
// An error means 'outcome unknown': the batch may be in the log, so whoever repeats it must be recognisable as
// a duplicate. It returns the offset of the first record.
func Produce(ctx context.Context, client *kafka.Client, topic string, partition int, records []Record) (int64, error) {
	if len(records) == 0 {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(ctx, produceTimeout)
	defer cancel()
	res, err := client.Produce(ctx, &kafka.ProduceRequest{
		Topic: topic, Partition: partition, RequiredAcks: kafka.RequireAll, Records: wireRecords(records),
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return 0, fmt.Errorf("produce %d records to topic %s partition %d: %w", len(records), topic, partition, err)
	}
	return res.BaseOffset, nil
}

// wireRecords builds the client's records anew, as every attempt needs: they are read up by sending.
func wireRecords(records []Record) protocol.RecordReader {
	out := make([]protocol.Record, len(records))
	for i := range records {
		r := &records[i]
		out[i] = protocol.Record{Time: r.Time, Key: protocol.NewBytes(r.Key), Value: protocol.NewBytes(r.Value)}
		for _, h := range r.Headers {
			out[i].Headers = append(out[i].Headers, protocol.Header{Key: h.Key, Value: h.Value})
		}
	}
	return protocol.NewRecordReader(out...)
}

// ProduceUntil repeats Produce with a pause that grows from 50 ms to 2 s until it succeeds or ctx ends.
// onError hears of every failed attempt.
func ProduceUntil(ctx context.Context, client *kafka.Client, topic string, partition int, records []Record, onError func(error)) (int64, error) {
	pause := firstAgain
	for {
		base, err := Produce(ctx, client, topic, partition, records)
		if err == nil {
			return base, nil
		}
		if ctx.Err() != nil {
			return 0, err
		}
		onError(err)
		if !Sleep(ctx, pause) {
			return 0, err
		}
		pause = min(2*pause, longestAgain)
	}
}

// Sleep waits for d and reports false when ctx ended first.
func Sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
