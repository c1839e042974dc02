//go:build !linux

package faults

import "errors"

// noFiles needs a limit that can be set for another process.
func noFiles(*Run) error {
	return errors.New("the limit of files of another process cannot be set on this system: run this scenario on Linux")
}
