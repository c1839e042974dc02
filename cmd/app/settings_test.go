package app

import (
	"context"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

func TestProcessesThatStartTogetherActivateTheSameSettings(t *testing.T) {
	server := miniredis.RunT(t)
	const processes = 8
	var together sync.WaitGroup
	sequences, problems := make([]int64, processes), make([]error, processes)
	for i := range processes {
		together.Go(func() {
			client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1})
			defer client.Close()
			sequences[i], _, problems[i] = reserve(context.Background(), client, "hash", []byte("content"), 1)
		})
	}
	together.Wait()
	for i := range processes {
		if problems[i] != nil || sequences[i] != 1 {
			t.Errorf("process %d: sequence %d, %v, want sequence 1 as all others", i, sequences[i], problems[i])
		}
	}
}

func TestASequenceThatRedisForgotIsNotUsedAgain(t *testing.T) {
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1})
	defer client.Close()
	ctx := context.Background()
	before, _, err := reserve(ctx, client, "hash", []byte("content"), 1_000)
	if err != nil {
		t.Fatal(err)
	}
	server.FlushAll() // what was reserved stands in the log, and Redis has lost it
	after, _, err := reserve(ctx, client, "other hash", []byte("other content"), 2_000)
	if err != nil || after <= before {
		t.Errorf("got sequence %d, %v; entries of sequence %d stand in the log", after, err, before)
	}
}
