package bench

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"touchwatch/ingest/simulator"
	"touchwatch/ingest/simulator/send"
)

// Targets of the issue that this package was made for, in milliseconds.
const (
	lateAtRate       = 100
	lateAtRateUpTo   = 10_000 // touchpoints a second
	lateAtSaturation = 2000
)

// traffic is a world on its way to the brokers while something else is measured.
type traffic struct {
	base int64        // touchpoints that were applied before it began
	made atomic.Int64 // touchpoints that happened so far
	stop context.CancelFunc
	done chan error
}

// traffic begins to send touchpoints of this moment: rate of them a second, or, with a rate of zero, as many as are applied, so that at most
// a window of them is under way.
func (t *trial) traffic(rate int) (*traffic, error) {
	base, err := t.applied()
	if err != nil {
		return nil, err
	}
	tr := &traffic{base: base, done: make(chan error, 1)}
	options := simulator.Options{
		Seed: t.run.opt.Seed + uint64(rate), Customers: t.run.opt.Customers, Start: time.Now(), Rate: float64(rate), TroubleShare: t.run.opt.trouble,
		Tell: func(f simulator.Fact) {
			if f.Kind == simulator.Happened {
				tr.made.Add(1)
			}
		},
	}
	if rate == 0 {
		options.Rate = saturatedRate
	}
	world := simulator.New(options)
	ctx, stop := context.WithCancel(t.run.ctx)
	tr.stop = stop
	go func() {
		if rate > 0 {
			sender := send.Sender{Client: t.kafka, Log: quiet(), Speed: 1}
			tr.done <- sender.Run(ctx, world)
			return
		}
		tr.done <- t.pressed(ctx, tr, world)
	}()
	return tr, nil
}

// saturatedRate only decides how world time passes in a world that is sent as fast as it is taken.
const saturatedRate = 20_000

// pressed sends a world so that at most a window of touchpoints is not applied.
func (t *trial) pressed(ctx context.Context, tr *traffic, world *simulator.World) error {
	chunk := max(t.run.opt.Window/8, 1)
	for ctx.Err() == nil {
		applied, err := t.applied()
		if err != nil {
			return err
		}
		if tr.made.Load()-(applied-tr.base)+chunk > t.run.opt.Window {
			sleep(ctx, 10*time.Millisecond)
			continue
		}
		sender := send.Sender{Client: t.kafka, Log: quiet(), Limit: chunk}
		if err := sender.Run(ctx, world); err != nil {
			return err
		}
	}
	return nil
}

// end stops the traffic and waits for it.
func (tr *traffic) end() error {
	tr.stop()
	if err := <-tr.done; err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// latency measures how late alerts are at a board at several rates.
func (r *run) latency() error {
	if err := r.warm(); err != nil {
		return err
	}
	change, err := r.probing(nil)
	if err != nil {
		return err
	}
	t, err := r.trial(PartLatency, change)
	if err != nil {
		return err
	}
	defer t.close()
	n, err := t.start("latency")
	if err != nil {
		return err
	}
	if err := t.ready(n); err != nil {
		return err
	}
	for _, rate := range append(r.opt.Rates[:len(r.opt.Rates):len(r.opt.Rates)], 0) {
		if err := r.latencyAt(t, n, rate); err != nil {
			return fmt.Errorf("at %d a second: %w", rate, err)
		}
	}
	return t.stop()
}

// keptRate is the share of a rate that has to be sent to speak of that rate.
const keptRate = 0.85

// latencyAt measures at one rate; zero is saturation.
func (r *run) latencyAt(t *trial, n *node, rate int) error {
	name := figure(float64(rate)) + " events/s"
	if rate == 0 {
		name = "saturation"
	}
	b, err := openBoards(r.ctx, r.tell, n.addr, 1)
	if err != nil {
		return err
	}
	defer b.close()
	tr, err := t.traffic(rate)
	if err != nil {
		return err
	}
	defer tr.stop()
	if !sleep(r.ctx, r.opt.warmUp) {
		return r.ctx.Err()
	}
	p := t.probes(int(r.opt.Hold / probeEvery))
	b.listen(p)
	m, before := t.meter(), tr.made.Load()
	stop := r.tell.during("probes at "+name, func() (int64, int64) { return p.sent.Load(), int64(len(p.acked)) })
	err = p.send(r.ctx)
	stop()
	if err != nil {
		return err
	}
	events, took := tr.made.Load()-before, m.took()
	row := Row{Part: PartLatency, Case: name}
	row.add("sent", float64(events)/took.Seconds(), "events/s")
	missing := r.waitHeard(p, 1)
	costs := Row{}
	m.costs(&costs, events)
	if err := tr.end(); err != nil {
		return err
	}
	late := b.close()
	row.add("p50", millis(late.quantile(0.5)), "ms")
	switch {
	case rate == 0:
		row.atMost("p99", millis(late.quantile(0.99)), "ms", lateAtSaturation)
	case rate <= lateAtRateUpTo:
		row.atMost("p99", millis(late.quantile(0.99)), "ms", lateAtRate)
	default:
		row.add("p99", millis(late.quantile(0.99)), "ms")
	}
	row.add("max", millis(late.most), "ms")
	row.add("alerts", float64(late.n), "")
	row.add("missing", float64(missing), "")
	row.Values = append(row.Values, costs.Values...)
	if sent := float64(events) / took.Seconds(); sent < keptRate*float64(rate) {
		row.Note = fmt.Sprintf("only %s events/s were sent: the machine has no processor time left, so the latency is that of a saturated one without back-pressure", figure(sent))
	}
	r.row(row)
	r.tell.say("%s: p50 %s ms, p99 %s ms, max %s ms", name, figure(millis(late.quantile(0.5))), figure(millis(late.quantile(0.99))), figure(millis(late.most)))
	return t.drain(tr)
}

// heardWithin is how long the last alerts may take.
const heardWithin = 30 * time.Second

// waitHeard waits until all boards have heard of all probes, or a time is over, and returns how many alerts never came.
func (r *run) waitHeard(p *probes, boards int) int64 {
	deadline := time.Now().Add(heardWithin)
	for p.missing(boards) > 0 && time.Now().Before(deadline) && sleep(r.ctx, 20*time.Millisecond) {
	}
	return p.missing(boards)
}

// drain waits until all of the traffic is applied, so that the next case begins with an idle program. What had been made but was not sent when
// the traffic ended never comes: when nothing was applied for a while, that is taken for the end.
func (t *trial) drain(tr *traffic) error {
	last, moved := int64(-1), time.Now()
	return t.poll(func() error {
		applied, err := t.applied()
		if err != nil {
			return err
		}
		if applied != last {
			last, moved = applied, time.Now()
		}
		if applied < tr.base+tr.made.Load() && time.Since(moved) < t.run.opt.warmUp {
			return errors.New("touchpoints are still applied")
		}
		return nil
	})
}
