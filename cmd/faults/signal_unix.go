//go:build unix

package faults

import (
	"os"
	"syscall"
)

// Signals that freeze a process and let it go on.
var (
	freeze os.Signal = syscall.SIGSTOP
	thaw   os.Signal = syscall.SIGCONT
)

// supported reports why processes cannot be broken here.
func supported() error { return nil }
