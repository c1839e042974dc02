package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"
	"golang.org/x/sync/errgroup"

	"touchwatch/dashboards/api"
	"touchwatch/deploy/connect"
	"touchwatch/ingest/silence"
	"touchwatch/ingest/stream"
)

// stopWithin bounds how long all stages together may take to stop one after the other; stopLast is what those that are left
// get then, all at once. Servers that do not answer would otherwise use up each stage's own time-outs in turn.
const (
	stopWithin = 2500 * time.Millisecond
	stopLast   = 500 * time.Millisecond
)

// App is one process of touchwatch. Build it with New, Run it once.
type App struct {
	cfg     Config
	bundle  Bundle
	tokens  *api.Tokens // nil: no token is asked for
	version Version
	log     *slog.Logger
	reg     *prometheus.Registry
	// alertChanges counts alerts by rule, severity and phase; rules are few and named by the operator.
	alertChanges *prometheus.CounterVec
	halted       haltedPartitions

	kafka  *kafka.Client
	dialer *kafka.Dialer
	state  redis.UniversalClient // never retries by itself: an error means 'outcome unknown'
	redis  redis.UniversalClient // for reads

	past driver.Conn // ClickHouse, for questions; nil until asked for

	listener net.Listener
	server   *server
	ready    readiness
	stages   []stage // first-to-last along the flow of data
	draining atomic.Bool
	warnings atomic.Pointer[silence.Watcher]
	prepared chan struct{} // closed when topics and settings are there
}

// stage is a part that runs until its context ends.
type stage struct {
	name string
	run  func(context.Context) error
}

// New checks the settings, builds the clients and opens the listener; it does not talk to any server. A taken port is an
// error that names the address.
func New(cfg Config, version Version, log *slog.Logger) (*App, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	bundle, err := ReadBundle(&cfg)
	if err != nil {
		return nil, err
	}
	tokens, err := loadTokens(&cfg)
	if err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, bundle: bundle, tokens: tokens, version: version, log: log, reg: prometheus.NewRegistry(), prepared: make(chan struct{})}
	a.alertChanges = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "touchwatch_alerts_total", Help: "Alert changes by rule, severity and phase. A jump in 'firing': many customers are in trouble, or a rule is too eager.",
	}, []string{"rule", "severity", "phase"})
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "touchwatch_build_info", Help: "Which program this is, by its labels; always 1. Different ones for long: a rolling restart left a process out.", ConstLabels: prometheus.Labels{"version": version.Version, "revision": version.Revision, "goversion": version.Go}})
	info.Set(1)
	a.reg.MustRegister(a.alertChanges, info, &a.halted)
	a.reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if a.kafka, err = cfg.Kafka.Client(); err != nil {
		return nil, err
	}
	if a.dialer, err = cfg.Kafka.Dialer(); err != nil {
		return nil, err
	}
	if a.state, err = cfg.Redis.StateClient(); err != nil {
		return nil, err
	}
	if a.redis, err = cfg.Redis.Client(); err != nil {
		return nil, err
	}
	if a.listener, err = net.Listen("tcp", cfg.Listen); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", cfg.Listen, err)
	}
	return a, nil
}

// Addr is the address of the HTTP server, with the real port when port 0 was asked for.
func (a *App) Addr() string { return a.listener.Addr().String() }

// WaitPrepared waits until the topics are there, and reports false when ctx ended first.
func (a *App) WaitPrepared(ctx context.Context) bool {
	select {
	case <-a.prepared:
		return true
	case <-ctx.Done():
		return false
	}
}

// Run prepares topics and settings as soon as the servers can be reached, runs the stages until ctx ends, and stops them in the
// order of the flow, so that each finishes what the one before has handed over. It returns the first error of a stage.
func (a *App) Run(ctx context.Context) error {
	defer a.close()
	if err := a.serve(); err != nil {
		return err
	}
	defer a.server.stop()
	if err := a.start(ctx); err != nil {
		if ctx.Err() != nil { // told to end meanwhile, which is no failure
			return nil
		}
		return err
	}
	return a.runStages(ctx)
}

