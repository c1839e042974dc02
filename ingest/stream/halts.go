package stream

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Halts lists partitions that stand still until a person acts, with the reason. The zero value is empty. It is safe for concurrent use.
type Halts struct {
	mu  sync.Mutex
	why map[string]string
}

// Set notes why a partition stands still.
func (h *Halts) Set(partition, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.why == nil {
		h.why = map[string]string{}
	}
	h.why[partition] = why
}

// Clear notes that a partition goes on.
func (h *Halts) Clear(partition string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.why, partition)
}

// Names returns what stands still, in order, each as it was given to Set.
func (h *Halts) Names() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.why))
}

// String returns all reasons, "" when nothing stands still.
func (h *Halts) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Values(h.why)), "; ")
}

// Name names the partition of an assignment.
func (a *Assignment) Name() string { return a.Topic + "/" + strconv.Itoa(a.Partition) }
