package bench

import (
	"fmt"
	"slices"
	"time"
)

// memoryPerSocket is a target of the issue that this package was made for, in kB.
const memoryPerSocket = 40

// spareFiles is how many open files a process needs beside its sockets.
const spareFiles = 200

// fanout measures how late alerts are at many boards of one node, and what the boards cost it.
func (r *run) fanout() error {
	if err := r.warm(); err != nil {
		return err
	}
	change, err := r.probing(withoutArchive)
	if err != nil {
		return err
	}
	t, err := r.trial(PartFanout, change)
	if err != nil {
		return err
	}
	defer t.close()
	for _, sockets := range slices.Sorted(slices.Values(r.opt.Sockets)) {
		if have := openFiles(); have < uint64(sockets+spareFiles) {
			r.tell.say("%d boards need %d open files in each process, the limit is %d: raise it with 'ulimit -n %d' (as root, or in /etc/security/limits.conf) and run again", sockets, sockets+spareFiles, have, sockets+spareFiles)
			r.row(Row{Part: PartFanout, Case: figure(float64(sockets)) + " sockets", Note: fmt.Sprintf("not measured: the limit of open files is %d, it needs %d ('ulimit -n')", have, sockets+spareFiles)})
			continue
		}
		if err := r.fanoutTo(t, sockets); err != nil {
			return fmt.Errorf("%d sockets: %w", sockets, err)
		}
	}
	return nil
}

// fanoutTo measures with so many boards, on a program of its own.
func (r *run) fanoutTo(t *trial, sockets int) error {
	n, err := t.start(PartFanout)
	if err != nil {
		return err
	}
	if err := t.ready(n); err != nil {
		return err
	}
	if !sleep(r.ctx, time.Second) {
		return r.ctx.Err()
	}
	idle, err := usageOf(n.process.PID())
	if err != nil {
		return err
	}
	b, err := openBoards(r.ctx, r.tell, n.addr, sockets)
	if err != nil {
		r.row(Row{Part: PartFanout, Case: figure(float64(sockets)) + " sockets", Note: "not measured: " + err.Error()})
		return err
	}
	defer b.close()
	if !sleep(r.ctx, 2*time.Second) {
		return r.ctx.Err()
	}
	p := t.probes(int(r.opt.Hold / probeEvery))
	b.listen(p)
	m, told := t.meter(), b.told.Load()
	stop := r.tell.during("alerts sent", func() (int64, int64) { return p.sent.Load(), int64(len(p.acked)) })
	err = p.send(r.ctx)
	stop()
	if err != nil {
		return err
	}
	missing := r.waitHeard(p, sockets)
	full, err := usageOf(n.process.PID())
	if err != nil {
		return err
	}
	after, took := t.usages(), m.took()
	messages, lost := b.told.Load()-told, b.lost.Load()
	late := b.close()
	row := Row{Part: PartFanout, Case: figure(float64(sockets)) + " sockets"}
	row.add("p50", millis(late.quantile(0.5)), "ms")
	row.add("p99", millis(late.quantile(0.99)), "ms")
	row.add("max", millis(late.most), "ms")
	row.add("alerts delivered", float64(late.n), "")
	row.add("missing", float64(missing), "")
	row.add("sockets lost", float64(lost), "")
	row.add("messages", float64(messages)/took.Seconds(), "per second")
	row.atMost("memory", float64(full.rss-idle.rss)/float64(sockets)/1e3, "kB per socket", memoryPerSocket)
	row.add("CPU ours", spent(m.used, after, ours).Seconds()/took.Seconds(), "cores")
	row.add("CPU bench", spent(m.used, after, benchItself).Seconds()/took.Seconds(), "cores")
	row.add("used by others", m.others(after, took), "cores")
	r.row(row)
	r.tell.say("%d boards: p99 %s ms, %s kB each", sockets, figure(millis(late.quantile(0.99))), figure(float64(full.rss-idle.rss)/float64(sockets)/1e3))
	return t.stop()
}
