//go:build unix

package bench

import "syscall"

// openFiles is how many files a process may have open; the Go runtime raises its soft limit to the hard one by itself.
func openFiles() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return uint64(limit.Max)
}
