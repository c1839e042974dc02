package faults

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/deploy/connect"
	"touchwatch/processors/keyed"
)

// slowRedis lets every answer of Redis come 200 ms late.
func slowRedis(r *Run) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(5000, 22*time.Second)
	if err != nil {
		return err
	}
	if err := errors.Join(worker.works(), l.reach(0.2), l.under()); err != nil {
		return err
	}
	before := worker.times("partitions assigned")
	r.redis.proxy.Delay(200 * time.Millisecond)
	if err := errors.Join(r.pause(9*time.Second), l.under()); err != nil {
		return err
	}
	r.redis.proxy.Heal()
	if err := r.prove(r.redis.proxy.Counts().Held.Load(), "answers of Redis that came 200 ms late"); err != nil {
		return err
	}
	if after := worker.times("partitions assigned"); after != before {
		return fmt.Errorf("partitions were assigned %d times meanwhile: a slow Redis is no reason to rebalance", after-before)
	}
	return l.wait()
}

// redisRefuses lets Redis answer and refuse to write: as a replica does after a failover, and for want of memory.
func redisRefuses(r *Run) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(7000, 24*time.Second)
	if err != nil {
		return err
	}
	turns := []struct {
		name, reason   string
		breaks, mended []any
	}{
		{"READONLY", "it became a replica", []any{"replicaof", "127.0.0.1", "1"}, []any{"replicaof", "no", "one"}},
		{"OOM", "its memory is full", []any{"config", "set", "maxmemory", "1mb"}, []any{"config", "set", "maxmemory", "0"}},
	}
	for i, t := range turns {
		if err := errors.Join(worker.works(), l.reach(0.15+0.35*float64(i)), l.under()); err != nil {
			return err
		}
		if err := r.state.Do(r.ctx, t.breaks...).Err(); err != nil {
			return err
		}
		if err := r.pause(r.between(2*time.Second, 4*time.Second)); err != nil {
			return err
		}
		if err := errors.Join(r.state.Do(r.ctx, t.mended...).Err(), l.under()); err != nil {
			return err
		}
		refused, err := r.refused(t.name)
		if err != nil {
			return err
		}
		if err := r.prove(refused, "writes that Redis refused with "+t.name+", as "+t.reason); err != nil {
			return err
		}
	}
	return l.wait()
}

// refused is how often Redis answered with an error of that name.
func (r *Run) refused(name string) (int64, error) {
	text, err := r.state.Info(r.ctx, "errorstats").Result()
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(`errorstat_` + name + `:count=(\d+)`).FindStringSubmatch(text)
	if m == nil {
		return 0, nil
	}
	return strconv.ParseInt(m[1], 10, 64)
}

// failover kills Redis while its replica has not heard the latest, and lets the replica take over.
func failover(r *Run) error {
	replica, err := newRedis(&r.parts, r.opt.Dir, "replica")
	if err != nil {
		return err
	}
	wire, err := NewProxy(r.redis.around.Target())
	if err != nil {
		return err
	}
	replica.proxy = wire
	r.closers = append(r.closers, replica.close)
	if err := replica.start(r.ctx); err != nil {
		return err
	}
	second, err := connect.Redis{Addrs: []string{replica.addr}}.Client()
	if err != nil {
		return err
	}
	r.closers = append(r.closers, func() { _ = second.Close() })
	if err := second.Do(r.ctx, "replicaof", wire.host(), wire.port()).Err(); err != nil {
		return err
	}
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(6000, 20*time.Second)
	if err != nil {
		return err
	}
	if err := errors.Join(worker.works(), l.reach(0.3), r.inSync(second), l.under()); err != nil {
		return err
	}
	r.sampler.allowRewind(redisGroups...)
	wire.Hold(true, true)
	if err := r.pause(r.between(700*time.Millisecond, 1500*time.Millisecond)); err != nil {
		return err
	}
	lost, err := r.behind(second)
	if err != nil {
		return err
	}
	if err := r.redis.current.kill(); err != nil {
		return err
	}
	wire.Close()
	if err := second.Do(r.ctx, "replicaof", "no", "one").Err(); err != nil {
		return err
	}
	for _, p := range []*Proxy{r.redis.proxy, r.redis.around} {
		p.SetTarget(replica.addr)
		p.Cut()
	}
	r.note("killed redis (process %d), the replica takes over", r.redis.current.pid())
	if err := errors.Join(l.under(), r.prove(lost, "bytes of Redis's writes that the replica never heard of")); err != nil {
		return err
	}
	return l.wait()
}

// inSync waits until a replica hears what is written.
func (r *Run) inSync(replica redis.UniversalClient) error {
	return until(r.ctx, settleWithin, func() error {
		if text, err := replica.Info(r.ctx, "replication").Result(); err != nil || infoNumber(text, "master_link_status:up\r\nmaster_last_io_seconds_ago") < 0 {
			return errors.Join(errors.New("the replica is not in sync"), err)
		}
		return nil
	})
}

// behind is how many bytes of the log of writes a replica has not heard of.
func (r *Run) behind(replica redis.UniversalClient) (int64, error) {
	master, err1 := r.state.Info(r.ctx, "replication").Result()
	copied, err2 := replica.Info(r.ctx, "replication").Result()
	return infoNumber(master, "master_repl_offset") - infoNumber(copied, "slave_repl_offset"), errors.Join(err1, err2)
}

