package app

import (
	"time"

	"touchwatch/deploy/connect"
)

// DevAddrs are the addresses of the embedded stack.
type DevAddrs struct {
	Listen, Kafka, Redis, ClickHouse string
}

// DefaultDev are the usual addresses of `touchwatch dev`: loopback, beside the real servers' usual ports.
func DefaultDev() DevAddrs {
	return DevAddrs{Listen: "127.0.0.1:8480", Kafka: "127.0.0.1:9192", Redis: "127.0.0.1:6479", ClickHouse: "127.0.0.1:8223"}
}

// DevConfig is the configuration of the embedded stack: small topics, a bounded past. An empty ClickHouse address
// means that there is no engine: everything live works, history is off.
func DevConfig(d DevAddrs) Config {
	c := Default()
	c.Listen = d.Listen
	c.Kafka = connect.Kafka{Brokers: []string{d.Kafka}}
	c.Redis = connect.Redis{Addrs: []string{d.Redis}, Mode: "single"}
	c.ClickHouse = connect.ClickHouse{}
	if d.ClickHouse != "" {
		c.ClickHouse = connect.ClickHouse{Addrs: []string{d.ClickHouse}, Protocol: "http", Database: "default"}
	}
	c.Topics.TimelinePartitions, c.Topics.PlacePartitions, c.Topics.Replication = 4, 2, 1
	for i := range c.Topics.Raw {
		c.Topics.Raw[i].Partitions = 2
	}
	c.Limits.CacheMiB, c.Limits.HistoryDays = 16, 2
	c.Limits.ForgetAnonymous, c.Limits.ForgetKnown = 10*time.Minute, 7*24*time.Hour
	return c
}
