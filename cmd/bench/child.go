package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/pprof"

	"touchwatch/cmd/app"
	"touchwatch/deploy/connect"
	"touchwatch/deploy/embedded"
)

// ChildCommand is the subcommand that Run starts its processes with: one of the kinds kafka, redis and serve, and its arguments.
const ChildCommand = "bench-child"

// RunChild is a process of a run: an embedded server, or the program itself with a profile. It ends with ctx.
func RunChild(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("bench-child: want kafka, redis or serve")
	}
	switch kind, rest := args[0], args[1:]; {
	case kind == serverK && len(rest) == 1:
		return childKafka(ctx, rest[0])
	case kind == serverR && len(rest) == 1:
		return childRedis(ctx, rest[0])
	case kind == "serve" && len(rest) == 2:
		return childServe(ctx, rest[0], rest[1])
	}
	return fmt.Errorf("bench-child: cannot do %q", args)
}

// childKafka is an embedded broker that keeps everything of a run.
func childKafka(ctx context.Context, addr string) error {
	k, err := embedded.StartKafka(ctx, embedded.KafkaOptions{Listen: addr, MaxBytes: 16 << 30})
	if err != nil {
		return err
	}
	<-ctx.Done()
	return k.Close()
}

func childRedis(ctx context.Context, addr string) error {
	r, err := embedded.StartRedis(ctx, embedded.RedisOptions{Listen: addr})
	if err != nil {
		return err
	}
	<-ctx.Done()
	return r.Close()
}

// childServe is `touchwatch serve` with a processor profile of the whole process, where a file for it is named.
func childServe(ctx context.Context, config, profile string) error {
	c, err := app.Load(config, nil)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	connect.LogRedis(log)
	app.TuneMemory()
	a, err := app.New(c, app.Version{Version: "bench"}, log)
	if err != nil {
		return err
	}
	log.Info("touchwatch serves", "address", "http://"+a.Addr(), "roles", c.Roles)
	if profile == "" {
		return a.Run(ctx)
	}
	out, err := os.Create(profile)
	if err != nil {
		return fmt.Errorf("--cpuprofile: %w", err)
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		return fmt.Errorf("--cpuprofile: %w", err)
	}
	err = a.Run(ctx)
	pprof.StopCPUProfile()
	return errors.Join(err, out.Close())
}
