package stream

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	produceapi "github.com/segmentio/kafka-go/protocol/produce"
)

// send makes one attempt for all jobs of a round and returns what the broker says of each partition, nil where it is in the log of all in-sync
// replicas. An error means 'outcome unknown' for all.
func (c *Combiner) send(ctx context.Context, jobs []*job) (map[lane]error, error) {
	ctx, cancel := context.WithTimeout(ctx, produceTimeout)
	defer cancel()
	m, err := roundTrip(ctx, c.client, produceRequest(jobs, c.patience()))
	if err != nil {
		return nil, err
	}
	res, ok := m.(*produceapi.Response)
	if !ok {
		return nil, fmt.Errorf("the answer to a write is a %T", m)
	}
	outcomes := map[lane]error{}
	for _, j := range jobs {
		outcomes[j.lane] = protocol.ErrNoPartition // unless the broker speaks of it
	}
	for i := range res.Topics {
		for _, p := range res.Topics[i].Partitions {
			outcomes[lane{res.Topics[i].Topic, int(p.Partition)}] = refusal(p)
		}
	}
	return outcomes, nil
}

// patience is how long a broker waits for its replicas: less than the client waits for the answer, so that this says which partitions were late. A
// request without an answer has to be sent again for all.
func (c *Combiner) patience() time.Duration {
	wait := produceTimeout
	if c.client.Timeout > 0 {
		wait = min(wait, c.client.Timeout)
	}
	return wait * 3 / 4
}

func refusal(p produceapi.ResponsePartition) error {
	switch {
	case p.ErrorCode == 0:
		return nil
	case p.ErrorMessage != "":
		return fmt.Errorf("%w: %s", kafka.Error(p.ErrorCode), p.ErrorMessage)
	}
	return kafka.Error(p.ErrorCode)
}

// produceRequest is one for all jobs, acknowledged by all in-sync replicas: a batch for each partition, with the records of the jobs in their order.
func produceRequest(jobs []*job, patience time.Duration) *produceapi.Request {
	byLane := map[lane][]Record{}
	for _, j := range jobs {
		if byLane[j.lane] == nil {
			byLane[j.lane] = j.records[:len(j.records):len(j.records)] // appending copies
			continue
		}
		byLane[j.lane] = append(byLane[j.lane], j.records...)
	}
	r := &produceapi.Request{Acks: int16(kafka.RequireAll), Timeout: int32(patience.Milliseconds())}
	for _, j := range jobs {
		records := byLane[j.lane]
		if records == nil {
			continue // with an earlier job
		}
		delete(byLane, j.lane)
		at := slices.IndexFunc(r.Topics, func(t produceapi.RequestTopic) bool { return t.Topic == j.topic })
		if at < 0 {
			at = len(r.Topics)
			r.Topics = append(r.Topics, produceapi.RequestTopic{Topic: j.topic})
		}
		r.Topics[at].Partitions = append(r.Topics[at].Partitions, produceapi.RequestPartition{
			Partition: int32(j.partition), RecordSet: protocol.RecordSet{Records: wireRecords(records)},
		})
	}
	return r
}
