package front

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// newSpool makes a file that has no name in any folder and lives in memory: nothing is left behind, even after a crash.
// The path opens it from within this process.
func newSpool() (file *os.File, path string, err error) {
	fd, err := unix.MemfdCreate("touchwatch-insert", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, "", fmt.Errorf("create file in memory: %w", err)
	}
	return os.NewFile(uintptr(fd), "insert"), fmt.Sprintf("/proc/self/fd/%d", fd), nil
}

func closeSpool(file *os.File) { _ = file.Close() }
