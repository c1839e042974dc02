package app

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"touchwatch/alerts/hub"
	"touchwatch/ingest/silence"
)

// Channels says when a raw topic without traffic is an alarm.
type Channels struct {
	// SilentAfter is the shortest silence that is told. 0 means 5m; at least 1m.
	SilentAfter time.Duration `yaml:"silent_after"`
	// SilentMissing is how many events have to be missing by what is usual at that hour of the week. 0 means 20.
	SilentMissing float64 `yaml:"silent_missing"`
	// MaybeSilent are raw topics whose silence is never told.
	MaybeSilent []string `yaml:"maybe_silent"`
}

// validate returns all problems, each beginning with its key.
func (c *Channels) validate(raw []RawTopic) []error {
	var problems []error
	if d := c.SilentAfter; d != 0 && d < time.Minute {
		problems = append(problems, fmt.Errorf("channels.silent_after: want at least 1m, got %s", d))
	}
	if n := c.SilentMissing; n < 0 || (n > 0 && n < 5) {
		problems = append(problems, fmt.Errorf("channels.silent_missing: want 5 or more (fewer may be missing by chance), got %s", strconv.FormatFloat(n, 'g', -1, 64)))
	}
	for _, name := range c.MaybeSilent {
		if !slices.ContainsFunc(raw, func(r RawTopic) bool { return r.Name == name }) {
			problems = append(problems, fmt.Errorf("channels.maybe_silent: %s is no raw topic of topics.raw", name))
		}
	}
	return problems
}

// watchChannels adds the stage that looks for silent raw topics and stalled partitions, in every process that ingests or shows boards.
func (a *App) watchChannels(ctx context.Context) error {
	if !a.cfg.Has(RoleIngest) && !a.cfg.Has(RoleWeb) {
		return nil
	}
	var names []string
	var counts map[string]int
	err := a.wait(ctx, "kafka", func(ctx context.Context) (err error) {
		names, counts, err = a.cfg.Topics.rawPartitions(ctx, a.kafka)
		return err
	})
	if err != nil {
		return err
	}
	c := a.cfg.Channels
	w := silence.New(silence.Options{
		Kafka: a.kafka, Redis: a.redis, Topics: names, Partitions: counts, Quiet: c.MaybeSilent,
		Usual: silence.Usual{After: c.SilentAfter, Missing: c.SilentMissing}, Me: a.Addr() + "/" + strconv.FormatInt(time.Now().UnixNano(), 36),
		Log: a.log, Metrics: silence.NewMetrics(a.reg),
		Told: func(warnings []string) { a.server.hub.Publish(hub.News{Warnings: &warnings}) },
	})
	a.warnings.Store(w)
	a.stages = append(a.stages, stage{"channels", func(ctx context.Context) error { w.Run(ctx); return nil }})
	return nil
}

// warned are the warnings that readiness and the API show beside what is not ready.
func (a *App) warned() []string {
	if w := a.warnings.Load(); w != nil {
		return w.Warnings()
	}
	return nil
}
