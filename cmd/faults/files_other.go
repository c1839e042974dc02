//go:build !linux

package faults

import "errors"

// noFiles needs a limit that can be set for another process.
func noFiles(*Run) error {
	return errors.New("the limit of files of another process cannot be set on this system: run this scenario on Linux")
}

// errNoLimit says why a disk cannot be full here.
var errNoLimit = errors.New("how long the files of another process may become cannot be set on this system: run this scenario on Linux")

// redisFull and kafkaFull need such a limit too.
func redisFull(*Run) error { return errNoLimit }

func kafkaFull(*Run) error { return errNoLimit }
