package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/deploy/connect"
	"touchwatch/deploy/doctor"
	"touchwatch/processors/archive"
)

// soundRetention is how long the topics that states are rebuilt from have to be kept in production; rawRetention is the longest
// outage of ingest that loses nothing.
const (
	soundRetention = 14 * 24 * time.Hour
	rawRetention   = 24 * time.Hour
)

// checkWithin bounds the questions to one server.
const checkWithin = 15 * time.Second

// Doctor looks at all servers of a configuration and changes nothing on them. An error means that a client could not even be built.
func Doctor(ctx context.Context, cfg *Config) ([]doctor.Finding, error) {
	var all []doctor.Finding
	for _, check := range []func(context.Context, *Config) ([]doctor.Finding, error){checkKafka, checkRedis, checkHouse} {
		limited, cancel := context.WithTimeout(ctx, checkWithin)
		found, err := check(limited, cfg)
		cancel()
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func checkKafka(ctx context.Context, cfg *Config) ([]doctor.Finding, error) {
	client, err := cfg.Kafka.Client()
	if err != nil {
		return nil, err
	}
	defer connect.CloseKafka(client)
	return doctor.CheckKafka(ctx, client, cfg.Topics.needed()), nil
}

// needed lists the topics with what matters about each.
func (t *Topics) needed() []doctor.Topic {
	raw := map[string]bool{}
	for _, r := range t.Raw {
		raw[r.Name] = true
	}
	var all []doctor.Topic
	for _, topic := range t.all() {
		n := doctor.Topic{Topic: topic, Raw: raw[topic.Name], KeepAtLeast: soundRetention}
		n.Fixed = !n.Raw && topic.Name != TopicDead
		if n.Raw {
			n.KeepAtLeast = rawRetention
		}
		all = append(all, n)
	}
	return all
}

func checkRedis(ctx context.Context, cfg *Config) ([]doctor.Finding, error) {
	client, err := cfg.Redis.Client()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	all := doctor.CheckRedis(ctx, client)
	if len(all) == 1 && all[0].Check == "reachable" {
		return all, nil
	}
	all = append(all, checkWhole(ctx, client, cfg.Limits.session()))
	return append(all, checkPinned(ctx, client, &cfg.Topics)...), nil
}

// checkWhole looks for a rebuild that is under way, or did not come to its end.
func checkWhole(ctx context.Context, client redis.UniversalClient, patience time.Duration) doctor.Finding {
	f := doctor.Finding{Server: "redis", Check: "rebuild", Severity: doctor.OK, Found: "nothing is being rebuilt"}
	switch err := wholeRedis(ctx, client, nowMillis(), patience); {
	case errors.Is(err, ErrRebuilding):
		f.Severity, f.Found, f.Advice = doctor.Error, err.Error(), "no process starts before 'touchwatch rebuild redis' has run to its end"
	case err != nil:
		f.Severity, f.Found, f.Advice = doctor.Error, err.Error(), "Redis answered and then did not: run this again"
	}
	return f
}

// checkPinned compares the partition counts that states were made for with the configured ones.
func checkPinned(ctx context.Context, client redis.UniversalClient, t *Topics) []doctor.Finding {
	var all []doctor.Finding
	for topic, n := range map[string]int{TopicTimeline: t.TimelinePartitions, TopicSignals: t.PlacePartitions} {
		f := doctor.Finding{Server: "redis", Check: "states of " + topic, Severity: doctor.OK}
		switch stored, err := client.HGet(ctx, partitionsKey, topic).Int(); {
		case errors.Is(err, redis.Nil):
			f.Found = "none yet"
		case err != nil:
			f.Severity, f.Found, f.Advice = doctor.Error, err.Error(), "Redis answered and then did not: run this again"
		case stored != n:
			f.Severity, f.Found = doctor.Error, fmt.Sprintf("made for %d partitions, the configuration says %d", stored, n)
			f.Advice = "set topics.timeline_partitions and topics.place_partitions back: another number sends customers to other owners, and the start is refused"
		default:
			f.Found = fmt.Sprintf("made for %d partitions", stored)
		}
		all = append(all, f)
	}
	return all
}

func checkHouse(ctx context.Context, cfg *Config) ([]doctor.Finding, error) {
	if !cfg.History() {
		return []doctor.Finding{{Server: "clickhouse", Check: "configured", Severity: doctor.Warning, Found: cfg.WhyNoHistory, Advice: "set clickhouse.addrs when questions about the past shall be answered"}}, nil
	}
	conn, err := cfg.ClickHouse.Open()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	names, newest := archive.Tables()
	return doctor.CheckClickHouse(ctx, conn, doctor.Tables{Names: names, Migration: newest}), nil
}
