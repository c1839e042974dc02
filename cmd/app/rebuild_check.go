package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/segmentio/kafka-go"

	"touchwatch/deploy/connect"
	"touchwatch/deploy/doctor"
	"touchwatch/ingest/intake"
	"touchwatch/ingest/stream"
	"touchwatch/processors/keyed"
)

// Consumer groups of the keyed stages.
const (
	customersGroup = "touchwatch.customers"
	placesGroup    = "touchwatch.places"
)

// logs are the two logs that states are made from, by partition.
type logs struct{ timeline, signals []extent }

// extent is what a partition's log holds: from its first record to before its end.
type extent struct{ first, end int64 }

// cut reports whether a log lacks its oldest records.
func (l *logs) cut() bool { return l.where() != "" }

// where names the partitions that lack their oldest records, "" for none.
func (l *logs) where() string {
	var all []string
	add := func(topic string, log []extent) {
		for p, e := range log {
			if e.first > 0 {
				all = append(all, fmt.Sprintf("%s partition %d begins at %d", topic, p, e.first))
			}
		}
	}
	add(TopicTimeline, l.timeline)
	add(TopicSignals, l.signals)
	return strings.Join(all, ", ")
}

func total(log []extent) int64 {
	n := int64(0)
	for _, e := range log {
		n += e.end - e.first
	}
	return n
}

// check refuses what must not be rebuilt. It changes nothing.
func (r *rebuild) check(ctx context.Context) error {
	if err := r.redis.Ping(ctx).Err(); err != nil {
		return &ServerError{"redis", err}
	}
	if _, err := doctor.CheckEviction(ctx, r.redis); err != nil {
		return &ServerError{"redis", err}
	}
	if err := r.readLogs(ctx); err != nil {
		return &ServerError{"kafka", err}
	}
	if where := r.logs.where(); where != "" && !r.opt.FromRetained {
		return fmt.Errorf("the log no longer begins at its beginning (%s): states would lack what was deleted. --from-retained accepts states of what the log still holds; restore a backup of Redis instead if there is one", where)
	}
	if err := r.nobodyAlive(ctx); err != nil {
		return err
	}
	customers, places, err := r.count(ctx)
	if err != nil {
		return &ServerError{"redis", err}
	}
	if customers+places > 0 && !r.opt.Yes {
		return fmt.Errorf("redis holds the states of %d customers and %d places: --yes deletes them and makes them anew", customers, places)
	}
	return nil
}

// ServerError is a fault of a server, "redis" or "kafka".
type ServerError struct {
	Server string
	Err    error
}

// Error implements error.
func (e *ServerError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *ServerError) Unwrap() error { return e.Err }

// readLogs asks how far the logs reach, and compares partition counts with the configuration.
func (r *rebuild) readLogs(ctx context.Context) error {
	var err error
	t := &r.cfg.Topics
	if _, r.raw, err = t.rawPartitions(ctx, r.kafka); err != nil {
		return err
	}
	if r.logs.timeline, err = readLog(ctx, r.kafka, TopicTimeline, "topics.timeline_partitions", t.TimelinePartitions); err != nil {
		return err
	}
	if r.logs.signals, err = readLog(ctx, r.kafka, TopicSignals, "topics.place_partitions", t.PlacePartitions); err != nil {
		return err
	}
	_, err = readLog(ctx, r.kafka, TopicAlerts, "topics.place_partitions", t.PlacePartitions)
	return err
}

func readLog(ctx context.Context, client *kafka.Client, topic, key string, partitions int) ([]extent, error) {
	n, err := connect.PartitionCount(ctx, client, topic)
	if err != nil {
		return nil, err
	}
	if n != partitions {
		return nil, fmt.Errorf("topic %s has %d partitions, the configuration says %d: set %s to what the topic has", topic, n, partitions, key)
	}
	log := make([]extent, n)
	for p := range log {
		if log[p].first, log[p].end, err = stream.Bounds(ctx, client, topic, p); err != nil {
			return nil, err
		}
	}
	return log, nil
}

// nobodyAlive refuses while a process takes part in a consumer group, or has shown in Redis within a session that it owns a partition.
func (r *rebuild) nobodyAlive(ctx context.Context) error {
	for _, group := range []string{intake.Group, customersGroup, placesGroup} {
		members, err := stream.Members(ctx, r.kafka, group)
		if err != nil {
			return &ServerError{"kafka", err}
		}
		if len(members) > 0 {
			return fmt.Errorf("%w: the consumer group %s has %d members (%s)", ErrAlive, group, len(members), strings.Join(members, ", "))
		}
	}
	who, err := intake.Alive(ctx, r.redis, r.raw, nowMillis(), r.cfg.Limits.session())
	for prefix, n := range map[string]int{keyed.CustomerPrefix: r.cfg.Topics.TimelinePartitions, keyed.PlacePrefix: r.cfg.Topics.PlacePartitions} {
		if who == "" && err == nil {
			who, err = keyed.Alive(ctx, r.redis, prefix, n, nowMillis(), r.cfg.Limits.session())
		}
	}
	if err != nil {
		return &ServerError{"redis", err}
	}
	if who != "" {
		return fmt.Errorf("%w: a partition belongs to %s; if that process was just stopped, try again in %s", ErrAlive, who, r.cfg.Limits.session())
	}
	return nil
}

// ErrAlive is wrapped when a process of the product works on what is to be rebuilt.
var ErrAlive = errors.New("stop all touchwatch processes first")

// count returns how many states Redis holds.
func (r *rebuild) count(ctx context.Context) (customers, places int64, err error) {
	if customers, err = keyed.CountStates(ctx, r.redis, keyed.CustomerPrefix, r.cfg.Topics.TimelinePartitions); err != nil {
		return 0, 0, err
	}
	places, err = keyed.CountStates(ctx, r.redis, keyed.PlacePrefix, r.cfg.Topics.PlacePartitions)
	return customers, places, err
}
