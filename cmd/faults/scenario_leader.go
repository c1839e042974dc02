package faults

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"

	"touchwatch/cmd/app"
)

// leaderMoves runs the product on two brokers, moves the leaders of the timeline and of raw topics from one to the other, kills the one that
// leads them, and gives them back to it when it is there again.
func leaderMoves(r *Run) error {
	second, err := r.secondBroker()
	if err != nil {
		return err
	}
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(12_000, 60*time.Second) // a broker may take half a minute to start on a busy machine
	if err != nil {
		return err
	}
	if err := errors.Join(worker.works(), l.reach(0.15), l.under()); err != nil {
		return err
	}
	moved, err := r.prefer(2)
	if err != nil {
		return err
	}
	if err := errors.Join(l.under(), r.prove(moved, "leaders moved to the other broker under load"), l.reach(0.4), l.under()); err != nil {
		return err
	}
	led, err := r.ledBy(2)
	if err != nil {
		return err
	}
	if err := second.current.kill(); err != nil {
		return err
	}
	r.note("killed %s (process %d), which led %d partitions", second.name, second.current.pid(), led)
	if err := r.untilLed(2, 0); err != nil {
		return err
	}
	if err := errors.Join(l.under(), r.prove(int64(led), "leaders lost with a broker, whose replicas took over"), l.reach(0.6), l.under()); err != nil {
		return err
	}
	if err := second.start(r.ctx); err != nil {
		return err
	}
	r.note("%s runs again (process %d)", second.name, second.current.pid())
	back, err := r.prefer(2)
	if err != nil {
		return err
	}
	if err := errors.Join(l.under(), r.prove(back, "leaders given back to the broker under load")); err != nil {
		return err
	}
	return l.wait()
}

// movedTopics are those whose leaders are moved.
var movedTopics = []string{app.TopicTimeline, app.TopicSignals, "touchpoints.website", "touchpoints.chat"}

// secondBroker starts another broker, and lets everything be kept by both.
func (r *Run) secondBroker() (*server, error) {
	second, err := startBroker(r.ctx, &r.parts, r.opt.Dir, 2, r.kafka.controller)
	if second != nil {
		r.closers = append(r.closers, second.close)
	}
	if err != nil {
		return nil, err
	}
	err = until(r.ctx, serverStart, func() error {
		res, err := r.direct.Metadata(r.ctx, &kafka.MetadataRequest{})
		if err == nil && len(res.Brokers) < 2 {
			err = errors.New("the second broker has not joined the first")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	offsets := kafka.TopicConfig{
		Topic: "__consumer_offsets", NumPartitions: 4, ReplicationFactor: 2,
		ConfigEntries: []kafka.ConfigEntry{{ConfigName: "cleanup.policy", ConfigValue: "compact"}},
	}
	res, err := r.direct.CreateTopics(r.ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{offsets}})
	if err == nil {
		err = res.Errors[offsets.Topic]
	}
	if err != nil {
		return nil, fmt.Errorf("create %s on two brokers: %w", offsets.Topic, err)
	}
	r.cfg.Kafka.Brokers = []string{r.kafka.proxy.Addr(), second.proxy.Addr()}
	r.cfg.Topics.Replication = 2
	r.note("%s runs (process %d), behind a proxy as well", second.name, second.current.pid())
	return second, r.configure()
}

// moving are the partitions of the topics whose leaders are moved.
func (r *Run) moving() (map[string][]kafka.Partition, error) {
	res, err := r.direct.Metadata(r.ctx, &kafka.MetadataRequest{Topics: movedTopics})
	if err != nil {
		return nil, err
	}
	all := map[string][]kafka.Partition{}
	for _, t := range res.Topics {
		if t.Error != nil {
			return nil, fmt.Errorf("ask about %s: %w", t.Name, t.Error)
		}
		all[t.Name] = t.Partitions
	}
	return all, nil
}

// ledBy counts the partitions that a broker leads.
func (r *Run) ledBy(broker int) (int, error) {
	all, err := r.moving()
	n := 0
	for _, partitions := range all {
		for _, p := range partitions {
			if p.Leader.ID == broker {
				n++
			}
		}
	}
	return n, err
}

// untilLed waits until a broker leads at least so many partitions, or none.
func (r *Run) untilLed(broker, n int) error {
	return until(r.ctx, settleWithin, func() error {
		led, err := r.ledBy(broker)
		if err == nil && (n == 0 && led > 0 || led < n) {
			err = fmt.Errorf("broker %d leads %d partitions, want %d", broker, led, n)
		}
		return err
	})
}

// prefer makes a broker the preferred leader of all partitions, and their leader as soon as both have the same. It returns how many leaders moved.
func (r *Run) prefer(broker int) (int64, error) {
	all, err := r.moving()
	if err != nil {
		return 0, err
	}
	request := &kafka.AlterPartitionReassignmentsRequest{Timeout: 10 * time.Second}
	moved, count := 0, 0
	for topic, partitions := range all {
		for _, p := range partitions {
			count++
			if p.Leader.ID != broker {
				moved++
			}
			if p.Replicas[0].ID != broker {
				request.Assignments = append(request.Assignments, kafka.AlterPartitionReassignmentsRequestAssignment{Topic: topic, PartitionID: p.ID, BrokerIDs: []int{broker, 3 - broker}})
			}
		}
	}
	if len(request.Assignments) > 0 {
		if err := r.reassign(request); err != nil {
			return 0, err
		}
	}
	err = until(r.ctx, settleWithin, func() error { return r.elect(all, broker, count) })
	return int64(moved), err
}

func (r *Run) reassign(request *kafka.AlterPartitionReassignmentsRequest) error {
	res, err := r.direct.AlterPartitionReassignments(r.ctx, request)
	if err != nil {
		return fmt.Errorf("reassign partitions: %w", err)
	}
	for _, p := range res.PartitionResults {
		if p.Error != nil {
			return fmt.Errorf("reassign %s partition %d: %w", p.Topic, p.PartitionID, p.Error)
		}
	}
	return res.Error
}

// elect asks for the preferred leaders and checks that a broker leads all partitions. A replica that is behind is elected a later time.
func (r *Run) elect(all map[string][]kafka.Partition, broker, want int) error {
	for topic, partitions := range all {
		var ids []int
		for _, p := range partitions {
			ids = append(ids, p.ID)
		}
		slices.Sort(ids)
		if _, err := r.direct.ElectLeaders(r.ctx, &kafka.ElectLeadersRequest{Topic: topic, Partitions: ids, Timeout: 10 * time.Second}); err != nil {
			return fmt.Errorf("elect leaders of %s: %w", topic, err)
		}
	}
	led, err := r.ledBy(broker)
	if err == nil && led < want {
		err = fmt.Errorf("broker %d leads %d of %d partitions", broker, led, want)
	}
	return err
}
