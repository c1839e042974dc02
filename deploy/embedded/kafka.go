package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// KafkaOptions are what StartKafka needs.
type KafkaOptions struct {
	// Listen is the host:port; port 0 picks a free one.
	Listen string
	// AutoCreate lets clients create topics by writing to them, with Partitions partitions each.
	AutoCreate bool
	// Partitions of topics for which a client names no number; 0 means 4.
	Partitions int32
	// MaxAge is how long a record stays at least readable, and at most about twice as long; 0 means 1 hour.
	MaxAge time.Duration
	// MaxBytes bounds the records of all topics together, in compressed bytes; the oldest go first. 0 means 64 MiB.
	MaxBytes int64
	// SweepEvery is how often the past is cut; 0 means 10 s.
	SweepEvery time.Duration
	// Data is a folder to keep everything in; empty keeps it in memory.
	Data string
	// Log gets a line when the past cannot be cut; nil means none.
	Log *slog.Logger
}

// Kafka is an in-process broker of one node. Its past is bounded by time of arrival and by bytes, whatever the topics'
// own settings say, so that a process that runs for weeks stays the same size.
type Kafka struct {
	cluster *kfake.Cluster
	client  *kgo.Client
	addr    string
	options KafkaOptions
	stop    context.CancelFunc
	work    sync.WaitGroup
	close   sync.Once
}

// segmentBytes is the unit in which the broker gives memory back.
const segmentBytes = 512 << 10

func (o KafkaOptions) withDefaults() KafkaOptions {
	if o.Partitions == 0 {
		o.Partitions = 4
	}
	if o.MaxAge == 0 {
		o.MaxAge = time.Hour
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 64 << 20
	}
	if o.SweepEvery == 0 {
		o.SweepEvery = 10 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// StartKafka starts a broker. A taken address gives an *AddressTaken.
func StartKafka(ctx context.Context, options KafkaOptions) (*Kafka, error) {
	options = options.withDefaults()
	listener, err := listenTCP("Kafka", options.Listen)
	if err != nil {
		return nil, err
	}
	addr := listener.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	number, _ := strconv.Atoi(port)
	opts := []kfake.Opt{
		kfake.Ports(number), kfake.ListenFn(func(string, string) (net.Listener, error) { return listener, nil }),
		kfake.DefaultNumPartitions(int(options.Partitions)), kfake.GroupMinSessionTimeout(time.Second),
		kfake.BrokerConfigs(map[string]string{
			"log.segment.bytes": strconv.Itoa(segmentBytes), "group.initial.rebalance.delay.ms": "0", "message.max.bytes": strconv.Itoa(2 << 20),
		}),
	}
	if options.AutoCreate {
		opts = append(opts, kfake.AllowAutoTopicCreation())
	}
	if options.Data != "" {
		opts = append(opts, kfake.DataDir(options.Data))
	}
	cluster, err := kfake.NewCluster(opts...)
	if err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("embedded Kafka on %s: %w", addr, err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ClientID("embedded-retention"))
	if err != nil {
		cluster.Close()
		return nil, fmt.Errorf("embedded Kafka on %s: %w", addr, err)
	}
	k := &Kafka{cluster: cluster, client: client, addr: addr, options: options}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	k.stop = stop
	k.work.Go(func() { k.keepBounded(run) })
	return k, nil
}

// Addr is the host:port that answers.
func (k *Kafka) Addr() string { return k.addr }

// Close stops the broker. Without a data folder what it held is gone.
func (k *Kafka) Close() error {
	k.close.Do(func() {
		k.stop()
		k.work.Wait()
		k.client.Close()
		k.cluster.Close()
	})
	return nil
}

// keepBounded cuts the past again and again until ctx ends.
func (k *Kafka) keepBounded(ctx context.Context) {
	past := newPast(k.options.MaxAge, k.options.MaxBytes)
	admin := kadm.NewClient(k.client)
	tick := time.NewTicker(k.options.SweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if err := k.sweep(ctx, admin, past, now); err != nil && ctx.Err() == nil {
				k.options.Log.Warn("embedded Kafka cannot cut its past", "error", err)
			}
		}
	}
}

// sweep looks at all partitions once and deletes what is over.
func (k *Kafka) sweep(ctx context.Context, admin *kadm.Client, past *past, now time.Time) error {
	topics, err := admin.ListTopics(ctx)
	if err != nil {
		return err
	}
	var logs []logState
	for _, name := range topics.Names() {
		for _, p := range k.cluster.PartitionInfos(name) {
			logs = append(logs, logState{place: place{name, p.Partition}, start: p.LogStartOffset, end: p.HighWatermark, bytes: p.NumBytes})
		}
	}
	var problems []error
	for _, cut := range past.cuts(now, logs) {
		if err := k.cluster.DeleteRecords(cut.topic, cut.partition, cut.offset); err != nil {
			problems = append(problems, fmt.Errorf("topic %s partition %d to offset %d: %w", cut.topic, cut.partition, cut.offset, err))
		}
	}
	return errors.Join(problems...)
}
