package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"touchwatch/cmd/app"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
)

// stateView is what `touchwatch state` prints.
type stateView struct {
	State       *customer.State         `json:"state"`
	Score       float64                 `json:"score"`
	Explanation customer.Explanation    `json:"explanation"`
	Touchpoints []touchpoint.Touchpoint `json:"touchpoints"` // newest first
	AsOf        time.Time               `json:"as_of"`
}

func stateCommand() *cobra.Command {
	var s source
	cmd := &cobra.Command{
		Use: "state CUSTOMER", Short: "Print what is known about a customer now, with the score explained, as JSON", Args: takes("CUSTOMER"),
		Example: "  touchwatch state --dev cus_100001",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.config()
			if err != nil {
				return err
			}
			client, err := c.Redis.Client()
			if err != nil {
				return err
			}
			defer client.Close()
			ctx, cancel := context.WithTimeout(cmd.Context(), answerWithin)
			defer cancel()
			view, err := readWhom(ctx, client, &c, args[0], time.Now())
			if err != nil {
				return s.redisFailed(err, &c)
			}
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetIndent("", "  ")
			return out.Encode(view)
		},
	}
	s.flags(cmd)
	return cmd
}

func readState(ctx context.Context, client redis.UniversalClient, c *app.Config, id string, now time.Time) (*stateView, error) {
	keys := keyed.NewKeys(keyed.CustomerPrefix, timeline.Partition(id, c.Topics.TimelinePartitions))
	b, err := client.HGet(ctx, keys.States(id), id).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("%w about %s", errUnknown, id)
	}
	if err != nil {
		return nil, fmt.Errorf("read state of %s: %w", id, err)
	}
	s, err := customer.Decode(b)
	if err != nil {
		return nil, err
	}
	entries, err := client.LRange(ctx, keys.History(id), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("read history of %s: %w", id, err)
	}
	history, err := customer.DecodeHistory(entries)
	if err != nil {
		return nil, err
	}
	at := touchpoint.MillisOf(now)
	view := &stateView{State: s, Score: s.Score(at), Explanation: s.Explain(at), Touchpoints: history, AsOf: now.UTC()}
	return view, nil
}
