package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/intake"
	"touchwatch/ingest/own"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/keyed"
)

// ingest builds the stage from the raw topics to the timeline.
func (a *App) ingest() (*intake.Stage, error) {
	engine, err := a.cfg.Text.Engine()
	if err != nil {
		return nil, err
	}
	accounts, _ := own.NewAccounts(a.cfg.Company.Accounts) // Validate has refused bad ones
	annotate := func(t *touchpoint.Touchpoint) {
		accounts.Turn(t)
		engine.Annotate(t)
	}
	var sent func([]touchpoint.Touchpoint)
	if desk := a.opinions(); desk != nil {
		sent = desk.Offer
		a.stages = append(a.stages, stage{"opinions", func(ctx context.Context) error { desk.Run(ctx); return nil }})
	}
	return intake.New(intake.Options{
		Brokers: a.cfg.Kafka.Brokers, Dialer: a.dialer, Kafka: a.kafka, Redis: a.state,
		Topics: a.cfg.Topics.formats(), Timeline: TopicTimeline, Partitions: a.cfg.Topics.TimelinePartitions, Dead: TopicDead,
		Session: a.cfg.Limits.Session, Allowed: a.whole, Annotate: annotate, Sent: sent, KeepLinks: a.cfg.Limits.ForgetKnown, Oldest: a.cfg.Limits.Oldest, Log: a.log, Metrics: intake.NewMetrics(a.reg),
	}), nil
}

// runtimeOptions are what both keyed stages share.
func (a *App) runtimeOptions(m *keyed.Metrics) keyed.Options {
	return keyed.Options{
		Brokers: a.cfg.Kafka.Brokers, Dialer: a.dialer, Kafka: a.kafka, Redis: a.state,
		Session: a.cfg.Limits.Session, Stuck: a.cfg.Limits.Stuck, CacheBytes: a.cfg.Limits.CacheMiB << 20, Allowed: a.whole, Log: a.log, Metrics: m,
	}
}

// lateAfter is how old the picture may be before throughput counts more than latency. Boards are a second behind when all is well.
const lateAfter = 3 * time.Second

// customerOptions are those of the customers' stage.
func (a *App) customerOptions(ctx context.Context, m *keyed.Metrics) (keyed.Options, error) {
	partitions := &counted{at: time.Now(), ask: func(ctx context.Context) ([]string, map[string]int, error) {
		return a.cfg.Topics.rawPartitions(ctx, a.kafka)
	}}
	var err error
	if partitions.names, partitions.counts, err = partitions.ask(ctx); err != nil {
		return keyed.Options{}, err
	}
	o := a.runtimeOptions(m)
	o.Group, o.Topic, o.Prefix, o.Late = customersGroup, TopicTimeline, keyed.CustomerPrefix, lateAfter
	o.Relay = keyed.Relay{Alerts: TopicAlerts, AlertPartitions: a.cfg.Topics.PlacePartitions, Signals: TopicSignals, SignalPartitions: a.cfg.Topics.PlacePartitions, OnAlert: a.logAlert}
	o.Progress = func(ctx context.Context) (keyed.Progress, error) {
		names, counts := partitions.get(ctx, time.Now())
		upTo, topics, err := intake.ReadProgress(ctx, a.redis, names, counts)
		p := keyed.Progress{UpTo: upTo}
		for _, t := range topics {
			p.Sources = append(p.Sources, keyed.SourceProgress{Topic: t.Topic, UpTo: t.UpTo})
		}
		return p, err
	}
	return o, nil
}

// placeOptions are those of the places' stage; its progress is that of the relays which fill the topic signals.
func (a *App) placeOptions(m *keyed.Metrics) keyed.Options {
	o := a.runtimeOptions(m)
	o.Group, o.Topic, o.Prefix = placesGroup, TopicSignals, keyed.PlacePrefix
	o.Relay = keyed.Relay{Alerts: TopicAlerts, AlertPartitions: a.cfg.Topics.PlacePartitions, OnAlert: a.logAlert}
	o.Progress = func(ctx context.Context) (keyed.Progress, error) {
		upTo, err := relayProgress(ctx, a.redis, a.cfg.Topics.TimelinePartitions)
		return keyed.Progress{UpTo: upTo, Sources: []keyed.SourceProgress{{Topic: TopicTimeline, UpTo: upTo}}}, err
	}
	return o
}

// relayProgress is the time up to which all relays have copied the customers' signals; zero while one has not reported.
func relayProgress(ctx context.Context, client redis.UniversalClient, partitions int) (touchpoint.Millis, error) {
	pipe := client.Pipeline()
	replies := make([]*redis.StringCmd, partitions)
	for p := range partitions {
		replies[p] = pipe.HGet(ctx, keyed.NewKeys(keyed.CustomerPrefix, p).Relay(), "up_to")
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return 0, fmt.Errorf("read relay progress: %w", err)
	}
	earliest := touchpoint.Millis(0)
	for i, reply := range replies {
		upTo, _ := strconv.ParseInt(reply.Val(), 10, 64) // absent: zero
		if m := touchpoint.Millis(upTo); i == 0 || m < earliest {
			earliest = m
		}
	}
	return earliest, nil
}

// build makes the stages of this process's roles, in the order of the flow.
func (a *App) build(ctx context.Context) error {
	var late func() bool // the customers of this process
	if a.cfg.Has(RoleIngest) {
		in, err := a.ingest()
		if err != nil {
			return err
		}
		a.ready.watch("ingest", in.Halted)
		a.halted.watch("ingest", in.HaltedPartitions)
		a.stages = append(a.stages, stage{"ingest", in.Run})
	}
	if a.cfg.Has(RoleCustomers) {
		metrics := keyed.NewMetrics(a.reg)
		o, err := a.customerOptions(ctx, metrics)
		if err != nil {
			return err
		}
		customers, places := keyed.New(o, BuildCustomers), keyed.New(a.placeOptions(metrics), BuildPlaces)
		a.ready.watch("customers", customers.Halted)
		a.ready.watch("places", places.Halted)
		a.halted.watch("customers", customers.HaltedPartitions)
		a.halted.watch("places", places.HaltedPartitions)
		a.stages = append(a.stages, stage{"customers", customers.Run}, stage{"places", places.Run})
		late = customers.Late
	}
	if a.cfg.Has(RoleArchive) && a.cfg.History() {
		s, err := a.archive(late)
		if err != nil {
			return err
		}
		a.stages = append(a.stages, s)
	}
	if a.cfg.Has(RoleWeb) {
		return a.web()
	}
	return nil
}

// logAlert writes an alert's change of phase to the log, one line each, for those who collect logs.
func (a *App) logAlert(body []byte) {
	var al alert.Alert
	if err := json.Unmarshal(body, &al); err != nil {
		a.log.Error("alert in the outbox cannot be read", "error", err)
		return
	}
	a.alertChanges.WithLabelValues(al.Rule, string(al.Severity), string(al.Phase)).Inc()
	a.log.Info("alert", "phase", al.Phase, "severity", al.Severity, "rule", al.Rule, "subject", al.Subject.ID, "name", al.Subject.Name,
		"score", al.Score, "reason", al.Reason, "id", al.ID, "version", al.Version, "late", al.Late)
}
