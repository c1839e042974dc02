package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// workshop is a copy of the source tree in which one mutant lives at a time. It belongs to one goroutine.
type workshop struct {
	dir     string // of the copy
	program string // of the harness, which is never mutated
	seed    uint64
}

// newWorkshop copies the files that git knows, as they are in the work tree, and lends it the downloaded servers. The copy is in the same place
// each time, so that what was built for it before need not be built again.
func newWorkshop(ctx context.Context, seed uint64) (*workshop, error) {
	root, err := command(ctx, ".", "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, fmt.Errorf("find the source tree: %w\n%s", err, root)
	}
	root = strings.TrimSpace(root)
	w := &workshop{dir: filepath.Join(root, ".cache", "mutants"), seed: seed}
	if err := os.RemoveAll(w.dir); err != nil { // of a run that was killed
		return nil, err
	}
	if err := w.fill(ctx, root); err != nil {
		w.close()
		return nil, fmt.Errorf("copy the source tree: %w", err)
	}
	return w, nil
}

func (w *workshop) fill(ctx context.Context, root string) error {
	list := exec.CommandContext(ctx, "git", "ls-files", "-z")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		body, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted in the work tree
		}
		if err != nil {
			return err
		}
		to := filepath.Join(w.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, body, 0o600)); err != nil {
			return err
		}
	}
	for _, name := range []string{"kafka", "chdb"} { // the folder as a whole would hold the copy
		to := filepath.Join(w.dir, ".cache", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.Symlink(filepath.Join(root, ".cache", name), to)); err != nil {
			return err
		}
	}
	return nil
}

func (w *workshop) close() { _ = os.RemoveAll(w.dir) }

// mutate applies a mutant, checks that it compiles, and reports whether its check goes red.
func (w *workshop) mutate(ctx context.Context, m *mutant) (caught bool, err error) {
	file := filepath.Join(w.dir, m.file)
	text, err := os.ReadFile(file)
	if err != nil {
		return false, err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return false, fmt.Errorf("%s holds the text that it replaces %d times, want once: the code has changed, and the mutant has to follow\n%s", m.file, n, m.old)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), m.old, m.broken, 1)), 0o600); err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.WriteFile(file, text, 0o600)) }()
	program := ""
	if m.scenario != "" {
		program = filepath.Join(w.dir, "mutant")
		if out, err := w.build(ctx, program); err != nil {
			return false, fmt.Errorf("it does not compile: %w\n%s", err, out)
		}
	}
	out, err := w.try(ctx, m, program)
	if strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]") {
		return false, fmt.Errorf("it does not compile: %w\n%s", err, out)
	}
	var red *exec.ExitError
	if errors.As(err, &red) {
		return true, nil
	}
	return false, err
}

// build builds the program of the copy as it is.
func (w *workshop) build(ctx context.Context, to string) (string, error) {
	return command(ctx, w.dir, "go", "build", "-o", to, "./cmd/touchwatch")
}

// try runs the check of a mutant on the copy as it is; program is the mutant of the program, "" for none.
func (w *workshop) try(ctx context.Context, m *mutant, program string) (string, error) {
	if m.scenario == "" {
		return command(ctx, w.dir, "go", "test", "-count=1", "-timeout", "5m", "-run", "^("+m.test+")$", "./"+m.pkg)
	}
	if w.program == "" {
		w.program = filepath.Join(w.dir, "harness")
		if out, err := w.build(ctx, w.program); err != nil {
			return out, err
		}
	}
	if program == "" {
		program = w.program
	}
	return command(ctx, w.dir, w.program, "faults", "run", m.scenario, "--program", program, "--seed", strconv.FormatUint(w.seed, 10))
}
