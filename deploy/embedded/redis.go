package embedded

import (
	"context"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// RedisOptions are what StartRedis needs.
type RedisOptions struct {
	// Listen is the host:port; port 0 picks a free one.
	Listen string
}

// Redis is an in-process Redis. It keeps everything in memory and bounds nothing by itself: streams and keys are
// trimmed and given a time to live by those who write them.
type Redis struct {
	server *miniredis.Miniredis
	addr   string
	stop   context.CancelFunc
	work   sync.WaitGroup
	close  sync.Once
}

// redisTick is how often keys whose time is over go; a key may thus live that much longer.
const redisTick = 5 * time.Second

// StartRedis starts a Redis. Its clock for times to live runs with the wall clock.
func StartRedis(ctx context.Context, options RedisOptions) (*Redis, error) {
	if err := checkLoopback("Redis", options.Listen); err != nil {
		return nil, err
	}
	r := &Redis{server: miniredis.NewMiniRedis()}
	if err := r.server.StartAddr(options.Listen); err != nil {
		return nil, listenError("Redis", options.Listen, err)
	}
	r.addr = r.server.Addr()
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	r.work.Go(func() { r.advance(run) })
	return r, nil
}

// Addr is the host:port that answers.
func (r *Redis) Addr() string { return r.addr }

// Close stops the server; what it held is gone.
func (r *Redis) Close() error {
	r.close.Do(func() {
		r.stop()
		r.work.Wait()
		r.server.Close()
	})
	return nil
}

// advance lets the time of keys run: the server's own clock stands still.
func (r *Redis) advance(ctx context.Context) {
	tick := time.NewTicker(redisTick)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			now := time.Now()
			r.server.FastForward(now.Sub(last))
			last = now
		}
	}
}
