package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
)

// send asks for all of a round.
func (g *Gatherer) send(ctx context.Context, asks []*ask) (*fetchapi.Response, error) {
	m, err := roundTrip(ctx, g.client, request(asks))
	var unrouted *fetchapi.Error
	if errors.As(err, &unrouted) { // a leader has changed: each finds its own
		return nil, errAlone
	}
	if err != nil {
		return nil, err
	}
	res, ok := m.(*fetchapi.Response)
	if !ok {
		return nil, fmt.Errorf("the answer to a fetch is a %T", m)
	}
	if res.ErrorCode != 0 {
		return nil, kafka.Error(res.ErrorCode)
	}
	return res, nil
}

// request is one for all of a round, which the broker answers at once.
func request(asks []*ask) *fetchapi.Request {
	r := &fetchapi.Request{ReplicaID: -1, MaxBytes: roundBytes, SessionID: -1, SessionEpoch: -1}
	for _, a := range asks {
		at := slices.IndexFunc(r.Topics, func(t fetchapi.RequestTopic) bool { return t.Topic == a.topic })
		if at < 0 {
			at = len(r.Topics)
			r.Topics = append(r.Topics, fetchapi.RequestTopic{Topic: a.topic})
		}
		r.Topics[at].Partitions = append(r.Topics[at].Partitions, fetchapi.RequestPartition{
			Partition: int32(a.partition), CurrentLeaderEpoch: -1, FetchOffset: a.offset, LogStartOffset: -1, PartitionMaxBytes: int32(a.maxBytes),
		})
	}
	return r
}

// answerOf finds what the broker says to one of a round.
func answerOf(res *fetchapi.Response, a *ask) (*kafka.FetchResponse, error) {
	for i := range res.Topics {
		t := &res.Topics[i]
		if t.Topic != a.topic {
			continue
		}
		for j := range t.Partitions {
			p := &t.Partitions[j]
			if int(p.Partition) != a.partition {
				continue
			}
			answer := &kafka.FetchResponse{HighWatermark: p.HighWatermark, LogStartOffset: p.LogStartOffset, Records: p.RecordSet.Records}
			if answer.Records == nil {
				answer.Records = kafka.NewRecordReader()
			}
			if p.ErrorCode != 0 {
				answer.Error = kafka.Error(p.ErrorCode)
			}
			return answer, nil
		}
	}
	return nil, protocol.ErrNoPartition
}
