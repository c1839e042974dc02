package bench

import (
	"encoding/json"
	"fmt"
	"time"

	"touchwatch/cmd/app"
	"touchwatch/cmd/faults/oracle"
	"touchwatch/dashboards/history"
	"touchwatch/processors/keyed"
)

// check lets the backlog's last effects come about, takes away the timers that are due later, so that nothing comes up while the program
// stops, stops it, and compares states, alerts and minutes with the world and with the fold over the timeline.
func (t *trial) check() error {
	began := time.Now()
	for _, stage := range [][]keyed.Keys{t.customers(), t.places()} { // what customers' timers bring about reaches places
		if err := t.hush(stage, settleWithin); err != nil {
			return err
		}
	}
	if err := t.stop(); err != nil {
		return err
	}
	if err := t.finishArchive(); err != nil {
		return err
	}
	o, err := t.oracle()
	if err != nil {
		return err
	}
	world := oracle.Sent(t.options, t.records)
	if err := o.CompareWithWorld(t.run.ctx, world); err != nil {
		return fmt.Errorf("compare with the world: %w", err)
	}
	world = oracle.World{}
	board, err := o.Told(t.run.ctx, app.TopicAlerts, t.cfg.Topics.PlacePartitions)
	if err != nil {
		return err
	}
	if err := o.CompareWithTimeline(t.run.ctx, board); err != nil {
		return fmt.Errorf("compare with the fold over the timeline: %w", err)
	}
	t.run.tell.say("states, alerts and minutes are right, compared in %s", time.Since(began).Round(time.Second))
	return nil
}

// finishArchive lets an archive alone read what the stages wrote while they stopped.
func (t *trial) finishArchive() error {
	if !t.hasArchive() {
		return nil
	}
	if _, err := t.start("", app.RoleArchive); err != nil {
		return err
	}
	if err := t.archived(); err != nil {
		return err
	}
	return t.stop()
}

// oracle reads the trial's servers.
func (t *trial) oracle() (*oracle.Oracle, error) {
	bundle, err := app.ReadBundle(&t.cfg)
	if err != nil {
		return nil, err
	}
	settings, err := json.Marshal(bundle)
	if err != nil {
		return nil, err
	}
	o := &oracle.Oracle{
		Kafka: t.kafka, Redis: t.redis, Timeline: app.TopicTimeline, Signals: app.TopicSignals, Alerts: app.TopicAlerts,
		TimelinePartitions: t.cfg.Topics.TimelinePartitions, PlacePartitions: t.cfg.Topics.PlacePartitions,
		Customers: app.BuildCustomers, Places: app.BuildPlaces, Settings: settings,
	}
	if t.hasArchive() {
		o.History, o.House = history.New(t.past), t.past
	}
	return o, nil
}
