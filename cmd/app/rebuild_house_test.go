package app

import (
	"context"
	"strings"
	"testing"
)

// emptyTables deletes all rows, as the loss of the server's disk does.
func (j *journey) emptyTables() {
	j.t.Helper()
	ctx := context.Background()
	conn, err := j.cfg.ClickHouse.Open()
	if err != nil {
		j.t.Fatal(err)
	}
	defer conn.Close()
	for _, table := range []string{"touchpoints", "signals", "alerts", "customers", "touchpoint_minutes"} {
		if err := conn.Exec(ctx, "TRUNCATE TABLE "+table); err != nil {
			j.t.Fatal(err)
		}
		var rows uint64
		if err := conn.QueryRow(ctx, "SELECT count() FROM "+table).Scan(&rows); err != nil || rows != 0 {
			j.t.Fatalf("%d rows are left in %s, %v", rows, table, err)
		}
	}
}

// minutes compares the archive with the timeline.
func (j *journey) minutes() error {
	ctx, o := context.Background(), j.oracle()
	board, err := o.Told(ctx, TopicAlerts, j.cfg.Topics.PlacePartitions)
	if err != nil {
		return err
	}
	return o.CompareWithTimeline(ctx, board)
}

func TestTheArchiveWritesAgainWhatKafkaHas(t *testing.T) {
	cfg := embeddedServers(t)
	if !cfg.History() {
		if _, err := RebuildClickHouse(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), "clickhouse.addrs") {
			t.Errorf("without a ClickHouse: %v", err)
		}
		t.Skip("there is no ClickHouse engine")
	}
	j := newJourney(t, cfg, 700)
	stop := j.live()
	j.travel(700)
	j.until("the archive has everything", j.minutes)
	if _, err := RebuildClickHouse(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), "touchwatch.archive has 1 members") {
		t.Errorf("beside an archive at work: %v", err)
	}
	stop()
	j.emptyTables()
	records, err := RebuildClickHouse(context.Background(), cfg)
	if err != nil || records == 0 {
		t.Fatalf("%d records, %v", records, err)
	}
	stop = j.live()
	defer stop()
	j.until("the archive has everything again", j.minutes)
}
