package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/spf13/cobra"

	"touchwatch/cmd/app"
	"touchwatch/ingest/intake"
	"touchwatch/ingest/stream"
)

func deadCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "dead", Short: "Show and re-send records that could not become touchpoints"}
	cmd.AddCommand(deadListCommand(), deadReplayCommand())
	return cmd
}

// deadFilter selects dead letters.
type deadFilter struct {
	from           source
	reason, source string
	limit          int
}

func (f *deadFilter) flags(cmd *cobra.Command) {
	f.from.flags(cmd)
	cmd.Flags().StringVar(&f.reason, "reason", "", "only letters with this reason, such as invalid_syntax")
	cmd.Flags().StringVar(&f.source, "source", "", "only the letter of this record: topic/partition/offset")
	cmd.Flags().IntVar(&f.limit, "limit", 0, "at most this many letters, oldest first (0: all)")
}

// each calls fn for the selected letters, oldest first, each source once.
func (f *deadFilter) each(ctx context.Context, fn func(*kafka.Client, *stream.Record) error) error {
	c, err := f.from.config()
	if err != nil {
		return err
	}
	client, err := c.Kafka.Client()
	if err != nil {
		return err
	}
	next, end, err := stream.Bounds(ctx, client, app.TopicDead, 0)
	if err != nil {
		return err
	}
	fetcher := stream.Fetcher{Client: client, Topic: app.TopicDead, MaxBytes: 4 << 20, MaxWait: time.Second}
	seen, found := map[string]bool{}, 0
	for next < end {
		b, err := fetcher.Fetch(ctx, next)
		if err != nil {
			return err
		}
		next = b.Next
		for i := range b.Records {
			l := &b.Records[i]
			source := l.Header(intake.HeaderSource)
			if l.Offset >= end || seen[source] || (f.reason != "" && l.Header(intake.HeaderReason) != f.reason) || (f.source != "" && source != f.source) {
				continue
			}
			seen[source] = true
			if f.limit > 0 && found == f.limit {
				return nil
			}
			found++
			if err := fn(client, l); err != nil {
				return err
			}
		}
	}
	return nil
}

func deadListCommand() *cobra.Command {
	var f deadFilter
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List dead letters with where they stood and why they are dead", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			if !asJSON {
				printf(out, "SOURCE\tREASON\tDETAIL\tVALUE\n")
			}
			err := f.each(cmd.Context(), func(_ *kafka.Client, l *stream.Record) error {
				if asJSON {
					return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{
						"source": l.Header(intake.HeaderSource), "reason": l.Header(intake.HeaderReason), "detail": l.Header(intake.HeaderDetail),
						"key": l.Header(intake.HeaderKey), "format": l.Header("tw-format"), "value": string(l.Value),
					})
				}
				printf(out, "%s\t%s\t%s\t%.60q\n", l.Header(intake.HeaderSource), l.Header(intake.HeaderReason), l.Header(intake.HeaderDetail), l.Value)
				return nil
			})
			if err != nil {
				return err
			}
			return out.Flush()
		},
	}
	f.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line, with the whole value")
	return cmd
}

func deadReplayCommand() *cobra.Command {
	var f deadFilter
	cmd := &cobra.Command{
		Use: "replay", Short: "Send dead letters to their topics again; twice does no harm", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			sent, refused := 0, 0
			err := f.each(cmd.Context(), func(client *kafka.Client, l *stream.Record) error {
				topic, r, err := intake.Replay(l)
				if err != nil {
					refused++
					printf(cmd.ErrOrStderr(), "%v\n", err)
					return nil
				}
				if _, err := stream.Produce(cmd.Context(), client, topic, 0, []stream.Record{r}); err != nil {
					return err
				}
				sent++
				return nil
			})
			printf(cmd.OutOrStdout(), "%d sent, %d refused\n", sent, refused)
			if err == nil && refused > 0 {
				err = fmt.Errorf("%d letters could not be sent again", refused)
			}
			return err
		},
	}
	f.flags(cmd)
	return cmd
}
