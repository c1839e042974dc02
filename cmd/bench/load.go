package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"touchwatch/cmd/app"
	"touchwatch/ingest/intake"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/simulator/send"
	"touchwatch/ingest/touchpoint"
)

// Bounds of waiting; they are far above what it takes.
const (
	profilesWithin = 10 * time.Minute
	settleWithin   = 5 * time.Minute
)

// world makes a world whose events lie in the past: so many records of so many customers, within 40 minutes at most, since the live
// minutes reach back an hour.
func (t *trial) world(customers int, records int64) *simulator.World {
	rate := max(t.run.opt.pace, float64(records)/2400)
	span := time.Duration(float64(records)*1.2/rate) * time.Second
	t.options = simulator.Options{
		Seed: t.run.opt.Seed, Customers: customers, Rate: rate, TroubleShare: t.run.opt.trouble, Start: time.Now().Add(-span - 2*time.Minute).Truncate(time.Second),
	}
	return simulator.New(t.options)
}

// introduce sends the CRM's profiles through a program of its own and waits until all are known, and archived where there is an archive.
func (t *trial) introduce(world *simulator.World) error {
	n, err := t.start("")
	if err != nil {
		return err
	}
	if err := t.ready(n); err != nil {
		return err
	}
	sender := send.Sender{Client: t.kafka, Log: quiet()}
	stop := t.run.tell.during("profiles sent", func() (int64, int64) { return sender.Sent(), int64(t.options.Customers) })
	err = sender.Profiles(t.run.ctx, world)
	stop()
	if err != nil {
		return err
	}
	sent := touchpoint.MillisOf(time.Now())
	if err := until(t.run.ctx, profilesWithin, func() error { return t.mustReach(t.places(), sent) }); err != nil {
		return fmt.Errorf("apply profiles: %w", err)
	}
	if t.hasArchive() {
		if err := t.archived(); err != nil {
			return err
		}
	}
	return t.stop()
}

// warm works off a backlog first, so that the first case does not pay for a broker whose virtual machine still compiles what it runs: that
// takes half of its processor time at first, and 20 s of it in all. It does nothing the second time, and on servers that need none.
func (r *run) warm() error {
	if r.warmed || r.servers.what != "real" || r.opt.Warm == 0 {
		return nil
	}
	r.warmed = true
	t, err := r.trial("warm", nil)
	if err != nil {
		return err
	}
	defer t.close()
	if err := t.fill(t.world(r.opt.Customers, r.opt.Warm), r.opt.Warm); err != nil {
		return err
	}
	if _, err := t.work(1); err != nil {
		return err
	}
	r.tell.say("the servers are warm")
	return t.stop()
}

// hasArchive reports whether the trial's program writes to ClickHouse.
func (t *trial) hasArchive() bool { return t.cfg.History() && t.cfg.Has(app.RoleArchive) }

// fill sends records of a world as fast as the brokers take them.
func (t *trial) fill(world *simulator.World, records int64) error {
	sender := send.Sender{Client: t.kafka, Log: quiet(), Limit: records}
	stop := t.run.tell.during("backlog sent", func() (int64, int64) { return sender.Sent(), records })
	err := sender.Run(t.run.ctx, world)
	stop()
	t.count(world)
	return err
}

// count notes how much the world has made so far.
func (t *trial) count(world *simulator.World) {
	t.records, t.events = 0, 0
	truth := world.Truth()
	for _, n := range truth.Sent {
		t.records += n
	}
	for _, n := range truth.Touchpoints {
		t.events += n
	}
}

// begun reports an error until ingest has planned the first records of touchpoints.
func (t *trial) begun() error {
	pipe := t.redis.Pipeline()
	for _, raw := range t.cfg.Topics.Raw {
		if raw.Name == simulator.TopicProfiles {
			continue
		}
		for p := range raw.Partitions {
			pipe.HExists(t.run.ctx, intake.LedgerKey(raw.Name, p), "plan")
		}
	}
	replies, err := pipe.Exec(t.run.ctx)
	if err != nil {
		return fmt.Errorf("read ingest plans: %w", err)
	}
	for _, reply := range replies {
		if b, ok := reply.(interface{ Val() bool }); ok && b.Val() {
			return nil
		}
	}
	return errors.New("ingest has not begun")
}

// worked is how long a backlog took, from the first plan until each was complete. archived is zero without an archive.
type worked struct {
	applied, alerted, archived time.Duration
	applyCosts                 Row // what it cost until all was applied
	costs                      Row // what it cost until all was complete
}

// last is when everything was complete.
func (w *worked) last() time.Duration { return max(w.applied, w.alerted, w.archived) }

// work starts so many processes on the backlog that is there, and waits until its states, alerts and rows are complete. The processes go on.
func (t *trial) work(processes int) (worked, error) {
	var w worked
	started := touchpoint.MillisOf(time.Now())
	for range processes {
		if _, err := t.start("work"); err != nil {
			return w, err
		}
	}
	if err := until(t.run.ctx, nodeReady, t.begun); err != nil {
		return w, t.dead(err)
	}
	_ = t.redis.ConfigResetStat(t.run.ctx).Err() // an embedded Redis keeps no such figures
	m := t.meter()
	applied := int64(0)
	stop := t.run.tell.during("applied", func() (int64, int64) { return applied, t.events })
	// The program's own progress has the last word, since live minutes forget what is older than an hour: what is missing then is
	// for the oracle to find.
	err := t.poll(func() (err error) {
		if applied, err = t.applied(); err == nil && applied < t.events && t.mustReach(t.customers(), started) != nil {
			err = fmt.Errorf("%d of %d touchpoints are applied", applied, t.events)
		}
		return err
	})
	stop()
	if err != nil {
		return w, err
	}
	w.applied = m.took()
	m.costs(&w.applyCosts, t.events)
	if err := t.poll(func() error { return t.mustReach(t.places(), started) }); err != nil {
		return w, err
	}
	w.alerted = m.took()
	if t.hasArchive() {
		if err := t.archived(); err != nil {
			return w, err
		}
		w.archived = m.took()
	}
	m.costs(&w.costs, t.events)
	return w, t.keepCommands()
}

// keepCommands writes down, beside the profiles, which commands took Redis how long; an embedded one does not know.
func (t *trial) keepCommands() error {
	if t.run.opt.CPUProfile == "" {
		return nil
	}
	stats, err := t.redis.Info(t.run.ctx, "commandstats").Result()
	if err != nil || stats == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(t.run.opt.CPUProfile, t.name+"-redis.txt"), []byte(stats), 0o600)
}

// stuck is how long nothing may be applied before a run is given up.
const stuck = 10 * time.Minute

// poll repeats a check every 50 ms until it passes; the end of a process ends it.
func (t *trial) poll(check func() error) error {
	ctx, cancel := context.WithTimeout(t.run.ctx, stuck)
	defer cancel()
	for {
		err := check()
		if err == nil {
			return nil
		}
		if dead := t.dead(nil); dead != nil {
			return dead
		}
		if !sleep(ctx, 50*time.Millisecond) {
			if t.run.ctx.Err() != nil {
				return t.run.ctx.Err()
			}
			return fmt.Errorf("not within %s: %w", stuck, err)
		}
	}
}

// dead returns an error that says how a process ended, where one has; else otherwise.
func (t *trial) dead(otherwise error) error {
	for _, n := range t.nodes {
		if !n.process.Running() {
			return fmt.Errorf("a process of the program ended:\n%s", n.process.LastLines(10))
		}
	}
	return otherwise
}
