package bench

import (
	"fmt"

	"touchwatch/cmd/app"
)

// Targets of the issue that this package was made for: shares of the bare loop, and how much an archive beside may slow alerts down.
const (
	shareWithArchive = 0.65
	shareAlone       = 0.45
	archiveSlowsBy   = 20 // %
)

// The cases of the throughput and of its limit.
const (
	caseAlone   = "alert path alone"
	caseArchive = "with the archive"
)

// throughput works off the same backlog without and with the archive, each followed by the bare loop that is its limit.
func (r *run) throughput() error {
	var alone, beside worked
	err := r.warm()
	if err != nil {
		return err
	}
	if r.opt.only != caseArchive {
		if alone, err = r.backlog(caseAlone, withoutArchive); err != nil {
			return err
		}
	}
	if r.opt.only == caseAlone || !r.opt.Archive || !r.servers.cfg.History() {
		return nil
	}
	if beside, err = r.backlog(caseArchive, nil); err != nil || r.opt.only != "" {
		return err
	}
	row := Row{Part: PartThroughput, Case: "alerts beside the archive"}
	row.add("states and alerts alone", alone.alerted.Seconds(), "s")
	row.add("beside the archive", beside.alerted.Seconds(), "s")
	row.atMost("slower by", 100*(beside.alerted.Seconds()/alone.alerted.Seconds()-1), "%", archiveSlowsBy)
	r.row(row)
	return nil
}

// backlog measures one case, and its limit where that was asked for.
func (r *run) backlog(name string, change func(*app.Config)) (worked, error) {
	t, err := r.trial(PartThroughput, change)
	if err != nil {
		return worked{}, err
	}
	defer t.close()
	r.tell.say("%s: %s records of %s customers", name, figure(float64(r.opt.Records)), figure(float64(r.opt.Customers)))
	world := t.world(r.opt.Customers, r.opt.Records)
	if err := t.introduce(world); err != nil {
		return worked{}, err
	}
	if err := t.fill(world, r.opt.Records); err != nil {
		return worked{}, err
	}
	world = nil
	w, err := t.work(1)
	if err != nil {
		return w, err
	}
	row := Row{Part: PartThroughput, Case: name}
	rate := float64(t.events) / w.last().Seconds()
	row.add("throughput", rate, "events/s")
	row.add("states complete", w.applied.Seconds(), "s")
	row.add("alerts complete", w.alerted.Seconds(), "s")
	row.add("rows complete", w.archived.Seconds(), "s")
	row.Values = append(row.Values, w.costs.Values...)
	r.tell.say("%s: %s events/s", name, figure(rate))
	if r.opt.Check {
		if err := t.check(); err != nil {
			return w, err
		}
		row.Note = "states, alerts and minutes compared with the oracle: equal"
	} else if err := t.stop(); err != nil {
		return w, err
	}
	r.row(row)
	if r.opt.has(PartLimit) {
		if err := t.limit(name, rate, w.costs); err != nil {
			return w, fmt.Errorf("limit: %w", err)
		}
	}
	return w, nil
}
