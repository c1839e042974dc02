package faults

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
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

// TestScenarios runs the scenarios that TOUCHWATCH_TEST_FAULTS names, separated by commas, or "all", on real servers: they take
// minutes and both cores.
func TestScenarios(t *testing.T) {
	names := os.Getenv("TOUCHWATCH_TEST_FAULTS")
	if names == "" {
		t.Skip(`TOUCHWATCH_TEST_FAULTS is not set: scenarios take minutes and both cores; name some, such as "kill,zombie", or "all"`)
	}
	chosen := All
	if names != "all" {
		chosen = nil
		for name := range strings.SplitSeq(names, ",") {
			s := Find(name)
			if s == nil {
				t.Fatalf("there is no scenario %q", name)
			}
			chosen = append(chosen, *s)
		}
	}
	if _, err := findParts(); errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	program := filepath.Join(t.TempDir(), "touchwatch")
	if out, err := exec.Command("go", "build", "-o", program, "touchwatch/cmd/touchwatch").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	for i := range chosen {
		t.Run(chosen[i].Name, func(t *testing.T) {
			var said bytes.Buffer
			ctx, cancel := context.WithTimeout(context.Background(), 6*time.Minute)
			defer cancel()
			err := Start(ctx, &chosen[i], Options{Program: program, Seed: seed(t), Out: &said})
			t.Logf("\n%s", said.String())
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestScenariosSayWhatTheyAreAbout(t *testing.T) {
	names := map[string]bool{}
	for i := range All {
		s := &All[i]
		if s.Name == "" || s.Row == "" || s.Fault == "" || s.Holds == "" || s.play == nil || names[s.Name] {
			t.Errorf("scenario %+v lacks something, or its name is taken", s.Name)
		}
		names[s.Name] = true
		if Find(s.Name) != s {
			t.Errorf("scenario %s is not found by its name", s.Name)
		}
	}
}

func TestAFolderThatHoldsSomethingIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := emptyDir(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "old"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if emptyDir(dir) == nil {
		t.Error("data of an earlier run would take part in the next one")
	}
}
