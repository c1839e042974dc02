package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"touchwatch/cmd/bench"
)

func benchCommand() *cobra.Command {
	o := bench.Defaults()
	var config, jsonFile string
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure throughput, latency, boards, recovery and scale", Args: takes(),
		Long: `Measure the whole program on this machine: a backlog through all stages, how near that comes to a bare loop of the same clients,
how late alerts are, how many boards a node carries, how long a crash lasts, and what more partitions, processes and customers cost.
It starts embedded servers, or with --real a Kafka and a Redis as 'make servers' does; --config uses servers that run already and
are EMPTY: everything there is deleted between two cases. What each part means: docs/benchmarks.md.`,
		Example: "  touchwatch bench --records 100000 --customers 5000\n  touchwatch bench --real --parts throughput,limit --json figures.json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if config != "" {
				given, err := loadConfig(config)
				if err != nil {
					return err
				}
				o.Given = &given
			}
			if err := o.Validate(); err != nil {
				return &usageError{err}
			}
			var err error
			if o.Program, err = os.Executable(); err != nil {
				return fmt.Errorf("find this program: %w", err)
			}
			o.Version = version().Version + " " + version().Revision
			o.Progress, o.Terminal = cmd.ErrOrStderr(), terminal(os.Stderr)
			return runBench(cmd, &o, jsonFile)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.Parts, "parts", nil, "parts to run (default: all): throughput, limit, naive, latency, fanout, recovery, scale")
	f.BoolVar(&o.Real, "real", false, "on a real Kafka and Redis, from 'make servers', on ports of their own")
	f.StringVarP(&config, "config", "c", "", "on the EMPTY servers of this configuration file, with its partitions and limits")
	f.StringVar(&jsonFile, "json", "", "write the figures to this file as well, as JSON")
	f.StringVar(&o.CPUProfile, "cpuprofile", "", "write a processor profile of the program for each case into this folder")
	f.StringVar(&o.Dir, "dir", "", "keep data and logs in this folder (default: a temporary one, which is removed)")
	f.Uint64Var(&o.Seed, "seed", o.Seed, "seed of the simulated world")
	f.Int64Var(&o.Records, "records", o.Records, "records of the backlog")
	f.IntVar(&o.Customers, "customers", o.Customers, "customers whose records they are")
	f.BoolVar(&o.Archive, "archive", o.Archive, "throughput: measure it with the archive beside as well")
	f.Int64Var(&o.Warm, "warm", o.Warm, "records that are worked off first, so that a real broker's virtual machine has compiled what it runs")
	f.BoolVar(&o.Check, "check", o.Check, "compare what came out with the oracle")
	f.DurationVar(&o.Session, "session", o.Session, "session time-out of the consumer groups")
	f.DurationVar(&o.NaiveFor, "naive-for", o.NaiveFor, "how long each one-at-a-time loop runs")
	f.IntSliceVar(&o.Rates, "rates", o.Rates, "latency: touchpoints per second")
	f.DurationVar(&o.Hold, "hold", o.Hold, "latency and fanout: how long each rate or count of boards is held")
	f.Int64Var(&o.Window, "window", o.Window, "latency at saturation: touchpoints that may be under way")
	f.IntSliceVar(&o.Sockets, "sockets", o.Sockets, "fanout: boards on one node")
	f.IntVar(&o.Stored, "stored", o.Stored, "recovery: customers in Redis when the program is killed")
	f.IntVar(&o.RecoverRate, "recover-rate", o.RecoverRate, "recovery: touchpoints per second meanwhile")
	f.Int64Var(&o.ScaleRecords, "scale-records", o.ScaleRecords, "scale: records of each step")
	f.IntSliceVar(&o.Partitions, "partitions", o.Partitions, "scale: timeline partitions")
	f.IntSliceVar(&o.Processes, "processes", o.Processes, "scale: processes, on the most partitions")
	f.IntSliceVar(&o.States, "states", o.States, "scale: customers in Redis")
	return cmd
}

// runBench prints the table, and writes the JSON, also of a run that was cut short.
func runBench(cmd *cobra.Command, o *bench.Options, jsonFile string) error {
	report, err := bench.Run(cmd.Context(), *o)
	if len(report.Rows) > 0 {
		err = errors.Join(err, report.Table(cmd.OutOrStdout()))
	}
	if jsonFile == "" {
		return err
	}
	file, failed := os.Create(jsonFile)
	if failed != nil {
		return errors.Join(err, fmt.Errorf("--json: %w", failed))
	}
	return errors.Join(err, report.JSON(file), file.Close())
}

// benchChildCommand is a process of a benchmark.
func benchChildCommand() *cobra.Command {
	return &cobra.Command{
		Use: bench.ChildCommand, Short: "A process of a benchmark", Hidden: true, DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error { return bench.RunChild(cmd.Context(), args) },
	}
}
