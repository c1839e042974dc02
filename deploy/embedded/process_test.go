package embedded

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// childOf finds the child of this process that serves the address, in the process table.
func childOf(t *testing.T, c *ClickHouse) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("finding the child needs /proc")
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/children", os.Getpid()))
	if err != nil {
		t.Skip(err)
	}
	tasks, _ := os.ReadDir("/proc/self/task")
	for _, task := range tasks {
		more, _ := os.ReadFile("/proc/self/task/" + task.Name() + "/children")
		children = append(append(children, ' '), more...)
	}
	for _, field := range bytes.Fields(children) {
		pid, _ := strconv.Atoi(string(field))
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if strings.Contains(string(line), c.options.Data+"\x00") {
			return pid
		}
	}
	t.Fatal("the child is not in the process table")
	return 0
}

func killProcess(t *testing.T, pid int) { tell(t, pid, syscall.SIGKILL) }

func stopProcess(t *testing.T, pid int) { tell(t, pid, syscall.SIGSTOP) }

func tell(t *testing.T, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
}
