// Command mutants breaks the code on purpose, one promise at a time, and checks that a test or a fault scenario goes red for it: a
// guarantee is worth what its tests are worth. It works in a copy of the source tree and changes nothing in the tree itself.
//
//	go run ./cmd/faults/mutants                  all mutants that tests of packages catch
//	go run ./cmd/faults/mutants -scenarios       those that need real servers as well
//	go run ./cmd/faults/mutants -only owner,plan
//	go run ./cmd/faults/mutants -list            the table of docs/faults.md
//
// A mutant whose text is not found in its file exactly once, which does not compile, or whose check is red without it, is an error: it
// proves nothing any more. The exit code is 0 when every mutant was caught.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"time"
)

func main() {
	only := flag.String("only", "", "names of mutants, separated by commas (default: all)")
	list := flag.Bool("list", false, "print the table of mutants and end")
	scenarios := flag.Bool("scenarios", false, "also those that only a scenario on real servers catches")
	seed := flag.Uint64("seed", 1, "seed of the scenarios")
	flag.Parse()
	if *list {
		printTable()
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, chosen(*only, *scenarios), *seed); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// chosen are the mutants of these names, or all of a kind.
func chosen(only string, scenarios bool) []mutant {
	var all []mutant
	for _, m := range mutants {
		if only != "" && slices.Contains(strings.Split(only, ","), m.name) || only == "" && (scenarios || m.scenario == "") {
			all = append(all, m)
		}
	}
	return all
}

func printTable() {
	fmt.Println("| mutant | what is broken | caught by |\n| --- | --- | --- |")
	for _, m := range mutants {
		fmt.Printf("| `%s` | %s | %s |\n", m.name, m.what, m.check())
	}
}

func run(ctx context.Context, all []mutant, seed uint64) error {
	if len(all) == 0 {
		return errors.New("there is no mutant of that name, see -list")
	}
	w, err := newWorkshop(ctx, seed)
	if err != nil {
		return err
	}
	defer w.close()
	var survived []string
	clean := map[string]bool{}
	for i := range all {
		m := &all[i]
		began := time.Now()
		if !clean[m.check()] {
			if out, err := w.try(ctx, m, ""); err != nil {
				return fmt.Errorf("%s is red without any mutant: %w\n%s", m.check(), err, out)
			}
			clean[m.check()] = true
		}
		caught, err := w.mutate(ctx, m)
		if err != nil {
			return fmt.Errorf("mutant %s: %w", m.name, err)
		}
		verdict := "caught by"
		if !caught {
			verdict, survived = "SURVIVED", append(survived, m.name)
		}
		fmt.Printf("%-18s %s %s (%s)\n", m.name, verdict, m.check(), time.Since(began).Round(time.Second))
	}
	if len(survived) > 0 {
		return fmt.Errorf("%d of %d survived: %s", len(survived), len(all), strings.Join(survived, ", "))
	}
	fmt.Printf("all %d mutants were caught\n", len(all))
	return nil
}

// command runs a command in a folder and returns the end of what it said.
func command(ctx context.Context, dir string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.WaitDelay = dir, 10*time.Second
	out, err := cmd.CombinedOutput()
	if len(out) > 4000 {
		out = out[len(out)-4000:]
	}
	if ctx.Err() != nil {
		return string(out), ctx.Err()
	}
	return string(out), err
}
