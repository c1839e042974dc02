package bench

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// meter measures a stretch of a trial: time, and the processor time of each process.
type meter struct {
	trial *trial
	began time.Time
	used  map[string]usage
	busy  time.Duration // of the whole machine
}

// meter begins to measure. Peaks of memory begin anew.
func (t *trial) meter() *meter {
	for _, list := range t.pids() {
		for _, pid := range list {
			resetPeak(pid)
		}
	}
	return &meter{trial: t, began: time.Now(), used: t.usages(), busy: machineBusy()}
}

// usages reads the usage of all processes, this one included.
func (t *trial) usages() map[string]usage {
	all := t.pids()
	maps.Copy(all, self())
	return usages(all)
}

// took is how long the stretch lasts.
func (m *meter) took() time.Duration { return time.Since(m.began) }

// costs adds to a row what events took: processor time per million of them of each process, the program's peak of memory, and how
// many cores other programs of this machine were using, which no figure here is free of.
func (m *meter) costs(row *Row, events int64) {
	after, took := m.trial.usages(), m.took()
	names := []string{ours, serverK, serverR, serverC, benchItself}
	if len(m.trial.pids()[ours]) == 0 { // this process did the work
		names = []string{benchItself, serverK, serverR, serverC}
	}
	for _, name := range names {
		if _, known := after[name]; known {
			row.add("CPU "+name, perMillion(spent(m.used, after, name), events), "s per million")
		}
	}
	if u, ok := after[ours]; ok {
		row.add("peak memory", float64(u.peak)/1e6, "MB")
	}
	row.add("used by others", m.others(after, took), "cores")
}

// total is the processor time of all processes of a row.
func (r *Row) total() float64 {
	sum := 0.0
	for _, v := range r.Values {
		if strings.HasPrefix(v.Name, "CPU ") {
			sum += v.Value
		}
	}
	return sum
}

// others is how many cores all other programs of this machine used.
func (m *meter) others(after map[string]usage, took time.Duration) float64 {
	rest := machineBusy() - m.busy
	for name := range after {
		rest -= spent(m.used, after, name)
	}
	return max(rest.Seconds()/took.Seconds(), 0)
}

// machineBusy is the processor time of everything on this machine so far; zero where it is not known.
func machineBusy() time.Duration {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line) // cpu user nice system idle iowait irq softirq steal guest …
	ticks := int64(0)
	for i, f := range fields {
		if slices.Contains([]int{1, 2, 3, 6, 7, 8}, i) {
			n, _ := strconv.ParseInt(f, 10, 64)
			ticks += n
		}
	}
	return time.Duration(ticks) * time.Second / 100
}
