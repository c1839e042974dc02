package bench

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"touchwatch/cmd/app"
	"touchwatch/deploy/connect"
	"touchwatch/ingest/intake"
	"touchwatch/ingest/simulator"
)

// trial is one configuration of the program on empty servers, with this package's own clients of them.
type trial struct {
	run   *run
	name  string // of its files: letters, digits and hyphens
	cfg   app.Config
	kafka *kafka.Client
	redis redis.UniversalClient
	past  driver.Conn // nil without ClickHouse
	nodes []*node

	options simulator.Options // of the world it is sent
	records int64             // made of it so far
	events  int64             // touchpoints in them
}

// Topics and groups of this package's own loops.
const (
	limitTopic = "bench.timeline"
	naiveGroup = "bench.naive"
)

// trial empties the servers and creates the topics of a configuration, which change may change.
func (r *run) trial(name string, change func(*app.Config)) (*trial, error) {
	cfg := r.servers.cfg
	cfg.Listen, cfg.Roles, cfg.Limits.Session = "127.0.0.1:0", slices.Clone(app.Roles), r.opt.Session
	cfg.Topics.Raw = slices.Clone(cfg.Topics.Raw)
	if change != nil {
		change(&cfg)
	}
	before, err := r.connect(&cfg)
	if err != nil {
		return nil, err
	}
	err = before.wipe()
	before.disconnect()
	if err != nil {
		return nil, err
	}
	if err := app.MigrateTopics(r.ctx, cfg, quiet()); err != nil {
		return nil, err
	}
	t, err := r.connect(&cfg) // another client: the one above goes on believing for seconds that there are no topics
	if err != nil {
		return nil, err
	}
	r.trials++
	t.name = fmt.Sprintf("%02d-%s", r.trials, name)
	return t, nil
}

// connect builds clients.
func (r *run) connect(cfg *app.Config) (*trial, error) {
	t := &trial{run: r, cfg: *cfg}
	var err error
	if t.kafka, err = cfg.Kafka.Client(); err != nil {
		return nil, err
	}
	if t.redis, err = cfg.Redis.Client(); err != nil {
		return nil, err
	}
	if cfg.History() {
		if t.past, err = cfg.ClickHouse.Open(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *trial) disconnect() {
	connect.CloseKafka(t.kafka)
	_ = t.redis.Close()
	if t.past != nil {
		_ = t.past.Close()
	}
}

// close ends the program and the clients.
func (t *trial) close() {
	for _, n := range t.nodes {
		n.process.Discard()
	}
	t.disconnect()
}

// topics are all that the program or this package may have made.
func (t *trial) topics() []string {
	all := []string{app.TopicTimeline, app.TopicSignals, app.TopicAlerts, app.TopicDead, limitTopic}
	for _, raw := range t.cfg.Topics.Raw {
		all = append(all, raw.Name)
	}
	return all
}

// mustBeEmpty refuses servers that hold something: it would be deleted between two cases.
func (t *trial) mustBeEmpty() error {
	ctx := t.run.ctx
	var unasked, held []error // each server that did not answer once, and what the others hold
	silent := func(server, key string, addrs []string, err error) {
		unasked = append(unasked, fmt.Errorf("cannot ask %s at %s (%s) whether it is empty: %w", server, strings.Join(addrs, ", "), key, err))
	}
	holds := func(format string, args ...any) { held = append(held, fmt.Errorf(format, args...)) }
	if n, err := t.redis.DBSize(ctx).Result(); err != nil {
		silent("Redis", "redis.addrs", t.cfg.Redis.Addrs, err)
	} else if n > 0 {
		holds("redis %s holds %d keys", t.cfg.Redis.Addrs, n)
	}
	for _, topic := range t.topics() {
		_, err := connect.PartitionCount(ctx, t.kafka, topic)
		if err != nil && !errors.Is(err, kafka.UnknownTopicOrPartition) {
			silent("Kafka", "kafka.brokers", t.cfg.Kafka.Brokers, err)
			break
		}
		if err == nil {
			holds("kafka %s has a topic %s", t.cfg.Kafka.Brokers, topic)
		}
	}
	if t.past != nil {
		if tables, err := t.tables(); err != nil {
			silent("ClickHouse", "clickhouse.addrs", t.cfg.ClickHouse.Addrs, err)
		} else if len(tables) > 0 {
			holds("clickhouse %s has tables in its database: %s", t.cfg.ClickHouse.Addrs, strings.Join(tables, ", "))
		}
	}
	if len(unasked) > 0 {
		return fmt.Errorf("%w\n'touchwatch doctor --config FILE' looks at all servers and says what to do", errors.Join(unasked...))
	}
	if err := errors.Join(held...); err != nil {
		return fmt.Errorf("the servers are not empty, and a benchmark deletes all between its cases; give it empty ones: %w", err)
	}
	return nil
}

// wipe deletes all that an earlier trial made.
func (t *trial) wipe() error {
	ctx := t.run.ctx
	if err := t.redis.FlushAll(ctx).Err(); err != nil {
		return fmt.Errorf("empty redis: %w", err)
	}
	if _, err := t.kafka.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: t.topics()}); err != nil {
		return fmt.Errorf("delete topics: %w", err)
	}
	// Deleted topics may be seen for a moment longer.
	for _, topic := range t.topics() {
		if err := until(ctx, serverStart, func() error {
			_, err := connect.PartitionCount(ctx, t.kafka, topic)
			if errors.Is(err, kafka.UnknownTopicOrPartition) {
				return nil
			}
			return errors.Join(err, fmt.Errorf("topic %s is still there", topic))
		}); err != nil {
			return err
		}
	}
	if _, err := t.kafka.DeleteGroups(ctx, &kafka.DeleteGroupsRequest{GroupIDs: []string{
		intake.Group, "touchwatch.customers", "touchwatch.places", "touchwatch.archive", naiveGroup + ".0", naiveGroup + ".1", naiveGroup + ".100",
	}}); err != nil {
		return fmt.Errorf("delete consumer groups: %w", err)
	}
	if t.past == nil {
		return nil
	}
	tables, err := t.tables()
	for _, table := range tables {
		if err := t.past.Exec(ctx, "DROP TABLE IF EXISTS `"+table+"`"); err != nil {
			return fmt.Errorf("drop table %s: %w", table, err)
		}
	}
	return err
}

func (t *trial) tables() ([]string, error) {
	rows, err := t.past.Query(t.run.ctx, "SELECT name FROM system.tables WHERE database = currentDatabase()")
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("list tables: %w", err)
		}
		all = append(all, name)
	}
	return all, rows.Err()
}

// pids are the processes whose usage is told apart.
func (t *trial) pids() map[string][]int {
	all := map[string][]int{}
	for name, list := range t.run.servers.pids {
		all[name] = list
	}
	for _, n := range t.nodes {
		all[ours] = append(all[ours], n.process.PID())
	}
	return all
}

// quiet is a log for clients of a run.
func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// roles without the archive.
func withoutArchive(cfg *app.Config) {
	cfg.Roles = []app.Role{app.RoleIngest, app.RoleCustomers, app.RoleWeb}
}
