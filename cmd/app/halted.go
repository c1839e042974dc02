package app

import (
	"maps"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

var haltedDesc = prometheus.NewDesc("touchwatch_partition_halted",
	"1 for each partition that a stage of this process does not go on with by itself; absent when there is none. Any: a person has to act, /-/ready says why and what to do.",
	[]string{"stage", "topic", "partition"}, nil)

// haltedPartitions tells Prometheus which partitions stand still, as their stages say at that moment: what goes on, or to another process,
// is told no longer. The zero value knows no stage. It is safe for concurrent use.
type haltedPartitions struct {
	mu     sync.Mutex
	stages map[string]func() []string // guarded by mu
}

// watch adds a stage that says which of its partitions stand still, each as topic/partition; what is named otherwise is no partition.
func (h *haltedPartitions) watch(stage string, which func() []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stages == nil {
		h.stages = map[string]func() []string{}
	}
	h.stages[stage] = which
}

// Describe implements prometheus.Collector.
func (h *haltedPartitions) Describe(out chan<- *prometheus.Desc) { out <- haltedDesc }

// Collect implements prometheus.Collector.
func (h *haltedPartitions) Collect(out chan<- prometheus.Metric) {
	h.mu.Lock()
	stages := maps.Clone(h.stages)
	h.mu.Unlock()
	for stage, which := range stages {
		for _, name := range which() {
			if slash := strings.LastIndexByte(name, '/'); slash >= 0 {
				out <- prometheus.MustNewConstMetric(haltedDesc, prometheus.GaugeValue, 1, stage, name[:slash], name[slash+1:])
			}
		}
	}
}
