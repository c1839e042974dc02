package app

import (
	"context"
	"log/slog"

	"touchwatch/deploy/connect"
	"touchwatch/processors/archive"
)

// Migrate creates the topics and tables that are missing and brings tables up to date. Running it again changes nothing.
func Migrate(ctx context.Context, cfg Config, log *slog.Logger) error {
	client, err := cfg.Kafka.Client()
	if err != nil {
		return err
	}
	defer connect.CloseKafka(client)
	if err := connect.EnsureTopics(ctx, client, cfg.Topics.all()); err != nil {
		return err
	}
	log.Info("topics are there", "count", len(cfg.Topics.all()))
	if !cfg.History() {
		return nil
	}
	if err := archive.Migrate(ctx, cfg.ClickHouse, cfg.Limits.HistoryDays, log); err != nil {
		return err
	}
	log.Info("tables are up to date", "clickhouse", cfg.ClickHouse.Addrs)
	return nil
}
