package bench

import (
	"os"
	"time"
)

// usage is what a process took so far.
type usage struct {
	cpu       time.Duration
	rss, peak int64 // bytes
}

// Names of the processes whose usage is told apart.
const (
	ours        = "ours"
	serverK     = "kafka"
	serverR     = "redis"
	serverC     = "clickhouse"
	benchItself = "bench"
)

// usages reads the usage of every process by its name; those of one name add up. A process that cannot be read has none.
func usages(pids map[string][]int) map[string]usage {
	all := map[string]usage{}
	for name, list := range pids {
		sum := all[name]
		for _, pid := range list {
			if u, err := usageOf(pid); err == nil {
				sum.cpu, sum.rss, sum.peak = sum.cpu+u.cpu, sum.rss+u.rss, sum.peak+u.peak
			}
		}
		all[name] = sum
	}
	return all
}

// spent is the processor time that a process took between two readings.
func spent(before, after map[string]usage, name string) time.Duration {
	return max(after[name].cpu-before[name].cpu, 0)
}

// self is this process.
func self() map[string][]int { return map[string][]int{benchItself: {os.Getpid()}} }
