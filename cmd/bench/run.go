package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// run is one Run under way.
type run struct {
	ctx     context.Context
	opt     Options
	tell    *teller
	servers *servers
	dir     string
	report  *Report
	trials  int
	warmed  bool // see warm
	probed  int  // probes sent so far; their numbers are never used twice
}

// Usual values of what only tests change: the share of customers that get into trouble, how many touchpoints a second happen at least in
// a backlog's world, and how long traffic flows before latency is measured or the program is killed.
const (
	usualTrouble = 0.05
	usualPace    = 1000
	usualWarmUp  = 5 * time.Second
)

// Run measures what the options ask for. It returns what it has also when an error or the end of ctx cut it short.
func Run(ctx context.Context, opt Options) (*Report, error) {
	report := &Report{Date: time.Now().UTC(), Versions: map[string]string{}}
	if err := opt.Validate(); err != nil {
		return report, err
	}
	if opt.warmUp == 0 {
		opt.warmUp = usualWarmUp
	}
	if opt.trouble == 0 {
		opt.trouble = usualTrouble
	}
	if opt.pace == 0 {
		opt.pace = usualPace
	}
	r := &run{ctx: ctx, opt: opt, report: report, dir: opt.Dir, tell: &teller{out: opt.Progress, terminal: opt.Terminal, began: time.Now()}}
	if r.dir == "" {
		dir, err := os.MkdirTemp("", "touchwatch-bench-")
		if err != nil {
			return report, fmt.Errorf("make a folder: %w", err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		r.dir = dir
	}
	for _, dir := range []string{r.dir, opt.CPUProfile} {
		if dir == "" {
			continue
		}
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return report, fmt.Errorf("make a folder: %w", err)
		}
	}
	var err error
	r.servers, err = startServers(ctx, &opt, r.dir)
	defer r.servers.close()
	if opt.shrink != nil {
		opt.shrink(&r.servers.cfg)
	}
	if err == nil {
		err = r.prepare()
	}
	if err == nil {
		err = r.parts()
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return report, err
}

// prepare checks that the servers are empty and notes what is measured on what.
func (r *run) prepare() error {
	t, err := r.connect(&r.servers.cfg)
	if err != nil {
		return err
	}
	defer t.disconnect()
	if r.opt.Given != nil {
		if err := t.mustBeEmpty(); err != nil {
			return err
		}
	}
	r.report.Servers, r.report.Machine = r.servers.what, machine()
	r.report.Versions = r.versions(t)
	r.tell.say("%s servers run; %s", r.servers.what, r.report.Machine)
	if r.servers.noHouse != "" {
		r.tell.say("nothing is measured with the archive: %s", r.servers.noHouse)
	}
	return nil
}

// parts runs the parts in their order. One that fails does not keep the others from being measured.
func (r *run) parts() error {
	var problems []error
	for _, p := range []struct {
		name string
		run  func() error
	}{
		{PartThroughput, r.throughput},
		{PartLimit, r.throughput},
		{PartNaive, r.naive},
		{PartLatency, r.latency},
		{PartFanout, r.fanout},
		{PartRecovery, r.recovery},
		{PartScale, r.scale},
	} {
		if !r.opt.has(p.name) || r.ctx.Err() != nil || (p.name == PartLimit && r.opt.has(PartThroughput)) {
			continue
		}
		r.tell.say("part %s", p.name)
		if err := p.run(); err != nil {
			r.tell.say("part %s failed: %v", p.name, err)
			problems = append(problems, fmt.Errorf("part %s: %w", p.name, err))
		}
	}
	return errors.Join(problems...)
}

// row adds a row to the report.
func (r *run) row(row Row) { r.report.Rows = append(r.report.Rows, row) }
