package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"touchwatch/cmd/app"
)

func rebuildCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rebuild", Short: "Make Redis or ClickHouse anew from what Kafka holds, after a loss",
		Long: `Make what a lost or doubtful server held anew from what Kafka holds. Stop all touchwatch processes first.
What it gives, what it cannot give, and what to prefer to it: docs/operations.md, Backup and restore.`,
	}
	cmd.AddCommand(rebuildRedisCommand(), rebuildClickHouseCommand())
	return cmd
}

func rebuildRedisCommand() *cobra.Command {
	from := source{serversOnly: true}
	opt := app.RebuildOptions{Progress: new(app.RebuildProgress)}
	cmd := &cobra.Command{
		Use:   "redis",
		Short: "Make all states, alerts, timers, identities and positions in Redis anew",
		Long: `Make everything that touchwatch keeps in Redis anew from the topics customer.timeline and signals: states of customers and
places, histories, open alerts, timers, identities, settings, and how far ingest has come. Alerts and signals that are in Kafka
are not told again. Other keys of that Redis, and what was learned about silent channels, stay as they are.

It refuses to run while a touchwatch process is alive; when Redis holds states, unless --yes; and when Kafka no longer has the
oldest records, unless --from-retained: customers are then known by what is left. From the first key it deletes to the last
one it writes, no process starts on that Redis. Interrupted, it has to be run again, and begins again.`,
		Example: "  touchwatch rebuild redis --config touchwatch.yaml", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := from.config()
			if err != nil {
				return err
			}
			opt.Log = newLog(c.Log.Level, c.Log.Format)
			began := time.Now()
			done, err := follow(cmd.Context(), cmd.ErrOrStderr(), opt.Progress, func(ctx context.Context) (app.Rebuilt, error) {
				return app.RebuildRedis(ctx, c, opt)
			})
			if err != nil {
				return from.rebuildFailed(err, &c)
			}
			for _, w := range done.Warnings {
				printf(cmd.ErrOrStderr(), "warning: %s\n", w)
			}
			printf(cmd.OutOrStdout(), "rebuilt in %s from %d entries: %d customers, %d places, %d links, %d raw partitions (%d with a plan to finish); %d old keys deleted\n",
				time.Since(began).Round(100*time.Millisecond), done.Entries, done.Customers, done.Places, done.Links, done.Positions, done.Unfinished, done.Deleted)
			return nil
		},
	}
	from.flags(cmd)
	cmd.Flags().BoolVar(&opt.Yes, "yes", false, "delete the states that Redis holds")
	cmd.Flags().BoolVar(&opt.FromRetained, "from-retained", false, "accept that states lack what Kafka has deleted")
	return cmd
}

func rebuildClickHouseCommand() *cobra.Command {
	from := source{serversOnly: true}
	cmd := &cobra.Command{
		Use:   "clickhouse",
		Short: "Let the archive write every row again that Kafka still has",
		Long: `Set the archive back to the oldest records of customer.timeline, signals and alerts, so that the processes with the role archive
write all rows again when they are started. Rows are known by their keys: those that are there already stay as they are, and
rows older than Kafka's records are not touched. When the tables are lost as well, run 'touchwatch migrate' first.

It refuses to run while a process with the role archive is alive.`,
		Example: "  touchwatch rebuild clickhouse --config touchwatch.yaml", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := from.config()
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), answerWithin)
			defer cancel()
			records, err := app.RebuildClickHouse(ctx, c)
			if err != nil {
				return from.rebuildFailed(err, &c)
			}
			printf(cmd.OutOrStdout(), "the archive begins again with the oldest of %d records; start the processes with the role archive\n", records)
			return nil
		},
	}
	from.flags(cmd)
	return cmd
}

// rebuildFailed makes an error say what to do about the server it came from.
func (s *source) rebuildFailed(err error, c *app.Config) error {
	var at *app.ServerError
	if !errors.As(err, &at) {
		return err
	}
	if at.Server == "redis" {
		return s.redisFailed(err, c)
	}
	return s.kafkaFailed(err, c)
}

// sayEvery is how often a rebuild says how far it is.
const sayEvery = 2 * time.Second

// follow runs fn and says meanwhile how far it is.
func follow[T any](ctx context.Context, out io.Writer, progress *app.RebuildProgress, fn func(context.Context) (T, error)) (T, error) {
	ended := make(chan struct{})
	var saying sync.WaitGroup
	saying.Go(func() {
		tick := time.NewTicker(sayEvery)
		defer tick.Stop()
		p := pace{}
		for {
			select {
			case <-ended:
				return
			case now := <-tick.C:
				phase, done, total := progress.Get()
				if line := p.line(now, phase, done, total); line != "" {
					printf(out, "%s\n", line)
				}
			}
		}
	})
	result, err := fn(ctx)
	close(ended)
	saying.Wait()
	return result, err
}

// pace turns progress into words. It belongs to one goroutine.
type pace struct {
	phase string
	at    time.Time
	done  int64
}

// line says how far the phase is at a moment, how fast it goes, and what is left; "" before anything began.
func (p *pace) line(now time.Time, phase string, done, total int64) string {
	was := *p
	*p = pace{phase, now, done}
	if phase == "" {
		return ""
	}
	text := fmt.Sprintf("%s: %d", phase, done)
	if total > 0 {
		text = fmt.Sprintf("%s of %d", text, total)
	}
	if was.phase != phase || done <= was.done {
		return text
	}
	rate := float64(done-was.done) / now.Sub(was.at).Seconds()
	text = fmt.Sprintf("%s, %.0f/s", text, rate)
	if left := total - done; left > 0 {
		text = fmt.Sprintf("%s, about %s left", text, time.Duration(float64(left)/rate*float64(time.Second)).Round(time.Second))
	}
	return text
}
