package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"touchwatch/cmd/app"
	"touchwatch/deploy/embedded"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/simulator/send"
)

// devOptions are the flags of `touchwatch dev`.
type devOptions struct {
	addrs              app.DevAddrs
	simulate           bool
	seed               uint64
	rate               float64
	customers          int
	signals, rules     string
	logLevel, logStyle string
}

func devCommand() *cobra.Command {
	o := devOptions{addrs: app.DefaultDev()}
	cmd := &cobra.Command{
		Use: "dev", Short: "The whole product in one process, with a simulated company", Args: takes(),
		Long: `Start Kafka, Redis and ClickHouse inside this process, every role of touchwatch, and a simulated company with a story:
a calm start, a customer whose checkout fails and who then calls and posts, a broken page that hits many.
Nothing needs to be installed, and nothing is kept when it ends. The servers listen on loopback, so your own producers and
redis-cli can join in.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return runDev(cmd.Context(), &o, cmd.OutOrStdout(), newLog(o.logLevel, o.logStyle))
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.addrs.Listen, "listen", o.addrs.Listen, "address of the board")
	f.StringVar(&o.addrs.Kafka, "kafka-listen", o.addrs.Kafka, "address of the embedded Kafka")
	f.StringVar(&o.addrs.Redis, "redis-listen", o.addrs.Redis, "address of the embedded Redis")
	f.StringVar(&o.addrs.ClickHouse, "clickhouse-listen", o.addrs.ClickHouse, "address of the embedded ClickHouse (HTTP)")
	f.BoolVar(&o.simulate, "simulate", true, "send simulated touchpoints")
	f.Uint64Var(&o.seed, "seed", 1, "seed of the simulated world")
	f.Float64Var(&o.rate, "rate", 50, "simulated touchpoints per second")
	f.IntVar(&o.customers, "customers", 1000, "simulated customers that the CRM knows")
	f.StringVar(&o.signals, "signals", "", "signals file that overrides the shipped weights and thresholds")
	f.StringVar(&o.rules, "rules", "", "rules file that replaces the shipped rules")
	f.StringVar(&o.logLevel, "log-level", "warn", "debug, info, warn or error")
	f.StringVar(&o.logStyle, "log-format", "", "text or json (empty: text on a terminal)")
	return cmd
}

// check reports every flag out of range.
func (o *devOptions) check() error {
	var p flagProblems
	p.want(!o.simulate || (o.rate > 0 && finite(o.rate)), "rate", "more than 0 touchpoints per second (--simulate=false sends none)", o.rate)
	p.want(o.customers > 0, "customers", "1 or more", o.customers)
	p.want(slices.Contains(app.LogLevels, o.logLevel), "log-level", strings.Join(app.LogLevels, ", "), strconv.Quote(o.logLevel))
	p.want(o.logStyle == "" || slices.Contains(app.LogFormats, o.logStyle), "log-format", strings.Join(app.LogFormats, " or "), strconv.Quote(o.logStyle))
	for _, a := range []struct{ flag, addr string }{
		{"listen", o.addrs.Listen}, {"kafka-listen", o.addrs.Kafka}, {"redis-listen", o.addrs.Redis}, {"clickhouse-listen", o.addrs.ClickHouse},
	} {
		host, _, err := net.SplitHostPort(a.addr)
		p.want(err == nil && app.Loopback(host), a.flag, "host:port on this machine's loopback, such as 127.0.0.1:0 for any free port ('touchwatch serve' is for other machines)", strconv.Quote(a.addr))
	}
	return p.err()
}

// A wall board runs for weeks beside other programs: the collector begins when the heap has grown by half instead of twofold, and from
// devMemory on it works harder.
const (
	devMemory    = 320 << 20
	devCollectAt = 50
)

// devKafka bounds the records the embedded broker keeps; it takes about twice that in memory.
const devKafka = 16 << 20

// runDev starts the embedded servers, the program and the simulator, and stops them in the opposite order.
func runDev(ctx context.Context, o *devOptions, out io.Writer, log *slog.Logger) error {
	debug.SetMemoryLimit(devMemory)
	debug.SetGCPercent(devCollectAt)
	stack, err := startStack(ctx, o, log)
	if err != nil {
		return err
	}
	defer stack.close()
	if ctx.Err() != nil { // asked to stop while the servers started
		return nil
	}
	cfg := app.DevConfig(stack.addrs)
	cfg.SignalsFile, cfg.RulesFile = o.signals, o.rules
	if stack.noHouse != nil {
		cfg.WhyNoHistory = stack.noHouse.Error()
	}
	program, err := app.New(cfg, version(), log)
	if err != nil {
		return taken(err, "--listen")
	}
	stack.announce(out, program.Addr(), o)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return program.Run(ctx) })
	if o.simulate {
		group.Go(func() error { return simulateStory(ctx, &cfg, o, program, log) })
	}
	err = group.Wait()
	printf(out, "stopped\n")
	return err
}

// simulateStory sends the demo's world as soon as the program takes it.
func simulateStory(ctx context.Context, cfg *app.Config, o *devOptions, program *app.App, log *slog.Logger) error {
	if !program.WaitPrepared(ctx) {
		return nil
	}
	client, err := cfg.Kafka.Client()
	if err != nil {
		return err
	}
	options := simulator.Demo(o.seed, time.Now())
	options.Rate, options.Customers = o.rate, o.customers
	world := simulator.New(options)
	sender := send.Sender{Client: client, Log: log, Speed: 1}
	if err := sender.Profiles(ctx, world); err != nil {
		return endOf(ctx, err)
	}
	return endOf(ctx, sender.Run(ctx, world))
}

// endOf drops the error of something that was asked to stop.
func endOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// stack is the embedded servers.
type stack struct {
	addrs   app.DevAddrs
	kafka   *embedded.Kafka
	redis   *embedded.Redis
	house   *embedded.ClickHouse
	noHouse error // why there is no ClickHouse
}

func startStack(ctx context.Context, o *devOptions, log *slog.Logger) (*stack, error) {
	s := &stack{addrs: o.addrs}
	var err error
	if s.kafka, err = embedded.StartKafka(ctx, embedded.KafkaOptions{Listen: o.addrs.Kafka, MaxBytes: devKafka, Log: log}); err != nil {
		return nil, taken(err, "--kafka-listen")
	}
	if s.redis, err = embedded.StartRedis(ctx, embedded.RedisOptions{Listen: o.addrs.Redis}); err != nil {
		s.close()
		return nil, taken(err, "--redis-listen")
	}
	s.house, err = embedded.StartClickHouse(ctx, embedded.ClickHouseOptions{Listen: o.addrs.ClickHouse, Log: log})
	var used *embedded.AddressTaken
	if errors.As(err, &used) {
		s.close()
		return nil, taken(err, "--clickhouse-listen")
	}
	s.addrs.Kafka, s.addrs.Redis, s.addrs.ClickHouse = s.kafka.Addr(), s.redis.Addr(), ""
	if err == nil {
		s.addrs.ClickHouse = s.house.Addr()
	} else {
		s.house, s.noHouse = nil, err
	}
	return s, nil
}

// announce says what runs where.
func (s *stack) announce(out io.Writer, board string, o *devOptions) {
	printf(out, "\n  touchwatch is running\n\n    board       http://%s\n    Kafka       %s\n    Redis       %s\n", board, s.addrs.Kafka, s.addrs.Redis)
	if s.noHouse == nil {
		printf(out, "    ClickHouse  http://%s\n", s.addrs.ClickHouse)
	} else {
		printf(out, "    ClickHouse  not running, history is off: %v\n", s.noHouse)
	}
	if o.simulate {
		printf(out, "    simulator   %g touchpoints a second, seed %d\n", o.rate, o.seed)
	}
	printf(out, "\n  Ctrl-C ends it; nothing is kept.\n\n")
}

// close stops the servers; nil ones were never started.
func (s *stack) close() {
	if s.house != nil {
		_ = s.house.Close()
	}
	if s.redis != nil {
		_ = s.redis.Close()
	}
	if s.kafka != nil {
		_ = s.kafka.Close()
	}
}

// taken adds the flag that chooses another address.
func taken(err error, flag string) error {
	var used *embedded.AddressTaken
	var op *net.OpError
	switch {
	case errors.As(err, &used), errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%w (maybe touchwatch runs already); choose another address with %s", err, flag)
	case errors.As(err, &op):
		return fmt.Errorf("%w; choose another address with %s", err, flag)
	}
	return err
}
