package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticksPerSecond is the unit of processor times in /proc, 100 on every Linux that Go runs on.
const ticksPerSecond = 100

// usageOf returns the processor time that a process and its children that have ended took, and the most memory it held so far.
func usageOf(pid int) (usage, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return usage{}, fmt.Errorf("read processor time: %w", err)
	}
	// The name in parentheses may hold spaces; what follows is state, …, and as 14th to 17th field of all the times.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 15 {
		return usage{}, fmt.Errorf("%s/stat has %d fields", dir, len(fields))
	}
	ticks := int64(0)
	for _, f := range fields[11:15] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return usage{}, fmt.Errorf("%s/stat: %w", dir, err)
		}
		ticks += n
	}
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return usage{}, fmt.Errorf("read memory: %w", err)
	}
	now, err1 := kilobytes(status, "VmRSS:")
	peak, err2 := kilobytes(status, "VmHWM:")
	return usage{cpu: time.Duration(ticks) * time.Second / ticksPerSecond, rss: now, peak: peak}, errors.Join(err1, err2)
}

func kilobytes(status []byte, name string) (int64, error) {
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("the process has no %s any more", strings.TrimSuffix(name, ":"))
}

// resetPeak makes the peak of memory begin anew; where that is not allowed, it goes on.
func resetPeak(pid int) { _ = os.WriteFile("/proc/"+strconv.Itoa(pid)+"/clear_refs", []byte("5"), 0) }