// infoNumber is a number of an INFO text, −1 when it is not there.
func infoNumber(text, name string) int64 {
	m := regexp.MustCompile(regexp.QuoteMeta(name) + `:(\d+)`).FindStringSubmatch(text)
	if m == nil {
		return -1
	}
	n, _ := strconv.ParseInt(m[1], 10, 64)
	return n
}

// cluster runs the product on three Redis nodes and moves slots between them under load.
func cluster(r *Run) error {
	nodes, err := r.startCluster()
	if err != nil {
		return err
	}
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(7000, 26*time.Second)
	if err != nil {
		return err
	}
	moved := int64(0)
	for p := range r.cfg.Topics.TimelinePartitions {
		if err := errors.Join(worker.works(), l.reach(0.1+0.2*float64(p)), l.under()); err != nil {
			return err
		}
		slot, err := nodes[0].ClusterKeySlot(r.ctx, keyed.NewKeys(keyed.CustomerPrefix, p).Owner()).Result()
		if err != nil {
			return err
		}
		keys, err := r.move(nodes, slot)
		if err != nil {
			return fmt.Errorf("move slot %d: %w", slot, err)
		}
		r.note("moved slot %d of partition %d to another node, with %d keys", slot, p, keys)
		moved++
	}
	if err := errors.Join(l.under(), r.prove(moved, "slots moved between nodes under load")); err != nil {
		return err
	}
	return l.wait()
}

const clusterNodes = 3

// startCluster starts three nodes, makes them a cluster, and points the program and the harness to it.
func (r *Run) startCluster() ([]*redis.Client, error) {
	var nodes []*redis.Client
	var addrs []string
	for i := range clusterNodes {
		s, err := newRedis(&r.parts, r.opt.Dir, "node-"+strconv.Itoa(i), "--cluster-enabled", "yes", "--cluster-node-timeout", "5000")
		if err != nil {
			return nil, err
		}
		if s.proxy, err = NewProxy(s.addr); err != nil { // nobody uses it: nodes tell clients of each other by their own addresses
			return nil, err
		}
		r.closers = append(r.closers, s.close)
		if err := s.start(r.ctx); err != nil {
			return nil, err
		}
		node := redis.NewClient(&redis.Options{Addr: s.addr})
		r.closers = append(r.closers, func() { _ = node.Close() })
		nodes, addrs = append(nodes, node), append(addrs, s.addr)
	}
	for i, node := range nodes {
		if err := node.ClusterAddSlotsRange(r.ctx, i*16384/clusterNodes, (i+1)*16384/clusterNodes-1).Err(); err != nil {
			return nil, err
		}
		if err := node.Do(r.ctx, "cluster", "set-config-epoch", i+1).Err(); err != nil {
			return nil, err
		}
	}
	for _, addr := range addrs[1:] {
		if err := nodes[0].ClusterMeet(r.ctx, host(addr), port(addr)).Err(); err != nil {
			return nil, err
		}
	}
	for _, node := range nodes {
		err := until(r.ctx, serverStart, func() error {
			info, err := node.ClusterInfo(r.ctx).Result()
			if err != nil || infoNumber(info, "cluster_state:ok\r\ncluster_slots_assigned") != 16384 || infoNumber(info, "cluster_known_nodes") != clusterNodes {
				return errors.Join(errors.New("the nodes are no cluster yet"), err)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	r.cfg.Redis = connect.Redis{Addrs: addrs, Mode: "cluster"}
	client, err := r.cfg.Redis.Client()
	if err != nil {
		return nil, err
	}
	r.closers = append(r.closers, func() { _ = client.Close() })
	r.state, r.oracle.Redis, r.sampler.redis = client, client, client
	return nodes, r.configure()
}

// move gives a slot to the node after its owner, key by key, and returns how many keys that were.
func (r *Run) move(nodes []*redis.Client, slot int64) (int, error) {
	ids := make([]string, len(nodes))
	from := -1
	for i, node := range nodes {
		id, err := node.Do(r.ctx, "cluster", "myid").Text()
		if err != nil {
			return 0, err
		}
		ids[i] = id
		if n, err := node.ClusterCountKeysInSlot(r.ctx, int(slot)).Result(); err != nil {
			return 0, err
		} else if n > 0 {
			from = i
		}
	}
	if from < 0 {
		return 0, errors.New("no node has keys in it")
	}
	to := (from + 1) % len(nodes)
	if err := nodes[to].Do(r.ctx, "cluster", "setslot", slot, "importing", ids[from]).Err(); err != nil {
		return 0, err
	}
	if err := nodes[from].Do(r.ctx, "cluster", "setslot", slot, "migrating", ids[to]).Err(); err != nil {
		return 0, err
	}
	addr, moved := nodes[to].Options().Addr, 0
	for {
		keys, err := nodes[from].ClusterGetKeysInSlot(r.ctx, int(slot), 20).Result()
		if err != nil {
			return moved, err
		}
		if len(keys) == 0 {
			break
		}
		migrate := []any{"migrate", host(addr), port(addr), "", 0, 5000, "keys"}
		for _, key := range keys {
			migrate = append(migrate, key)
		}
		if err := nodes[from].Do(r.ctx, migrate...).Err(); err != nil {
			return moved, err
		}
		moved += len(keys)
	}
	for _, i := range []int{to, from, (to + 1) % len(nodes)} {
		if err := nodes[i].Do(r.ctx, "cluster", "setslot", slot, "node", ids[to]).Err(); err != nil {
			return moved, err
		}
	}
	return moved, nil
}
