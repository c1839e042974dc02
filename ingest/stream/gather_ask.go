package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
)

// leadersFor is how long it is taken for known who leads a partition; what is asked is what the client knows anyway.
const leadersFor = time.Second

// leaders is who leads the partitions of a topic.
type leaders struct {
	of map[int]int // partition → id of the broker
	at time.Time
}

// send asks for all of a round.
func (g *Gatherer) send(ctx context.Context, asks []*ask) (*fetchapi.Response, error) {
	if g.client.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.client.Timeout)
		defer cancel()
	}
	transport := g.client.Transport
	if transport == nil {
		transport = kafka.DefaultTransport
	}
	m, err := transport.RoundTrip(ctx, g.client.Addr, request(asks))
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

// leader returns the broker that leads a partition, if that is known.
func (g *Gatherer) leader(ctx context.Context, l lane) (int, bool) {
	g.mu.Lock()
	known := g.leaders[l.topic]
	g.mu.Unlock()
	if time.Since(known.at) > leadersFor {
		m, err := g.client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{l.topic}})
		if err != nil || len(m.Topics) != 1 || m.Topics[0].Error != nil {
			return 0, false
		}
		known = leaders{of: map[int]int{}, at: time.Now()}
		for _, p := range m.Topics[0].Partitions {
			if p.Error == nil && p.Leader.Host != "" {
				known.of[p.ID] = p.Leader.ID
			}
		}
		g.mu.Lock()
		g.leaders[l.topic] = known
		g.mu.Unlock()
	}
	id, ok := known.of[l.partition]
	return id, ok
}

// forget has the leaders of a topic asked for anew.
func (g *Gatherer) forget(topic string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.leaders, topic)
}
