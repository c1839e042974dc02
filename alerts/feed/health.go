package feed

import (
	"fmt"
	"log/slog"
	"sync"

	"touchwatch/alerts/hub"
)

// health knows which partitions are followed. It logs a line when the first is lost and when the last is back, not one per
// partition.
type health struct {
	log   *slog.Logger
	total int

	mu struct {
		sync.Mutex
		following map[hub.Part]bool
		failed    map[hub.Part]error
		whole     bool // all were followed when the last line was logged
	}
}

func newHealth(log *slog.Logger, total int) *health {
	h := &health{log: log, total: total}
	h.mu.following, h.mu.failed = map[hub.Part]bool{}, map[hub.Part]error{}
	return h
}

func (h *health) up(part hub.Part) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.mu.failed, part)
	h.mu.following[part] = true
	if len(h.mu.following) == h.total && !h.mu.whole {
		h.mu.whole = true
		h.log.Info("live feed follows all partitions", "partitions", h.total)
	}
}

func (h *health) down(part hub.Part, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.mu.failed) == 0 {
		h.mu.whole = false
		h.log.Warn("live feed interrupted, trying again", "partition", string(part), "error", err)
	}
	delete(h.mu.following, part)
	h.mu.failed[part] = err
}

func (h *health) err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for part, err := range h.mu.failed {
		return fmt.Errorf("live feed follows %d of %d partitions; %s: %w", len(h.mu.following), h.total, part, err)
	}
	if len(h.mu.following) < h.total {
		return fmt.Errorf("live feed follows %d of %d partitions, loading the others", len(h.mu.following), h.total)
	}
	return nil
}
