package app

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestPartitionsThatAreAddedAreCountedSoon(t *testing.T) {
	n, broken := 2, error(nil)
	c := &counted{ask: func(context.Context) ([]string, map[string]int, error) {
		return []string{"chat"}, map[string]int{"chat": n}, broken
	}}
	at := time.Unix(1_800_000_000, 0)
	want := func(after time.Duration, want int) {
		t.Helper()
		if _, got := c.get(context.Background(), at.Add(after)); got["chat"] != want {
			t.Errorf("after %s: got %d partitions, want %d", after, got["chat"], want)
		}
	}
	want(0, 2)
	n = 4
	want(time.Second, 2)
	want(countEvery, 4)
	n, broken = 0, errors.New("no broker answers")
	want(3*countEvery, 4)
}
