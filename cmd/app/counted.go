package app

import (
	"context"
	"sync"
	"time"
)

// countEvery is how often the partitions of the raw topics are counted: operators add some while the program runs, and nobody may take
// for granted that everything is in the timeline while one of them was not looked at.
const countEvery = 5 * time.Second

// askWithin is how long that may take: a worker waits for it.
const askWithin = 2 * time.Second

// counted are the raw topics, in order, with how many partitions each has. It is safe for concurrent use.
type counted struct {
	ask func(context.Context) (names []string, counts map[string]int, err error)

	mu     sync.Mutex
	at     time.Time
	names  []string
	counts map[string]int
}

// get returns the counts, asked for anew when they are old at that moment. Brokers that do not answer leave them as they were; the maps
// are not changed afterwards.
func (c *counted) get(ctx context.Context, now time.Time) ([]string, map[string]int) {
	c.mu.Lock()
	old := now.Sub(c.at) >= countEvery
	if old {
		c.at = now // one asks, the others go on with what there is
	}
	names, counts := c.names, c.counts
	c.mu.Unlock()
	if !old {
		return names, counts
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	names, counts, err := c.ask(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.names, c.counts = names, counts
	}
	return c.names, c.counts
}
