package bench

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/cmd/app"
	"touchwatch/ingest/decode"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
	"touchwatch/processors/signal/text"
)

// Templates are folded from a small world: that many records, of customers of whom each then has a few touchpoints.
const (
	templateRecords   = 4000
	templateCustomers = 600
	storedAtOnce      = 2000
)

// preload stores n customers of nobody's world in Redis, as the program would have after some touchpoints each: their states, and the
// timers that will forget them. It returns the mean size of the states.
func (t *trial) preload(n int) (int, error) {
	templates, err := t.templates()
	if err != nil {
		return 0, err
	}
	done, bytes := 0, 0
	stop := t.run.tell.during("customers stored", func() (int64, int64) { return int64(done), int64(n) })
	defer stop()
	forgetAt := touchpoint.MillisOf(time.Now().Add(24 * time.Hour))
	keys := t.customers()
	for done < n {
		pipe := t.redis.Pipeline()
		timers := make([][]redis.Z, len(keys))
		for range min(storedAtOnce, n-done) {
			s := templates[done%len(templates)]
			id := fmt.Sprintf("cus_stored_%09d", done)
			s.ID, s.WakeAt, s.ForgetAt = touchpoint.CustomerID(id), 0, forgetAt
			body, err := customer.Encode(nil, s)
			if err != nil {
				return 0, err
			}
			p := timeline.Partition(id, len(keys))
			pipe.HSet(t.run.ctx, keys[p].States(id), id, body)
			timers[p] = append(timers[p], redis.Z{Score: float64(forgetAt), Member: id + "\x00forget"})
			done++
			bytes += len(body)
		}
		for p, z := range timers {
			if len(z) > 0 {
				pipe.ZAdd(t.run.ctx, keys[p].Timers(), z...)
			}
		}
		if _, err := pipe.Exec(t.run.ctx); err != nil {
			return 0, fmt.Errorf("store customers: %w", err)
		}
	}
	return bytes / max(n, 1), nil
}

// templates are states of customers of a small world.
func (t *trial) templates() ([]*customer.State, error) {
	bundle, err := app.ReadBundle(&t.cfg)
	if err != nil {
		return nil, err
	}
	settings, err := json.Marshal(bundle)
	if err != nil {
		return nil, err
	}
	logic, err := app.BuildCustomers(settings)
	if err != nil {
		return nil, err
	}
	world := simulator.New(simulator.Options{Seed: t.run.opt.Seed, Customers: templateCustomers, Rate: 100, Start: time.Now().Add(-time.Minute), TroubleShare: 0.05})
	engine, fx, states := text.Default(), keyed.NewEffects(), map[string]*customer.State{}
	var all []*customer.State
	for range templateRecords {
		r := world.Next()
		headers := func(name string) string {
			for _, h := range r.Headers {
				if h.Key == name {
					return string(h.Value)
				}
			}
			return ""
		}
		result := decode.Decode(decode.Record{Topic: r.Topic, Value: r.Value, Headers: headers}, decode.DefaultFormat(r.Topic))
		for i := range result.Touchpoints {
			tp := &result.Touchpoints[i]
			id := string(r.Key)
			if states[id] == nil {
				states[id] = logic.New(id)
				all = append(all, states[id])
			}
			tp.ReceivedAt, tp.Customer = touchpoint.MillisOf(r.At), touchpoint.CustomerID(id)
			engine.Annotate(tp)
			fx.Begin(id, 0)
			logic.Fold(states[id], &timeline.Entry{Kind: timeline.Touchpoint, Subject: id, At: tp.ReceivedAt, Touchpoint: tp}, fx)
		}
	}
	return all, nil
}
