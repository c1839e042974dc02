package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/spf13/cobra"

	"touchwatch/cmd/app"
)

// answerWithin is how long a command waits for the first answer of a server: whoever types it wants to know soon.
const answerWithin = 10 * time.Second

// source says whose servers a command talks to: those of a configuration, or those of a running `touchwatch dev`.
type source struct {
	path string
	dev  bool
	// serversOnly leaves --dev out: what the command does makes no sense on servers that end with the process.
	serversOnly bool
}

func (s *source) flags(cmd *cobra.Command) {
	configFlag(cmd, &s.path)
	if s.serversOnly {
		return
	}
	cmd.Flags().BoolVar(&s.dev, "dev", false, "talk to the servers of a running 'touchwatch dev' on its usual ports")
}

func (s *source) config() (app.Config, error) {
	if s.dev {
		return app.DevConfig(app.DefaultDev()), nil
	}
	return loadConfig(s.path)
}

// kafkaFailed makes an error of the brokers say what to do: which addresses were tried, how to name others.
func (s *source) kafkaFailed(err error, c *app.Config) error {
	if errors.Is(err, kafka.UnknownTopicOrPartition) {
		return fmt.Errorf("%w; asked were %s; 'touchwatch migrate' creates the topics that are missing", err, strings.Join(c.Kafka.Brokers, ", "))
	}
	return s.unreachable(err, "Kafka", "kafka.brokers", "TOUCHWATCH_KAFKA_BROKERS", c.Kafka.Brokers)
}

// redisFailed is kafkaFailed for Redis.
func (s *source) redisFailed(err error, c *app.Config) error {
	return s.unreachable(err, "Redis", "redis.addrs", "TOUCHWATCH_REDIS_ADDRS", c.Redis.Addrs)
}

// houseFailed is kafkaFailed for ClickHouse.
func (s *source) houseFailed(err error, c *app.Config) error {
	return s.unreachable(err, "ClickHouse", "clickhouse.addrs", "TOUCHWATCH_CLICKHOUSE_ADDRS", c.ClickHouse.Addrs)
}

// unreachable explains an error of the network; other errors stay as they are.
func (s *source) unreachable(err error, server, key, variable string, addrs []string) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	var op *net.OpError
	var network net.Error // time-outs of a context or a pool as well
	switch {
	case errors.As(err, &op):
		err = op
	case errors.As(err, &network):
		err = fmt.Errorf("no answer in time: %w", network)
	default:
		return err
	}
	advice := fmt.Sprintf("set %s in the file of --config, or %s", key, variable)
	if !s.serversOnly {
		advice += ", or use --dev for a running 'touchwatch dev'"
	}
	if s.dev {
		advice = "is 'touchwatch dev' running, on its usual ports?"
	}
	return fmt.Errorf("cannot reach %s at %s: %w; %s", server, strings.Join(addrs, ", "), err, advice)
}
