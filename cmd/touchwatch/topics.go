package main

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"touchwatch/cmd/app"
	"touchwatch/ingest/intake"
	"touchwatch/ingest/stream"
)

func topicsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "topics", Short: "Look after the raw topics"}
	cmd.AddCommand(topicsAcceptCommand())
	return cmd
}

func topicsAcceptCommand() *cobra.Command {
	var from source
	cmd := &cobra.Command{
		Use:   "accept TOPIC PARTITION",
		Short: "Read a raw partition on from its oldest record, after it was created anew or lost records unread",
		Long: `A raw partition whose next record is not in the log stands still with an alarm: its topic was created anew, or its
retention deleted records before they were read. This command accepts that: the partition gets a new epoch and is read from
its oldest record on. What was deleted unread stays lost; this is the place where that is decided, by a person.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := from.config()
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(c.Topics.Raw, func(r app.RawTopic) bool { return r.Name == args[0] }) {
				return &usageError{fmt.Errorf("%s is no raw topic of this configuration", args[0])}
			}
			partition, err := strconv.Atoi(args[1])
			if err != nil || partition < 0 {
				return &usageError{fmt.Errorf("want a partition number, got %q", args[1])}
			}
			client, err := c.Kafka.Client()
			if err != nil {
				return err
			}
			first, last, err := stream.Bounds(cmd.Context(), client, args[0], partition)
			if err != nil {
				return err
			}
			redis, err := c.Redis.StateClient()
			if err != nil {
				return err
			}
			defer redis.Close()
			epoch, err := intake.Accept(cmd.Context(), redis, args[0], partition, first)
			if err != nil {
				return err
			}
			printf(cmd.OutOrStdout(), "%s partition %d: epoch %d, reading on from offset %d (the log ends at %d)\n", args[0], partition, epoch, first, last)
			return nil
		},
	}
	from.flags(cmd)
	return cmd
}
