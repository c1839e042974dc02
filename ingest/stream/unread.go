package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// lookEvery is how often a member looks whether every partition has a reader.
const lookEvery = 5 * time.Second

// stable is the state of a group whose members all have their assignment.
const stable = "Stable"

// watch returns when the group has to assign its partitions anew, because there is one that nobody reads, or when ctx ends. It compares what is
// assigned with what is there: a watcher that remembers the count of partitions from when it began, as the client's own does, never learns of one that was
// added between the leader's assignment and that moment.
func (g *Group) watch(ctx context.Context) {
	for Sleep(ctx, g.look) {
		topic, partition, found, err := g.unread(ctx)
		switch {
		case err != nil:
			g.Log.Debug("cannot look whether every partition has a reader", "group", g.ID, "error", err)
		case found:
			g.Log.Info("a partition has no reader, the group assigns anew", "group", g.ID, "topic", topic, "partition", partition)
			return
		}
	}
}

// unread finds a partition that no member of the group has. While members come or go there is none: they are about to have one.
func (g *Group) unread(ctx context.Context) (topic string, partition int, found bool, err error) {
	there, err := g.Client.Metadata(ctx, &kafka.MetadataRequest{Topics: g.Topics})
	if err != nil {
		return "", 0, false, fmt.Errorf("ask for the partitions of group %s: %w", g.ID, err)
	}
	res, err := g.Client.DescribeGroups(ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{g.ID}})
	if err != nil {
		return "", 0, false, fmt.Errorf("describe consumer group %s: %w", g.ID, err)
	}
	if len(res.Groups) != 1 || res.Groups[0].Error != nil || res.Groups[0].GroupState != stable {
		return "", 0, false, nil
	}
	type place struct {
		topic     string
		partition int
	}
	read := map[place]bool{}
	for _, m := range res.Groups[0].Members {
		for _, t := range m.MemberAssignments.Topics {
			for _, p := range t.Partitions {
				read[place{t.Topic, p}] = true
			}
		}
	}
	for _, t := range there.Topics {
		for _, p := range t.Partitions {
			if !read[place{t.Name, p.ID}] {
				return t.Name, p.ID, true, nil
			}
		}
	}
	return "", 0, false, nil
}
