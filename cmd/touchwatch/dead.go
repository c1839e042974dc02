package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/spf13/cobra"

	"touchwatch/cmd/app"
	"touchwatch/deploy/connect"
	"touchwatch/ingest/intake"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
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

// check reports every flag out of range.
func (f *deadFilter) check() error {
	var p flagProblems
	p.want(f.limit >= 0, "limit", "0 or more", f.limit)
	p.want(f.reason == "" || slices.Contains(touchpoint.Reasons, touchpoint.Reason(f.reason)), "reason", fmt.Sprintf("one of %v", touchpoint.Reasons), f.reason)
	return p.err()
}

// wants reports whether a letter is selected.
func (f *deadFilter) wants(l *stream.Record) bool {
	return (f.reason == "" || l.Header(intake.HeaderReason) == f.reason) && (f.source == "" || l.Header(intake.HeaderSource) == f.source)
}

// each calls fn for the selected letters, oldest first, each source once.
func (f *deadFilter) each(ctx context.Context, fn func(*kafka.Client, *stream.Record) error) error {
	if err := f.check(); err != nil {
		return err
	}
	c, err := f.from.config()
	if err != nil {
		return err
	}
	client, err := c.Kafka.Client()
	if err != nil {
		return err
	}
	defer connect.CloseKafka(client)
	first, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	next, end, err := stream.Bounds(first, client, app.TopicDead, 0)
	if err != nil {
		return f.from.kafkaFailed(err, &c)
	}
	fetcher := stream.Fetcher{Client: client, Topic: app.TopicDead, MaxBytes: 4 << 20, MaxWait: time.Second}
	seen, found := map[string]bool{}, 0
	for next < end {
		b, err := fetcher.Fetch(ctx, next)
		if err != nil {
			return f.from.kafkaFailed(err, &c)
		}
		next = b.Next
		for i := range b.Records {
			l := &b.Records[i]
			source := l.Header(intake.HeaderSource)
			if l.Offset >= end || seen[source] || !f.wants(l) {
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
		Use: "list", Short: "List dead letters with where they stood and why they are dead", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			out, found := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0), 0
			err := f.each(cmd.Context(), func(_ *kafka.Client, l *stream.Record) error {
				if asJSON {
					return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{
						"source": l.Header(intake.HeaderSource), "reason": l.Header(intake.HeaderReason), "detail": l.Header(intake.HeaderDetail),
						"key": l.Header(intake.HeaderKey), "format": l.Header("tw-format"), "value": string(l.Value),
					})
				}
				if found++; found == 1 {
					printf(out, "SOURCE\tREASON\tDETAIL\tVALUE\n")
				}
				printf(out, "%s\t%s\t%s\t%.60q\n", l.Header(intake.HeaderSource), l.Header(intake.HeaderReason), l.Header(intake.HeaderDetail), l.Value)
				return nil
			})
			if err != nil {
				return err
			}
			if found == 0 && !asJSON {
				printf(cmd.ErrOrStderr(), "no dead letters\n")
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
		Use: "replay", Short: "Send dead letters to their topics again; twice does no harm", Args: takes(),
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
			if err != nil {
				return fmt.Errorf("after %d letters were sent: %w", sent, err)
			}
			printf(cmd.OutOrStdout(), "%d sent, %d refused\n", sent, refused)
			if refused > 0 {
				return fmt.Errorf("%d letters could not be sent again", refused)
			}
			return nil
		},
	}
	f.flags(cmd)
	return cmd
}
