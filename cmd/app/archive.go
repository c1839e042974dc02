package app

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"touchwatch/dashboards/api"
	"touchwatch/dashboards/history"
	"touchwatch/processors/archive"
)

// archive builds the stage that writes the timeline to ClickHouse. At the start it waits for the server, and readiness says
// so; a server that goes away later only makes the archive lag.
// It yields to what yield calls late.
func (a *App) archive(yield func() bool) (stage, error) {
	conn, err := a.cfg.ClickHouse.Open()
	if err != nil {
		return stage{}, err
	}
	s := archive.New(archive.Options{
		Topics:  archive.Topics{Timeline: TopicTimeline, Signals: TopicSignals, Alerts: TopicAlerts},
		Brokers: a.cfg.Kafka.Brokers, Dialer: a.dialer, Kafka: a.kafka, ClickHouse: a.cfg.ClickHouse,
		Yield: yield, KeepDays: a.cfg.Limits.HistoryDays, Session: a.cfg.Limits.Session, Log: a.log, Metrics: archive.NewMetrics(a.reg),
	})
	a.halted.watch("archive", s.HaltedPartitions)
	return stage{"archive", func(ctx context.Context) error {
		err := a.wait(ctx, "clickhouse", func(ctx context.Context) error { return conn.Ping(ctx) })
		_ = conn.Close()
		if err != nil {
			return nil // asked to stop while waiting
		}
		return s.Run(ctx)
	}}, nil
}

// history opens the archive for questions; nil when no ClickHouse is configured.
func (a *App) history() (api.History, error) {
	if !a.cfg.History() {
		return nil, nil
	}
	if a.past == nil {
		conn, err := a.cfg.ClickHouse.Open()
		if err != nil {
			return nil, err
		}
		a.past = conn
	}
	return history.New(a.past), nil
}

// noHistory says how to get an archive, to people who ask for it in vain.
func (a *App) noHistory() string {
	if a.cfg.History() {
		return "ClickHouse at " + a.cfg.ClickHouse.Addrs[0] + " cannot be reached"
	}
	return a.cfg.WhyNoHistory
}

// closeHistory closes what history opened.
func closeHistory(conn driver.Conn) {
	if conn != nil {
		_ = conn.Close()
	}
}
