package faults

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// seed is the world of these tests; TOUCHWATCH_TEST_SEED chooses another.
func seed(t *testing.T) uint64 {
	text := os.Getenv("TOUCHWATCH_TEST_SEED")
	if text == "" {
		return 20261103
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("TOUCHWATCH_TEST_SEED: %v", err)
	}
	return n
}

// TestScenarios runs every scenario on real servers. It needs TOUCHWATCH_TEST_FAULTS=1, since it takes minutes and both cores.
func TestScenarios(t *testing.T) {
	if os.Getenv("TOUCHWATCH_TEST_FAULTS") == "" {
		t.Skip("TOUCHWATCH_TEST_FAULTS is not set: scenarios take minutes and both cores; run `make faults` or one by -run TestScenarios/NAME")
	}
	if _, err := findParts(); errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	program := filepath.Join(t.TempDir(), "touchwatch")
	if out, err := exec.Command("go", "build", "-o", program, "touchwatch/cmd/touchwatch").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	for i := range All {
		t.Run(All[i].Name, func(t *testing.T) {
			var said bytes.Buffer
			ctx, cancel := context.WithTimeout(context.Background(), 6*time.Minute)
			defer cancel()
			err := Start(ctx, &All[i], Options{Program: program, Seed: seed(t), Out: &said})
			t.Logf("\n%s", said.String())
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
