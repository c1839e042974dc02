package app

import (
	"context"
	"log/slog"

	"touchwatch/deploy/connect"
	"touchwatch/processors/archive"
)

// MigrateTopics creates the topics that are missing. Running it again changes nothing.
func MigrateTopics(ctx context.Context, cfg Config, log *slog.Logger) error {
	client, err := cfg.Kafka.Client()
	if err != nil {
		return err
	}
	defer connect.CloseKafka(client)
	if err := cfg.Topics.ensure(ctx, client); err != nil {
		return err
	}
	log.Info("topics are there", "count", len(cfg.Topics.all()))
	return nil
}

// MigrateTables creates the tables that are missing and brings tables up to date, where a ClickHouse is configured. Running it
// again changes nothing.
func MigrateTables(ctx context.Context, cfg Config, log *slog.Logger) error {
	if !cfg.History() {
		return nil
	}
	if err := archive.Migrate(ctx, cfg.ClickHouse, cfg.Limits.HistoryDays, log); err != nil {
		return err
	}
	log.Info("tables are up to date", "clickhouse", cfg.ClickHouse.Addrs)
	return nil
}
