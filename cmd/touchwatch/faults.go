package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"touchwatch/cmd/app"
	"touchwatch/cmd/faults"
)

func faultsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "faults", Short: "Break the product on real servers and prove that nothing is lost", Hidden: true,
		Long: `Break the product on purpose: scenarios that kill, freeze and cut, on a real Kafka, Redis and ClickHouse engine that they start
themselves, and compare what came out with the world that was sent. For those who work on touchwatch, from its source tree;
the servers come from 'make servers'.`,
	}
	cmd.AddCommand(faultsListCommand(), faultsRunCommand(), faultsSoakCommand())
	return cmd
}

func faultsListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the scenarios", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for i := range faults.All {
				s := &faults.All[i]
				printf(cmd.OutOrStdout(), "%-14s %s\n%14s %s\n", s.Name, s.Fault, "", "→ "+s.Holds)
			}
			return nil
		},
	}
}

func faultsRunCommand() *cobra.Command {
	var seed uint64
	var dir, program string
	var parallel int
	cmd := &cobra.Command{
		Use: "run NAME", Short: "Run one scenario, several (a,b,c), or all", Args: takes("NAME"),
		Example: "  touchwatch faults run kill --seed 7\n  touchwatch faults run all --parallel 2",
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen, err := chosenScenarios(args[0])
			if err != nil {
				return err
			}
			if program == "" {
				if program, err = os.Executable(); err != nil {
					return fmt.Errorf("find this program: %w", err)
				}
			}
			if parallel < 1 {
				return &usageError{fmt.Errorf("--parallel is %d, must be at least 1", parallel)}
			}
			o := faults.Options{Program: program, Seed: seed, Dir: dir, Out: cmd.OutOrStdout()}
			return endOf(cmd.Context(), runScenarios(cmd.Context(), chosen, o, parallel))
		},
	}
	cmd.Flags().Uint64Var(&seed, "seed", 1, "decides the world and every random choice")
	cmd.Flags().StringVar(&program, "program", "", "break this build of touchwatch (default: this program)")
	cmd.Flags().StringVar(&dir, "dir", "", "keep data and logs in this folder, which must be empty (default: a temporary one, kept when a scenario fails)")
	cmd.Flags().IntVar(&parallel, "parallel", 1, "run so many scenarios at once, each with servers of its own; two on two cores take little more than half the time")
	return cmd
}

// runScenarios runs scenarios, so many at once, all of them even when some fail. With several at once every line begins with the scenario's name,
// and each has its own folder in o.Dir.
func runScenarios(ctx context.Context, chosen []*faults.Scenario, o faults.Options, parallel int) error {
	var lock sync.Mutex // of the output and of what failed
	var failed []error
	var running errgroup.Group
	running.SetLimit(parallel)
	for _, s := range chosen {
		one := o
		if len(chosen) > 1 && o.Dir != "" {
			one.Dir = filepath.Join(o.Dir, s.Name)
		}
		name := ""
		if len(chosen) > 1 && parallel > 1 {
			name = fmt.Sprintf("%-16s ", s.Name)
		}
		one.Out = &namedLines{name: name, lock: &lock, to: o.Out}
		running.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			if err := faults.Start(ctx, s, one); err != nil {
				printf(one.Out, "FAILED: %v\n", err)
				lock.Lock()
				defer lock.Unlock()
				failed = append(failed, fmt.Errorf("scenario %s failed", s.Name))
			}
			return nil
		})
	}
	_ = running.Wait() // what failed is in failed
	return errors.Join(failed...)
}

// namedLines writes whole lines of one scenario among those of others.
type namedLines struct {
	name string
	lock *sync.Mutex
	to   io.Writer
}

func (w *namedLines) Write(line []byte) (int, error) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if _, err := io.WriteString(w.to, w.name+string(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}

func faultsSoakCommand() *cobra.Command {
	var seed uint64
	var dir, program string
	var within time.Duration
	cmd := &cobra.Command{
		Use: "soak", Short: "Random faults for a given time, then every comparison", Args: takes(),
		Example: "  touchwatch faults soak --duration 30m --seed 7",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if within < time.Minute {
				return &usageError{fmt.Errorf("--duration is %s, must be at least 1m", within)}
			}
			if program == "" {
				if program, err = os.Executable(); err != nil {
					return fmt.Errorf("find this program: %w", err)
				}
			}
			o := faults.Options{Program: program, Seed: seed, Dir: dir, Out: cmd.OutOrStdout()}
			return endOf(cmd.Context(), faults.Start(cmd.Context(), faults.Soak(within), o))
		},
	}
	cmd.Flags().Uint64Var(&seed, "seed", 1, "decides the world and every random choice")
	cmd.Flags().StringVar(&program, "program", "", "break this build of touchwatch (default: this program)")
	cmd.Flags().StringVar(&dir, "dir", "", "keep data and logs in this folder, which must be empty (default: a temporary one, kept when it fails)")
	cmd.Flags().DurationVar(&within, "duration", 30*time.Minute, "how long to break things, at least 1m")
	return cmd
}

// chosenScenarios are the scenarios that a name means.
func chosenScenarios(name string) ([]*faults.Scenario, error) {
	var all []*faults.Scenario
	var names []string
	for i := range faults.All {
		all = append(all, &faults.All[i])
		names = append(names, faults.All[i].Name)
	}
	if name == "all" {
		return all, nil
	}
	var some []*faults.Scenario
	for one := range strings.SplitSeq(name, ",") {
		s := faults.Find(one)
		if s == nil {
			return nil, &usageError{fmt.Errorf("there is no scenario %q%s (see 'touchwatch faults list')", one, app.Suggest(one, names))}
		}
		some = append(some, s)
	}
	return some, nil
}
