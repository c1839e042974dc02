//go:build !linux

package faults

import "errors"

// noFiles needs a limit that can be set for another process.
func noFiles(*Run) error {
	return errors.New("the limit of files of another process cannot be set on this system: run this scenario on Linux")
}

// redisFull needs such a limit too.
func redisFull(*Run) error {
	return errors.New("how long the files of another process may become cannot be set on this system: run this scenario on Linux")
}
