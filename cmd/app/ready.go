package app

import (
	"maps"
	"sync"
	"time"

	"touchwatch/ingest/touchpoint"
)

// readiness keeps what the process still waits for. The zero value is empty. It is safe for concurrent use.
type readiness struct {
	mu      sync.Mutex
	reasons map[string]string
	checks  map[string]func() string
}

// watch adds a part that says itself why it is not ready, or "".
func (r *readiness) watch(name string, why func() string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.checks == nil {
		r.checks = map[string]func() string{}
	}
	r.checks[name] = why
}

// set notes why a part is not ready; "" means that it is.
func (r *readiness) set(name, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reasons == nil {
		r.reasons = map[string]string{}
	}
	if reason == "" {
		delete(r.reasons, name)
	} else {
		r.reasons[name] = reason
	}
}

// get returns what is not ready, by part.
func (r *readiness) get() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]string{}
	maps.Copy(all, r.reasons)
	for name, why := range r.checks {
		if reason := why(); reason != "" {
			all[name] = reason
		}
	}
	return all
}

// nowMillis is the wall clock of the shell.
func nowMillis() touchpoint.Millis { return touchpoint.MillisOf(time.Now()) }
