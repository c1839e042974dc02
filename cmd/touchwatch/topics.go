package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"touchwatch/cmd/app"
	"touchwatch/deploy/connect"
	"touchwatch/ingest/intake"
	"touchwatch/ingest/stream"
)

func topicsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "topics", Short: "Look after the raw topics"}
	cmd.AddCommand(topicsAcceptCommand())
	return cmd
}

func topicsAcceptCommand() *cobra.Command {
	var a acceptance
	cmd := &cobra.Command{
		Use:   "accept TOPIC PARTITION",
		Short: "Read a raw partition on from its oldest record, after it was created anew or lost records unread",
		Long: `A raw partition whose next record is not in the log stands still with an alarm: its topic was created anew, or its
retention deleted records before they were read. This command accepts that: the partition gets a new epoch and is read from
its oldest record on. What was deleted unread stays lost; this is the place where that is decided, by a person.

A partition whose next record is in the log is refused: everything in the log would be read, and counted, again.
--force does it all the same, for a topic that was created anew and has grown beyond the old position since.`,
		Example: "  touchwatch topics accept touchpoints.chat 2",
		Args:    takes("TOPIC", "PARTITION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.from.config()
			if err != nil {
				return err
			}
			if err := a.name(&c, args[0], args[1]); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), answerWithin)
			defer cancel()
			done, err := a.accept(ctx, &c)
			if err != nil {
				return err
			}
			printf(cmd.OutOrStdout(), "%s\n", done)
			return nil
		},
	}
	a.from.flags(cmd)
	cmd.Flags().BoolVar(&a.force, "force", false, "also when the next record is in the log: all of it is read again")
	return cmd
}

// acceptance is one partition that a person lets be read on.
type acceptance struct {
	from      source
	topic     string
	partition int
	force     bool
}

// name checks which partition the command line means.
func (a *acceptance) name(c *app.Config, topic, partition string) error {
	var names []string
	for _, raw := range c.Topics.Raw {
		names = append(names, raw.Name)
	}
	if !slices.Contains(names, topic) {
		return &usageError{fmt.Errorf("%s is no raw topic of this configuration, which has %s%s", topic, strings.Join(names, ", "), app.Suggest(topic, names))}
	}
	number, err := strconv.Atoi(partition)
	if err != nil || number < 0 {
		return &usageError{fmt.Errorf("want the number of a partition, got %q", partition)}
	}
	a.topic, a.partition = topic, number
	return nil
}

// accept gives the partition a new epoch and says what that means.
func (a *acceptance) accept(ctx context.Context, c *app.Config) (string, error) {
	client, err := c.Kafka.Client()
	if err != nil {
		return "", err
	}
	defer connect.CloseKafka(client)
	first, last, err := stream.Bounds(ctx, client, a.topic, a.partition)
	if err != nil {
		return "", a.from.kafkaFailed(err, c)
	}
	state, err := c.Redis.StateClient()
	if err != nil {
		return "", err
	}
	defer state.Close()
	from, to, known, err := intake.Position(ctx, state, a.topic, a.partition)
	if err != nil {
		return "", a.from.redisFailed(err, c)
	}
	if inside := !known || (from >= first && to <= last); inside && !a.force {
		return "", fmt.Errorf("%s partition %d does not stand still: its next record is in the log (%d to %d), nothing has to be accepted", a.topic, a.partition, first, last)
	}
	epoch, err := intake.Accept(ctx, state, a.topic, a.partition, first)
	if err != nil {
		return "", a.from.redisFailed(err, c)
	}
	return fmt.Sprintf("%s partition %d: epoch %d, reading on from offset %d (the log ends at %d)", a.topic, a.partition, epoch, first, last), nil
}
