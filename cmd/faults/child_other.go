//go:build !linux

package faults

import "syscall"

func child() *syscall.SysProcAttr { return nil }
