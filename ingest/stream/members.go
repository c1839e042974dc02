package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"
)

// Members lists who takes part in a consumer group now, by client and host. A group that there is not has nobody.
func Members(ctx context.Context, client *kafka.Client, group string) ([]string, error) {
	res, err := client.DescribeGroups(ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{group}})
	if err != nil {
		return nil, fmt.Errorf("describe consumer group %s: %w", group, err)
	}
	var all []string
	for _, g := range res.Groups {
		if errors.Is(g.Error, kafka.GroupIdNotFound) {
			continue
		}
		if g.Error != nil {
			return nil, fmt.Errorf("describe consumer group %s: %w", group, g.Error)
		}
		for _, m := range g.Members {
			all = append(all, m.ClientID+" at "+m.ClientHost)
		}
	}
	return all, nil
}
