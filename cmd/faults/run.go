package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"touchwatch/cmd/app"
	"touchwatch/cmd/faults/oracle"
	"touchwatch/dashboards/history"
	"touchwatch/deploy/connect"
)

// Options say how to run a scenario.
type Options struct {
	// Program is the path of the touchwatch program.
	Program string
	// Seed decides the world and every random choice of the scenario.
	Seed uint64
	// Dir keeps data and logs; empty means a folder that is removed when the scenario passed.
	Dir string
	// Out is told what happens, a line each; nil means nobody.
	Out io.Writer
}

// session is the consumer groups' session in scenarios: the brokers' lower bound.
const session = 6 * time.Second

// Run is one scenario under way.
type Run struct {
	ctx     context.Context
	opt     Options
	dice    *rand.Rand
	began   time.Time
	parts   parts
	kafka   *server
	redis   *server
	house   *server // nil without an engine
	web     *Proxy  // before the process with the role web
	cfg     app.Config
	direct  *kafka.Client
	sending *kafka.Client // direct, of the sender of the world
	state   redis.UniversalClient
	oracle  *oracle.Oracle
	board   *oracle.Board
	world   oracle.World
	sampler *sampler
	nodes   []*node
	early   map[string]float64 // goroutines of a node by its name, before anything is broken
	proofs  int
	prelude int64 // so many records of the load are sent compressed, before the rest
	closers []func()
}

// Start runs one scenario. It returns nil when the fault was injected and every comparison held.
func Start(ctx context.Context, s *Scenario, opt Options) error {
	found, err := findParts()
	if err != nil {
		return err
	}
	temporary := opt.Dir == ""
	if temporary {
		if opt.Dir, err = os.MkdirTemp("", "touchwatch-faults-"); err != nil {
			return err
		}
	}
	if opt.Dir, err = filepath.Abs(opt.Dir); err != nil {
		return err
	}
	if err := emptyDir(opt.Dir); err != nil {
		return err
	}
	r := &Run{ctx: ctx, opt: opt, dice: rand.New(rand.NewPCG(opt.Seed, 1)), began: time.Now(), parts: found}
	r.note("scenario %s, seed %d", s.Name, opt.Seed)
	err = r.play(s)
	if closed := r.close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("scenario %s, seed %d: %w\nlogs are in %s", s.Name, opt.Seed, err, opt.Dir)
	}
	r.note("passed")
	if temporary {
		return os.RemoveAll(opt.Dir)
	}
	return nil
}

// emptyDir makes the folder, and refuses one that holds something: old data would take part.
func emptyDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if held, err := os.ReadDir(dir); err != nil || len(held) > 0 {
		return errors.Join(err, fmt.Errorf("the folder %s is not empty", dir))
	}
	return nil
}

// play is the scenario between its first server and its last comparison.
func (r *Run) play(s *Scenario) error {
	if err := r.servers(); err != nil {
		return err
	}
	if err := s.play(r); err != nil {
		return err
	}
	if r.proofs == 0 {
		return errors.New("the scenario proves no fault: it tests nothing")
	}
	if err := r.settle(); err != nil {
		return err
	}
	if err := until(r.ctx, compareWithin, func() error { return r.sampler.healed(r.ctx) }); err != nil {
		return fmt.Errorf("offsets that went back do not come back: %w", err)
	}
	samples, rewinds, err := r.sampler.close()
	if err != nil {
		return err
	}
	if samples == 0 {
		return errors.New("no offset was ever sampled")
	}
	r.note("%d samples of offsets: none ran ahead, %d went back where that is allowed, and all have come back", samples, rewinds)
	return r.stopNodes()
}

// servers starts Kafka, Redis and ClickHouse at once, and connects to them directly.
func (r *Run) servers() error {
	started := make(chan error, 3)
	go func() { var err error; r.kafka, err = startKafka(r.ctx, &r.parts, r.opt.Dir); started <- err }()
	go func() { var err error; r.redis, err = startRedis(r.ctx, &r.parts, r.opt.Dir); started <- err }()
	go func() {
		var err error
		r.house, err = startHouse(r.ctx, &r.parts, r.opt.Program, r.opt.Dir)
		started <- err
	}()
	if err := errors.Join(<-started, <-started, <-started); err != nil {
		return err
	}
	addrs := app.DevAddrs{Listen: "127.0.0.1:0", Kafka: r.kafka.proxy.Addr(), Redis: r.redis.proxy.Addr()}
	if r.house != nil {
		addrs.ClickHouse = r.house.proxy.Addr()
	}
	r.cfg = app.DevConfig(addrs)
	r.cfg.Limits.Session = session
	r.cfg.Limits.ForgetAnonymous = r.cfg.Limits.ForgetKnown // the world forgets nobody, however long a soak takes
	r.cfg.Log.Format = "json"
	if err := r.configure(); err != nil {
		return err
	}
	var err error
	if r.web, err = NewProxy(""); err != nil {
		return err
	}
	if err := r.connect(); err != nil {
		return err
	}
	r.note("servers run: kafka (process %d), redis (%d)%s", r.kafka.current.pid(), r.redis.current.pid(), r.houseNote())
	return nil
}

