package embedded

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/deploy/connect"
)

func TestRedisKeysRunOutOfTime(t *testing.T) {
	r, err := StartRedis(context.Background(), RedisOptions{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		for range 2 {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	}()
	client, err := connect.Redis{Addrs: []string{r.Addr()}}.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if err := client.Set(t.Context(), "short", "x", 300*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.Set(t.Context(), "long", "x", time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for client.Get(t.Context(), "short").Err() != redis.Nil { //nolint:errorlint // go-redis returns it as it is
		if time.Now().After(deadline) {
			t.Fatal("a key whose time is over stays")
		}
	}
	if ttl := client.TTL(t.Context(), "long").Val(); ttl > time.Hour || ttl < time.Hour-time.Minute {
		t.Errorf("an hour became %v", ttl)
	}
}