// start is everything before the stages run.
func (a *App) start(ctx context.Context) error {
	if err := a.prepare(ctx); err != nil {
		return err
	}
	close(a.prepared)
	if err := a.build(ctx); err != nil {
		return err
	}
	return a.watchChannels(ctx)
}

// prepare waits for Kafka and Redis, creates what is missing, and makes the settings take effect.
func (a *App) prepare(ctx context.Context) error {
	if err := a.awaitServers(ctx); err != nil {
		return err
	}
	if err := a.cfg.Topics.ensure(ctx, a.kafka); err != nil {
		return err
	}
	if err := pinPartitions(ctx, a.state, &a.cfg.Topics); err != nil {
		return err
	}
	return activate(ctx, a.state, a.kafka, &a.cfg.Topics, a.bundle, nowMillis())
}

// awaitServers waits for Kafka and Redis at once, so that each that does not answer is told, and refuses a Redis that would lose states.
func (a *App) awaitServers(ctx context.Context) error {
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error {
		if err := a.wait(ctx, "redis", func(ctx context.Context) error { return a.redis.Ping(ctx).Err() }); err != nil {
			return err
		}
		if err := a.keepsAll(ctx); err != nil {
			return err
		}
		return a.isWhole(ctx)
	})
	both.Go(func() error {
		return a.wait(ctx, "kafka", func(ctx context.Context) error {
			_, err := a.kafka.Metadata(ctx, &kafka.MetadataRequest{})
			return err
		})
	})
	return both.Wait()
}

// addresses are the configuration key that names a server, and what it names.
func (a *App) addresses(server string) (key string, addrs []string) {
	switch server {
	case "kafka":
		return "kafka.brokers", a.cfg.Kafka.Brokers
	case "clickhouse":
		return "clickhouse.addrs", a.cfg.ClickHouse.Addrs
	}
	return "redis.addrs", a.cfg.Redis.Addrs
}

// wait tries until a server answers, with one log line when it does not and one when it does.
func (a *App) wait(ctx context.Context, name string, try func(context.Context) error) error {
	for pause, said := 200*time.Millisecond, false; ; pause = min(2*pause, 5*time.Second) {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := try(attempt)
		cancel()
		if err == nil {
			a.ready.set(name, "")
			if said {
				a.log.Info("server answers", "server", name)
			}
			return nil
		}
		a.ready.set(name, err.Error())
		if !said {
			said = true
			key, addrs := a.addresses(name)
			a.log.Warn("waiting for a server", "server", name, "key", key, "addresses", addrs, "error", err, "hint", "'touchwatch doctor' looks at all servers and says what to do")
		}
		if !stream.Sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

// running is a stage under way.
type running struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{}
}

// runStages starts last-to-first and stops first-to-last.
func (a *App) runStages(ctx context.Context) error {
	var all []running
	failed := make(chan error, len(a.stages))
	for _, s := range slices.Backward(a.stages) {
		sctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		r := running{s.name, cancel, make(chan struct{})}
		all = append(all, r)
		go func() {
			defer close(r.done)
			if err := s.run(sctx); err != nil && sctx.Err() == nil {
				failed <- fmt.Errorf("%s: %w", s.name, err)
			}
		}()
	}
	a.ready.set("start", "")
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	a.draining.Store(true)
	slices.Reverse(all)
	a.stopStages(all)
	return err
}

// stopStages stops them in order. A stage whose servers do not answer is left behind: what it had not confirmed is done again at
// the next start.
func (a *App) stopStages(all []running) {
	budget, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	for _, r := range all {
		r.cancel()
		select {
		case <-r.done:
		case <-budget.Done():
		}
	}
	last, cancel := context.WithTimeout(context.Background(), stopLast)
	defer cancel()
	for _, r := range all {
		select {
		case <-r.done:
			continue
		case <-last.Done():
		}
		select {
		case <-r.done:
		default:
			a.log.Warn("stage did not stop in time", "stage", r.name)
		}
	}
}

// close releases the clients.
func (a *App) close() {
	connect.CloseKafka(a.kafka)
	_ = a.state.Close()
	_ = a.redis.Close()
	closeHistory(a.past)
}
