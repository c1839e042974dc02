package embedded

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childOf finds the child of this process that serves the address, in the process table.
func childOf(t *testing.T, c *ClickHouse) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("finding the child needs /proc")
	}
	pid := frontOf(t, c.options.Data)
	if pid == 0 {
		t.Fatal("the child is not in the process table")
	}
	return pid
}

// frontOf finds the process that serves a data folder; 0 means none.
func frontOf(t *testing.T, data string) int {
	t.Helper()
	processes, err := os.ReadDir("/proc")
	if err != nil {
		t.Skip(err)
	}
	for _, p := range processes {
		pid, err := strconv.Atoi(p.Name())
		if err != nil {
			continue
		}
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if arguments := strings.Split(string(line), "\x00"); slices.Contains(arguments, data) && slices.Contains(arguments, FrontCommand) {
			return pid
		}
	}
	return 0
}

func TestTheEngineFindsAnEmptyStandardInput(t *testing.T) {
	server := startClickHouse(t, ClickHouseOptions{})
	// Whatever is there otherwise, an INSERT may read from it for ever.
	if file, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/0", childOf(t, server))); err != nil || file != os.DevNull {
		t.Errorf("%q, %v", file, err)
	}
}

func TestTheChildDiesWithAParentThatIsKilled(t *testing.T) {
	if _, err := FindLibchdb(); err != nil || runtime.GOOS != "linux" {
		t.Skip("needs Linux and libchdb: ", err)
	}
	data := filepath.Join(t.TempDir(), "data")
	parent := exec.Command(os.Args[0], parentCommand, data)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "true <nil>\n" {
		t.Fatal(line, err)
	}
	child := frontOf(t, data)
	if child == 0 {
		t.Fatal("there is no child")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	deadline := time.Now().Add(10 * time.Second)
	for frontOf(t, data) != 0 {
		if time.Now().After(deadline) {
			_ = syscall.Kill(child, syscall.SIGKILL)
			t.Fatal("the child lives on")
		}
	}
}

func killProcess(t *testing.T, pid int) { tell(t, pid, syscall.SIGKILL) }

func stopProcess(t *testing.T, pid int) { tell(t, pid, syscall.SIGSTOP) }

func tell(t *testing.T, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
}
