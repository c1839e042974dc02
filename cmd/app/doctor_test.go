package app

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"touchwatch/deploy/doctor"
)

func TestDoctorFindsWhatIsMissingAndWhatIsThere(t *testing.T) {
	cfg, ctx := embeddedServers(t), context.Background()
	before, err := Doctor(ctx, &cfg)
	if err != nil {
		t.Fatal(err)
	}
	missing := 0
	for _, f := range before {
		if f.Severity == doctor.Error && strings.Contains(f.Advice, "touchwatch migrate") {
			missing++
		}
	}
	if missing < len(cfg.Topics.all()) {
		t.Errorf("on empty servers %d findings advise to migrate, want one per topic: %+v", missing, before)
	}
	log := slog.New(slog.DiscardHandler)
	if err := MigrateTopics(ctx, cfg, log); err != nil {
		t.Fatal(err)
	}
	if err := MigrateTables(ctx, cfg, log); err != nil {
		t.Fatal(err)
	}
	after, err := Doctor(ctx, &cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range after {
		if f.Severity == doctor.Error {
			t.Errorf("after migrating: %+v", f)
		}
	}
	client, err := cfg.Redis.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	other := cfg.Topics
	other.TimelinePartitions *= 2
	if err := pinPartitions(ctx, client, &other); err != nil {
		t.Fatal(err)
	}
	moved, err := Doctor(ctx, &cfg)
	if err != nil {
		t.Fatal(err)
	}
	if doctor.Count(moved, doctor.Error) != 1 {
		t.Errorf("states made for other partitions: %+v", moved)
	}
}

func TestChannelsAreChecked(t *testing.T) {
	c := Default()
	c.Channels = Channels{SilentAfter: 1, SilentMissing: 2, MaybeSilent: []string{"touchpoints.fax"}}
	err := c.Validate()
	for _, key := range []string{"channels.silent_after", "channels.silent_missing", "channels.maybe_silent"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s is not refused: %v", key, err)
		}
	}
}
