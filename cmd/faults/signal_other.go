//go:build !unix

package faults

import (
	"errors"
	"os"
)

var freeze, thaw os.Signal = os.Kill, os.Kill

func supported() error {
	return errors.New("fault scenarios need signals to freeze processes, which this system does not have")
}
