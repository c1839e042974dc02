package embedded

import "syscall"

// childAttributes make the child die with us, whatever ends us, and keep a terminal's Ctrl-C from it: we stop it in order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
