package app

import (
	"context"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

func TestAnotherPartitionCountThanTheStoredOneStopsTheStart(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr(), MaxRetries: -1})
	defer client.Close()
	ctx := context.Background()
	if err := pinPartitions(ctx, client, &Topics{TimelinePartitions: 8, PlacePartitions: 4}); err != nil {
		t.Fatal(err)
	}
	if err := pinPartitions(ctx, client, &Topics{TimelinePartitions: 8, PlacePartitions: 4}); err != nil {
		t.Errorf("the same counts again: %v", err)
	}
	for _, other := range []Topics{{TimelinePartitions: 16, PlacePartitions: 4}, {TimelinePartitions: 8, PlacePartitions: 2}} {
		err := pinPartitions(ctx, client, &other)
		if err == nil || !strings.Contains(err.Error(), "made for") || !strings.Contains(err.Error(), "topics.timeline_partitions") {
			t.Errorf("counts %d and %d: got %v, want an error that says what was stored and what to do", other.TimelinePartitions, other.PlacePartitions, err)
		}
	}
}
