package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
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
	latest  map[string]int64 // of each offset, as it was seen last
	peak    map[string]int64 // the greatest that was ever seen
	wrong   []string
	rewinds int
	// mayRewind are the groups whose offsets may go back, because what they rest on was set back: they must heal.
	mayRewind map[string]bool
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
		intake.Group:   raw,
		groupCustomers: {app.TopicTimeline: n},
		groupPlaces:    {app.TopicSignals: places},
		groupArchive:   {app.TopicTimeline: n, app.TopicSignals: places, app.TopicAlerts: places},
	}
}

func (s *sampler) start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop, s.done = cancel, make(chan struct{})
	s.latest, s.peak, s.mayRewind = map[string]int64{}, map[string]int64{}, map[string]bool{}
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

// Groups that go back with Redis, which holds what they have applied; the archive does not.
var redisGroups = []string{intake.Group, groupCustomers, groupPlaces}

const (
	groupCustomers = "touchwatch.customers"
	groupPlaces    = "touchwatch.places"
	groupArchive   = "touchwatch.archive"
)

// allowRewind tells the sampler that the offsets of these groups may go back from now on. In the end all must be where they were.
func (s *sampler) allowRewind(groups ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range groups {
		s.mayRewind[g] = true
	}
}

// healed checks, when everything is applied, that what went back has come as far again as it ever was, and that nothing is committed which is
// not applied.
func (s *sampler) healed(ctx context.Context) error {
	for group, topics := range s.groups() {
		s.sample(ctx, group, topics)
	}
	return s.compareEnds()
}

// compareEnds compares the latest samples.
func (s *sampler) compareEnds() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, peak := range s.peak {
		if now := s.latest[name]; now < peak {
			return fmt.Errorf("%s is %d, it was %d before it went back", name, now, peak)
		}
	}
	for name := range s.latest {
		at, ok := strings.CutSuffix(name, applied)
		if committed := s.latest[at+committed]; ok && committed > s.latest[name] {
			return fmt.Errorf("%s: committed %d, applied %d", at, committed, s.latest[name])
		}
	}
	return nil
}

// What the offsets of a partition are called, behind its name.
const (
	committed = " committed"
	applied   = " applied"
)

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
			s.rises(group, name+committed, p.CommittedOffset)
			if done, ok := s.applied(ctx, group, topic, p.Partition); ok {
				s.rises(group, name+applied, done)
				s.behind(group, name, p.CommittedOffset, done)
			}
		}
	}
}

// applied is the offset that a stage itself keeps; false when it keeps none or it cannot be read now.
func (s *sampler) applied(ctx context.Context, group, topic string, partition int) (int64, bool) {
	switch group {
	case groupCustomers, groupPlaces:
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
func (s *sampler) rises(group, name string, offset int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples++
	if before := s.latest[name]; offset < before {
		s.rewinds++
		if !s.mayRewind[group] {
			s.wrong = append(s.wrong, fmt.Sprintf("%s went back from %d to %d", name, before, offset))
		}
	}
	s.latest[name], s.peak[name] = offset, max(s.peak[name], offset)
}

// behind notes a commit that ran ahead.
func (s *sampler) behind(group, name string, committed, applied int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if committed > applied && !s.mayRewind[group] {
		s.wrong = append(s.wrong, fmt.Sprintf("%s: committed %d, applied %d", name, committed, applied))
	}
}
