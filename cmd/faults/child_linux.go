package faults

import "syscall"

// child makes a process end when the harness does, however that ends.
func child() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
