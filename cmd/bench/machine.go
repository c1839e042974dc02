package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"touchwatch/cmd/faults"
)

// Machine is where it was measured.
type Machine struct {
	Processor string `json:"processor,omitempty"`
	Cores     int    `json:"cores"`
	MemoryMB  int64  `json:"memory_mb,omitempty"`
	OS        string `json:"os"`
	// Load is how many processes wanted a processor, on average over the minute before it began: what other work took part.
	Load float64 `json:"load"`
}

// String is one line for people.
func (m Machine) String() string {
	return fmt.Sprintf("%s, %d cores, %d MB, load before %.2f", m.Processor, m.Cores, m.MemoryMB, m.Load)
}

func machine() Machine {
	m := Machine{Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH, Processor: runtime.GOARCH, Load: load()}
	if name := procField("/proc/cpuinfo", "model name"); name != "" {
		m.Processor = name
	}
	if text, _, ok := strings.Cut(procField("/proc/meminfo", "MemTotal"), " kB"); ok {
		kb, _ := strconv.ParseInt(text, 10, 64)
		m.MemoryMB = kb / 1000
	}
	return m
}

// load is the load average of the last minute; zero where it is not known.
func load() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	x, _ := strconv.ParseFloat(first, 64)
	return x
}

// procField is the first value of a name in a file of lines "name : value", or "".
func procField(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// versions asks the servers who they are.
func (r *run) versions(t *trial) map[string]string {
	v := map[string]string{"go": runtime.Version(), "touchwatch": r.opt.Version}
	if info, err := t.redis.Info(r.ctx, "server").Result(); err == nil {
		for line := range strings.Lines(info) {
			if version, ok := strings.CutPrefix(line, "redis_version:"); ok {
				v[serverR] = strings.TrimSpace(version)
			}
		}
	}
	if t.past != nil {
		var version string
		if err := t.past.QueryRow(r.ctx, "SELECT version()").Scan(&version); err == nil {
			v[serverC] = version
		}
	}
	switch r.servers.what {
	case "real":
		v[serverK] = kafkaVersion()
	case "embedded":
		v[serverK], v[serverR] = "kfake", "miniredis"
	}
	return v
}

// kafkaVersion is in the name of the jar that is run; a broker does not tell it.
func kafkaVersion() string {
	parts, err := faults.FindParts()
	if err != nil {
		return ""
	}
	jars, _ := filepath.Glob(filepath.Join(parts.KafkaLibs, "kafka_2.13-*.jar"))
	if len(jars) == 0 {
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(filepath.Base(jars[0]), "kafka_2.13-"), ".jar")
}