func (r *Run) houseNote() string {
	if r.house == nil {
		return ", no ClickHouse engine: minutes are not compared"
	}
	return fmt.Sprintf(", clickhouse (%d)", r.house.current.pid())
}

// configure writes the configuration that processes started from now on read.
func (r *Run) configure() error {
	text, err := yaml.Marshal(r.cfg)
	if err != nil {
		return err
	}
	return os.WriteFile(r.configFile(), text, 0o600)
}

func (r *Run) configFile() string { return filepath.Join(r.opt.Dir, "touchwatch.yaml") }

// connect builds the harness's own clients, which reach the servers around the proxies.
func (r *Run) connect() error {
	var err error
	if r.direct, err = (connect.Kafka{Brokers: []string{r.kafka.addr}, ClientID: "harness"}).Client(); err != nil {
		return err
	}
	r.closers = append(r.closers, func() { connect.CloseKafka(r.direct) })
	if r.state, err = (connect.Redis{Addrs: []string{r.redis.addr}}).Client(); err != nil {
		return err
	}
	r.closers = append(r.closers, func() { _ = r.state.Close() })
	bundle, err := app.ReadBundle(&r.cfg)
	if err != nil {
		return err
	}
	settings, err := json.Marshal(bundle)
	if err != nil {
		return err
	}
	r.oracle = &oracle.Oracle{
		Kafka: r.direct, Redis: r.state, Timeline: app.TopicTimeline, Signals: app.TopicSignals, Alerts: app.TopicAlerts,
		TimelinePartitions: r.cfg.Topics.TimelinePartitions, PlacePartitions: r.cfg.Topics.PlacePartitions,
		Customers: app.BuildCustomers, Places: app.BuildPlaces, Settings: settings, Live: true,
	}
	if r.house != nil {
		conn, err := (connect.ClickHouse{Addrs: []string{r.house.addr}, Protocol: "http", Database: "default"}).Open()
		if err != nil {
			return err
		}
		r.closers = append(r.closers, func() { _ = conn.Close() })
		r.oracle.History, r.oracle.House = history.New(conn), conn
	}
	r.sampler = &sampler{kafka: r.direct, redis: r.state, topics: &r.cfg.Topics}
	return nil
}

// close ends everything, in whatever state it is.
func (r *Run) close() error {
	if r.board != nil {
		r.board.Close()
	}
	for _, n := range r.nodes {
		n.discard()
	}
	if r.sampler != nil && r.sampler.stop != nil {
		r.sampler.stop()
		<-r.sampler.done
	}
	for _, c := range r.closers {
		c()
	}
	for _, s := range []*server{r.kafka, r.redis, r.house} {
		s.close()
	}
	if r.web != nil {
		r.web.Close()
	}
	return nil
}

// note tells what happens.
func (r *Run) note(format string, args ...any) {
	if r.opt.Out != nil {
		_, _ = fmt.Fprintf(r.opt.Out, "%6.1fs  %s\n", time.Since(r.began).Seconds(), fmt.Sprintf(format, args...))
	}
}

// prove notes that a fault was injected; count is what it rests on, and zero means that it was not.
func (r *Run) prove(count int64, what string) error {
	if count <= 0 {
		return fmt.Errorf("the fault was not injected: no %s", what)
	}
	r.proofs++
	r.note("proof: %d %s", count, what)
	return nil
}

// pause waits for a while of the scenario's schedule.
func (r *Run) pause(d time.Duration) error {
	select {
	case <-r.ctx.Done():
		return r.ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// between is a random duration of the run's seed.
func (r *Run) between(from, to time.Duration) time.Duration {
	return from + time.Duration(r.dice.Int64N(int64(to-from)))
}

// quiet is a log for the harness's own clients.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
