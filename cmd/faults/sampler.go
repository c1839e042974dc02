package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"touchwatch/cmd/app"
	"touchwatch/ingest/intake"
	"touchwatch/processors/keyed"
)

// sampler watches offsets while a scenario runs: what a group committed never goes back and never runs ahead of what was applied, and
// what was applied never goes back. A server that does not answer makes no sample.
type sampler struct {
	kafka  *kafka.Client
	redis  redis.UniversalClient
	topics *app.Topics
	stop   context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	samples int
	highest map[string]int64
	wrong   []string
	rewinds int
	// mayRewind is set while Redis may have lost its tail: then offsets go back, and must heal.
	mayRewind bool
}

const sampleEvery = 200 * time.Millisecond

// groups are the consumer groups with what they read.
func (s *sampler) groups() map[string]map[string]int {
	raw := map[string]int{}
	for _, t := range s.topics.Raw {
		raw[t.Name] = t.Partitions
	}
	n, places := s.topics.TimelinePartitions, s.topics.PlacePartitions
	return map[string]map[string]int{
		intake.Group:           raw,
		"touchwatch.customers": {app.TopicTimeline: n},
		"touchwatch.places":    {app.TopicSignals: places},
		"touchwatch.archive":   {app.TopicTimeline: n, app.TopicSignals: places, app.TopicAlerts: places},
	}
}

func (s *sampler) start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop, s.done, s.highest = cancel, make(chan struct{}), map[string]int64{}
	go func() {
		defer close(s.done)
		for ctx.Err() == nil {
			for group, topics := range s.groups() {
				s.sample(ctx, group, topics)
			}
			select {
			case <-ctx.Done():
			case <-time.After(sampleEvery):
			}
		}
	}()
}

// close ends the sampling and returns what was wrong.
func (s *sampler) close() (samples, rewinds int, err error) {
	s.stop()
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wrong) > 0 {
		return s.samples, s.rewinds, fmt.Errorf("offsets: %s (and %d more)", s.wrong[0], len(s.wrong)-1)
	}
	return s.samples, s.rewinds, nil
}

// allowRewind tells the sampler that offsets may go back from now on.
func (s *sampler) allowRewind() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mayRewind = true
}

// sample reads what a group committed, and then what was applied: in this order applied is never the smaller one.
func (s *sampler) sample(ctx context.Context, group string, topics map[string]int) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request := &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{}}
	for topic, n := range topics {
		for p := range n {
			request.Topics[topic] = append(request.Topics[topic], p)
		}
	}
	res, err := s.kafka.OffsetFetch(ctx, request)
	if err != nil || res.Error != nil {
		return
	}
	for topic, partitions := range res.Topics {
		for _, p := range partitions {
			if p.Error != nil || p.CommittedOffset < 0 {
				continue
			}
			name := group + " " + topic + " " + strconv.Itoa(p.Partition)
			s.rises(name+" committed", p.CommittedOffset)
			if applied, ok := s.applied(ctx, group, topic, p.Partition); ok {
				s.rises(name+" applied", applied)
				s.behind(name, p.CommittedOffset, applied)
			}
		}
	}
}

// applied is the offset that a stage itself keeps; false when it keeps none or it cannot be read now.
func (s *sampler) applied(ctx context.Context, group, topic string, partition int) (int64, bool) {
	switch group {
	case "touchwatch.customers", "touchwatch.places":
		prefix := keyed.CustomerPrefix
		if topic == app.TopicSignals {
			prefix = keyed.PlacePrefix
		}
		n, err := s.redis.HGet(ctx, keyed.NewKeys(prefix, partition).Offset(), "next").Int64()
		return n, err == nil
	case intake.Group:
		fields, err := s.redis.HGetAll(ctx, intake.LedgerKey(topic, partition)).Result()
		var plan struct{ From, To int64 }
		if err != nil || json.Unmarshal([]byte(fields["plan"]), &plan) != nil {
			return 0, false
		}
		if fields["done"] != "1" { // on its way: what was before it is in the timeline
			return plan.From, true
		}
		return plan.To, true
	}
	return 0, false
}

// rises notes an offset that went back.
func (s *sampler) rises(name string, offset int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples++
	if before := s.highest[name]; offset < before {
		s.rewinds++
		if !s.mayRewind {
			s.wrong = append(s.wrong, fmt.Sprintf("%s went back from %d to %d", name, before, offset))
		}
	}
	s.highest[name] = offset
}

// behind notes a commit that ran ahead.
func (s *sampler) behind(name string, committed, applied int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if committed > applied && !s.mayRewind {
		s.wrong = append(s.wrong, fmt.Sprintf("%s: committed %d, applied %d", name, committed, applied))
	}
}
