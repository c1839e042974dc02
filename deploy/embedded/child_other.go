//go:build !linux && unix

package embedded

import "syscall"

// childAttributes keep a terminal's Ctrl-C from the child: we stop it in order. That it ends with us is seen to by
// the pipe from us, which ends then.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
