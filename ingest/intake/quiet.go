package intake

import (
	"sync"
	"time"
)

// quiet remembers what was logged lately, so that a flood of one kind makes one line.
type quiet struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// firstOf reports whether nothing was logged under key within d, and notes it. Keys come from closed lists.
func (s *Stage) firstOf(key string, d time.Duration) bool {
	s.quiet.mu.Lock()
	defer s.quiet.mu.Unlock()
	if s.quiet.last == nil {
		s.quiet.last = map[string]time.Time{}
	}
	if time.Since(s.quiet.last[key]) < d {
		return false
	}
	s.quiet.last[key] = time.Now()
	return true
}

// sayOnce logs a failed write at most every ten seconds.
func (s *Stage) sayOnce(err error) {
	if s.firstOf("produce", 10*time.Second) {
		s.opt.Log.Warn("cannot write to the timeline, trying again", "error", err)
	}
}
