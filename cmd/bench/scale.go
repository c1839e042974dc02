package bench

import (
	"fmt"
	"slices"

	"touchwatch/cmd/app"
)

// statesGrowBy is a target of the issue that this package was made for: how much more an event may cost with many more customers, in %.
const statesGrowBy = 20

// scale measures the same backlog on more and more partitions, processes and stored customers, without the archive.
func (r *run) scale() error {
	if err := r.warm(); err != nil {
		return err
	}
	for _, partitions := range r.opt.Partitions {
		name := fmt.Sprintf("%d timeline partitions, 1 process", partitions)
		if _, err := r.scaleStep(name, partitions, 1, 0); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	most := r.servers.cfg.Topics.TimelinePartitions
	if len(r.opt.Partitions) > 0 {
		most = slices.Max(r.opt.Partitions)
	}
	for _, processes := range r.opt.Processes {
		if processes == 1 && len(r.opt.Partitions) > 0 {
			continue // measured above
		}
		name := fmt.Sprintf("%d timeline partitions, %d processes", most, processes)
		if _, err := r.scaleStep(name, most, processes, 0); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return r.scaleStates()
}

// scaleStates measures what an event costs with more and more customers in Redis, besides those whose events they are.
func (r *run) scaleStates() error {
	var costs []Row
	least := 0.0
	for _, states := range r.opt.States {
		name := figure(float64(states)) + " customers stored"
		row, err := r.scaleStep(name, r.servers.cfg.Topics.TimelinePartitions, 1, states)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		cost := 0.0
		for _, of := range []string{ours, serverR} {
			c, _ := row.Value("CPU " + of)
			cost += c
		}
		if least == 0 {
			least = cost
		}
		of := Row{Part: PartScale, Case: name}
		of.add("program and Redis", cost, "s per million")
		of.atMost("more than with the fewest", 100*(cost/max(least, 1e-9)-1), "%", statesGrowBy)
		costs = append(costs, of)
	}
	r.report.Rows = append(r.report.Rows, costs...)
	return nil
}

// scaleStep measures one step and returns its row.
func (r *run) scaleStep(name string, partitions, processes, states int) (Row, error) {
	t, err := r.trial(PartScale, func(cfg *app.Config) {
		withoutArchive(cfg)
		cfg.Topics.TimelinePartitions = partitions
	})
	if err != nil {
		return Row{}, err
	}
	defer t.close()
	if states > 0 {
		if _, err := t.preload(states); err != nil {
			return Row{}, err
		}
	}
	world := t.world(r.opt.Customers, r.opt.ScaleRecords)
	if err := t.fill(world, r.opt.ScaleRecords); err != nil {
		return Row{}, err
	}
	w, err := t.work(processes)
	if err != nil {
		return Row{}, err
	}
	row := Row{Part: PartScale, Case: name}
	row.add("throughput", float64(t.events)/w.alerted.Seconds(), "events/s")
	row.Values = append(row.Values, w.costs.Values...)
	r.row(row)
	r.tell.say("%s: %s events/s", name, figure(row.Values[0].Value))
	return row, t.stop()
}
