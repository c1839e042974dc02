package bench

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"touchwatch/cmd/app"
)

// Names of the parts, in the order in which they run.
const (
	PartThroughput = "throughput"
	PartLimit      = "limit"
	PartNaive      = "naive"
	PartLatency    = "latency"
	PartFanout     = "fanout"
	PartRecovery   = "recovery"
	PartScale      = "scale"
)

// Parts lists all parts.
var Parts = []string{PartThroughput, PartLimit, PartNaive, PartLatency, PartFanout, PartRecovery, PartScale}

// Options say what to measure. Defaults fills them; zero lists mean that nothing of that kind is measured.
type Options struct {
	// Program is the path of the touchwatch program, Version which one it is.
	Program, Version string
	// Parts are what to run; empty means all. The limit is measured with the throughput, which it is compared with.
	Parts []string
	// Real starts a real Kafka and Redis instead of the embedded ones; Given uses servers that run already, which must be empty.
	Real  bool
	Given *app.Config
	// Dir keeps data and logs while it runs; empty means a temporary folder, which is removed.
	Dir string
	// Seed decides the world. Records and Customers are the size of the backlog.
	Seed      uint64
	Records   int64
	Customers int
	// Archive measures the throughput with the archive as well. Warm is a backlog that is worked off before, on real servers; 0: none.
	Archive bool
	Warm    int64
	// Check compares what came out with the oracle.
	Check bool
	// Session is the consumer groups' session time-out; a crash is noticed after that long.
	Session time.Duration
	// NaiveFor is how long each one-at-a-time loop runs.
	NaiveFor time.Duration
	// Rates are touchpoints per second for the latency, each held for Hold; Window is how many may be unapplied at saturation.
	Rates  []int
	Hold   time.Duration
	Window int64
	// Sockets are counts of boards.
	Sockets []int
	// Stored is how many customers are in Redis when the program is killed; RecoverRate is the traffic meanwhile.
	Stored      int
	RecoverRate int
	// ScaleRecords is the backlog of each step of the scale; Partitions, Processes and States are the steps.
	ScaleRecords int64
	Partitions   []int
	Processes    []int
	States       []int
	// CPUProfile is a folder that gets a profile of the program for every case; empty means none.
	CPUProfile string
	// Progress is told what happens; nil means nobody. Terminal says that it is one, where a line may be overwritten.
	Progress io.Writer
	Terminal bool

	warmUp  time.Duration     // how long traffic flows before anything is measured; zero means 5 s
	trouble float64           // share of customers with trouble ahead of them; zero means 0.05
	pace    float64           // touchpoints a second of a backlog's world, at least; zero means 1000
	only    string            // the one case of the throughput to measure; empty means both
	shrink  func(*app.Config) // changes what the servers' configuration starts from; nil means nothing
}

// Defaults are the sizes that the figures in docs/benchmarks.md rest on.
func Defaults() Options {
	return Options{
		Seed: 1, Records: 1_000_000, Customers: 50_000, Archive: true, Warm: 600_000, Check: true, Session: 20 * time.Second, NaiveFor: 10 * time.Second,
		Rates: []int{1000, 5000, 10_000}, Hold: 20 * time.Second, Window: 10_000, Sockets: []int{1000, 10_000},
		Stored: 1_000_000, RecoverRate: 1000, ScaleRecords: 200_000, Partitions: []int{1, 2, 4, 8}, Processes: []int{1, 2},
		States: []int{10_000, 100_000, 1_000_000},
	}
}

// Validate returns all problems at once, each beginning with its flag.
func (o *Options) Validate() error {
	var problems []error
	want := func(ok bool, flag, what string, got any) {
		if !ok {
			problems = append(problems, fmt.Errorf("--%s: want %s, got %v", flag, what, got))
		}
	}
	for _, p := range o.Parts {
		want(slices.Contains(Parts, p), "parts", "some of "+strings.Join(Parts, ", "), p)
	}
	want(!o.Real || o.Given == nil, "real", "either --real or --config", "both")
	want(o.Records >= 100, "records", "at least 100", o.Records)
	want(o.ScaleRecords >= 100, "scale-records", "at least 100", o.ScaleRecords)
	want(o.Warm >= 0, "warm", "0 or more", o.Warm)
	want(o.Customers >= 1, "customers", "at least 1", o.Customers)
	want(o.Session >= 6*time.Second && o.Session <= 5*time.Minute, "session", "6s to 5m", o.Session)
	want(o.NaiveFor > 0, "naive-for", "more than 0", o.NaiveFor)
	want(o.Hold >= time.Second, "hold", "at least 1s", o.Hold)
	want(o.Window >= 1, "window", "at least 1", o.Window)
	want(o.Stored >= 1, "stored", "at least 1", o.Stored)
	want(o.RecoverRate >= 1, "recover-rate", "at least 1", o.RecoverRate)
	for flag, list := range map[string][]int{"rates": o.Rates, "sockets": o.Sockets, "partitions": o.Partitions, "processes": o.Processes, "states": o.States} {
		for _, n := range list {
			want(n >= 1, flag, "numbers of at least 1", n)
		}
	}
	return errors.Join(problems...)
}

// has reports whether a part was asked for.
func (o *Options) has(part string) bool { return len(o.Parts) == 0 || slices.Contains(o.Parts, part) }
