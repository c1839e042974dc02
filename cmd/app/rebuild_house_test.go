package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"touchwatch/deploy/connect"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
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

// archived waits until the archive holds as many touchpoints as the timeline, and then compares the two: that takes longer.
func (j *journey) archived() {
	j.t.Helper()
	ctx, o := context.Background(), j.oracle()
	conn, err := j.cfg.ClickHouse.Open()
	if err != nil {
		j.t.Fatal(err)
	}
	defer conn.Close()
	want := j.contacts()
	j.until("the archive has every touchpoint", func() error {
		var rows uint64
		if err := conn.QueryRow(ctx, "SELECT count() FROM touchpoints FINAL").Scan(&rows); err != nil || rows < want {
			return errors.Join(fmt.Errorf("%d touchpoints of %d", rows, want), err)
		}
		return nil
	})
	j.until("its minutes are those of the timeline", func() error {
		board, err := o.Told(ctx, TopicAlerts, j.cfg.Topics.PlacePartitions)
		if err != nil {
			return err
		}
		return o.CompareWithTimeline(ctx, board)
	})
}

// contacts is how many touchpoints stand in the timeline, profiles left out.
func (j *journey) contacts() (n uint64) {
	j.t.Helper()
	client, err := j.cfg.Kafka.Client()
	if err != nil {
		j.t.Fatal(err)
	}
	defer connect.CloseKafka(client)
	seen := map[touchpoint.ID]bool{}
	for p := range j.cfg.Topics.TimelinePartitions {
		for _, r := range read(j.t, client, TopicTimeline, p) {
			e, err := timeline.Decode(r.Value)
			if err != nil {
				j.t.Fatal(err)
			}
			if e.Touchpoint != nil && e.Touchpoint.Channel != touchpoint.CRM {
				seen[e.Touchpoint.ID] = true
			}
		}
	}
	return uint64(len(seen))
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
	j.archived()
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
	j.archived()
}
