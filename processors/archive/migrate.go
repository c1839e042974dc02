package archive

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/pressly/goose/v3"

	"touchwatch/deploy/connect"
	"touchwatch/ingest/stream"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// migrateTimeout bounds all migrations together; those that exist create tables.
	migrateTimeout = 2 * time.Minute
	// migrateTries are enough for a server that is started anew meanwhile; migratePause is between them.
	migrateTries = 3
	migratePause = time.Second
)

// Migrate brings the tables to this program's version and makes them keep rows for so many days (0 means for ever).
// Two processes may migrate at the same time. What fails is logged and tried again, three times in all: each migration may run again.
func Migrate(ctx context.Context, server connect.ClickHouse, keepDays int, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, migrateTimeout)
	defer cancel()
	for tried := 1; ; tried++ {
		err := migrateOnce(ctx, server, keepDays, log)
		if err == nil || tried == migrateTries || ctx.Err() != nil {
			return err
		}
		log.Warn("migrating clickhouse failed and is tried again", "error", err)
		stream.Sleep(ctx, migratePause)
	}
}

func migrateOnce(ctx context.Context, server connect.ClickHouse, keepDays int, log *slog.Logger) error {
	db, err := server.OpenDB()
	if err != nil {
		return fmt.Errorf("migrate clickhouse: %w", err)
	}
	defer func() { _ = db.Close() }()
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("migrate clickhouse: %w", err)
	}
	// ClickHouse has no transactions, and its client gives up a connection on which one is rolled back: what is tried once
	// more after that can only fail, with an error that hides the first.
	provider, err := goose.NewProvider(goose.DialectClickHouse, db, folder, goose.WithVerbose(false), goose.WithIsolateDDL(true))
	if err != nil {
		return fmt.Errorf("migrate clickhouse: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate clickhouse: %w", err)
	}
	for _, r := range results {
		log.Info("clickhouse migrated", "version", r.Source.Version, "file", r.Source.Path)
	}
	conn, err := server.Open()
	if err != nil {
		return fmt.Errorf("migrate clickhouse: %w", err)
	}
	defer func() { _ = conn.Close() }()
	return keepFor(ctx, conn, keepDays)
}

// expiries are the columns by which rows grow old.
var expiries = []struct{ table, column string }{
	{"touchpoints", "minute"},
	{"touchpoint_minutes", "minute"},
	{"signals", "toDateTime(at)"},
	{"alerts", "toDateTime(updated_at)"},
}

// keepFor sets how long rows are kept, where that changes.
func keepFor(ctx context.Context, conn driver.Conn, days int) error {
	for _, e := range expiries {
		var engine string
		if err := conn.QueryRow(ctx, "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = '"+e.table+"'").Scan(&engine); err != nil {
			return fmt.Errorf("read table %s: %w", e.table, err)
		}
		clause := fmt.Sprintf("TTL %s + toIntervalDay(%d)", e.column, days)
		change := fmt.Sprintf("ALTER TABLE %s MODIFY %s SETTINGS materialize_ttl_after_modify = 0", e.table, clause)
		has := strings.Contains(engine, " TTL ")
		switch {
		case days <= 0 && !has, days > 0 && strings.Contains(engine, clause):
			continue
		case days <= 0:
			change = "ALTER TABLE " + e.table + " REMOVE TTL"
		}
		if err := conn.Exec(ctx, change); err != nil {
			return fmt.Errorf("set how long table %s keeps rows: %w", e.table, err)
		}
	}
	return nil
}
