//go:build !linux

package front

import (
	"fmt"
	"os"
)

// newSpool makes a temporary file that only this user can read.
func newSpool() (file *os.File, path string, err error) {
	file, err = os.CreateTemp("", "touchwatch-insert-*")
	if err != nil {
		return nil, "", fmt.Errorf("create temporary file: %w", err)
	}
	return file, file.Name(), nil
}

func closeSpool(file *os.File) {
	_ = file.Close()
	_ = os.Remove(file.Name())
}
