package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Redis is what one Redis server says of itself. Empty means that it does not say: managed and embedded servers keep some to themselves.
type Redis struct {
	Node         string // address, in a cluster
	Version      string
	Policy       string // maxmemory-policy
	MaxMemory    int64  // bytes; 0 for no bound
	UsedMemory   int64  // bytes
	AppendOnly   string // "1" or "0"
	AppendFsync  string // "always", "everysec" or "no"
	RewriteFrom  string // auto-aof-rewrite-min-size in bytes
	LastWriteBad bool   // the append-only file or the snapshot could not be written
	Role         string
	WhyNotAsked  string // why the policy is unknown
	InProcess    bool   // the embedded server: it evicts nothing and keeps nothing over a restart
}

// keepAll is the only eviction policy under which no state disappears.
const keepAll = "noeviction"

// rewriteFrom is from how many bytes on the append-only file should be written anew. With Redis's own 64 MB a growing state is written
// anew every few seconds in a backlog, which took nearly as much processor time as all commands (docs/benchmarks.md).
const rewriteFrom = 256 << 20

// redisOldest is the oldest version whose commands suffice (streams with XTRIM MINID).
const redisOldest = "6.2"

// ReadRedis asks every server that holds keys. An error means that one does not answer.
func ReadRedis(ctx context.Context, client redis.UniversalClient) ([]Redis, error) {
	cluster, ok := client.(*redis.ClusterClient)
	if !ok {
		one, err := readNode(ctx, client)
		return []Redis{one}, err
	}
	var mu sync.Mutex
	var all []Redis
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		one, err := readNode(ctx, node)
		one.Node = node.Options().Addr
		mu.Lock()
		defer mu.Unlock()
		all = append(all, one)
		return err
	})
	return all, err
}

func readNode(ctx context.Context, client redis.Cmdable) (Redis, error) {
	r := Redis{}
	if err := client.Ping(ctx).Err(); err != nil {
		return r, err
	}
	told := map[string]string{}
	for _, section := range []string{"server", "memory", "persistence", "replication"} {
		text, err := client.Info(ctx, section).Result()
		if refused(err) {
			r.InProcess = r.InProcess || strings.Contains(err.Error(), "section ("+section+") is not supported")
			continue
		}
		if err != nil {
			return r, err
		}
		readInfo(told, text)
	}
	if r.take(told); r.InProcess {
		return r, nil
	}
	for name, target := range map[string]*string{"maxmemory-policy": &r.Policy, "appendfsync": &r.AppendFsync, "auto-aof-rewrite-min-size": &r.RewriteFrom} {
		if *target != "" {
			continue
		}
		held, err := client.ConfigGet(ctx, name).Result()
		if refused(err) {
			r.WhyNotAsked = err.Error()
			continue
		}
		if err != nil {
			return r, err
		}
		*target = held[name]
	}
	return r, nil
}

// refused reports whether the server answered that it does not tell: an unknown command or section, or no right to ask.
// Faults of the network and a server that is loading are not refusals.
func refused(err error) bool {
	var answer redis.Error
	var network net.Error
	if err == nil || errors.As(err, &network) || !errors.As(err, &answer) {
		return false
	}
	said := strings.ToLower(answer.Error())
	for _, mark := range []string{"unknown command", "unknown subcommand", "noperm", "not supported", "no permissions", "not allowed"} {
		if strings.Contains(said, mark) {
			return true
		}
	}
	return false
}

// readInfo reads lines of name:value.
func readInfo(into map[string]string, text string) {
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			into[name] = value
		}
	}
}

func (r *Redis) take(told map[string]string) {
	r.Version, r.Policy, r.AppendOnly, r.Role = told["redis_version"], told["maxmemory_policy"], told["aof_enabled"], told["role"]
	r.MaxMemory, _ = strconv.ParseInt(told["maxmemory"], 10, 64) // absent: no bound
	r.UsedMemory, _ = strconv.ParseInt(told["used_memory"], 10, 64)
	r.LastWriteBad = told["aof_last_write_status"] == "err" || told["rdb_last_bgsave_status"] == "err"
}

// Eviction judges the one setting under which states would silently disappear.
func (r Redis) Eviction() Finding {
	f := Finding{Server: "redis", Check: r.named("eviction policy"), Severity: OK, Found: r.Policy}
	switch {
	case r.InProcess:
		f.Found = "the server of 'touchwatch dev' deletes nothing"
	case r.Policy == keepAll:
	case r.Policy == "":
		f.Severity, f.Found = Warning, "the server does not tell ("+r.WhyNotAsked+")"
		f.Advice = "make sure that maxmemory-policy is " + keepAll + ": any other deletes customers' states when memory is full"
	default:
		f.Severity = Error
		f.Advice = "set maxmemory-policy to " + keepAll + " (redis.conf, or 'redis-cli config set maxmemory-policy " + keepAll + "' and 'config rewrite'): this one deletes customers' states when memory is full, and nobody is told"
	}
	return f
}

// Judge returns everything there is to say about the server.
func (r Redis) Judge() []Finding {
	add := func(all []Finding, check string, s Severity, found, advice string) []Finding {
		return append(all, Finding{Server: "redis", Check: r.named(check), Severity: s, Found: found, Advice: advice})
	}
	if r.InProcess {
		return add(nil, "persistence", Warning, "the server of 'touchwatch dev': all is gone when it ends", "use a Redis of its own for anything but trying out")
	}
	all := []Finding{r.Eviction()}
	switch {
	case r.Version == "":
		all = add(all, "version", Warning, "the server does not tell its version", "use Redis "+redisOldest+" or later, or Valkey")
	case older(r.Version, redisOldest):
		all = add(all, "version", Error, r.Version, "use Redis "+redisOldest+" or later: outboxes are trimmed by commands that this one has not")
	default:
		all = add(all, "version", OK, r.Version, "")
	}
	switch {
	case r.AppendOnly == "":
		all = add(all, "persistence", Warning, "the server does not tell", "make sure that appendonly is on: after a restart without it everything is folded again from the timeline, as far as that reaches")
	case r.AppendOnly == "0":
		all = add(all, "persistence", Warning, "appendonly is off", "set appendonly yes and appendfsync everysec: after a crash everything since the last snapshot is folded again from the timeline, as far as that reaches")
	case r.AppendFsync == "no":
		all = add(all, "persistence", Warning, "appendonly with appendfsync no", "set appendfsync everysec: now the system decides how much a power failure loses")
	default:
		all = add(all, "persistence", OK, strings.TrimSpace("appendonly "+r.AppendFsync), "")
	}
	if from, err := strconv.ParseInt(r.RewriteFrom, 10, 64); err == nil && from < rewriteFrom && r.AppendOnly == "1" {
		all = add(all, "rewriting", Warning, fmt.Sprintf("auto-aof-rewrite-min-size is %d MiB", from>>20),
			"set auto-aof-rewrite-min-size 512mb: a small log is written anew again and again, which takes nearly as much processor time as the writing itself; a start reads that much more")
	}
	if r.LastWriteBad {
		all = add(all, "persistence", Error, "the last write to disk failed", "look at Redis's log and its disk: Redis may refuse writes, and then every partition waits")
	}
	return append(all, r.memory())
}

// memory judges how much room there is.
func (r Redis) memory() Finding {
	f := Finding{Server: "redis", Check: r.named("memory"), Severity: OK, Found: fmt.Sprintf("%d MiB used", r.UsedMemory>>20)}
	if r.MaxMemory == 0 {
		f.Found += ", no bound"
		return f
	}
	f.Found += fmt.Sprintf(" of %d MiB", r.MaxMemory>>20)
	switch share := float64(r.UsedMemory) / float64(r.MaxMemory); {
	case share >= 0.95:
		f.Severity, f.Advice = Error, "raise maxmemory now: when it is full Redis refuses writes and every partition waits (about 1 kB a customer, and up to 50 touchpoints each)"
	case share >= 0.8:
		f.Severity, f.Advice = Warning, "raise maxmemory, or lower limits.forget_anonymous: when it is full Redis refuses writes and every partition waits"
	}
	return f
}

func (r Redis) named(check string) string {
	if r.Node == "" {
		return check
	}
	return check + " of " + r.Node
}

// older compares versions such as 7.0.15 number by number.
func older(version, than string) bool {
	a, b := strings.Split(version, "."), strings.Split(than, ".")
	for i := range b {
		if i >= len(a) {
			return true
		}
		x, err := strconv.Atoi(a[i])
		y, _ := strconv.Atoi(b[i])
		if err != nil || x != y {
			return err == nil && x < y
		}
	}
	return false
}

// CheckRedis reads and judges.
func CheckRedis(ctx context.Context, client redis.UniversalClient) []Finding {
	nodes, err := ReadRedis(ctx, client)
	if err != nil {
		return unreachable("redis", err, "check redis.addrs, redis.mode and the password; is the server running?")
	}
	var all []Finding
	for _, n := range nodes {
		all = append(all, n.Judge()...)
	}
	return sorted(all)
}

// EvictionError says that a Redis would delete states.
type EvictionError struct{ Finding Finding }

// Error says what is set and what to do.
func (e *EvictionError) Error() string {
	return fmt.Sprintf("redis: %s is %s: %s", e.Finding.Check, e.Finding.Found, e.Finding.Advice)
}

// Refuses reports whether err says that a Redis would delete states; trying again does not help then.
func Refuses(err error) bool { return errors.As(err, new(*EvictionError)) }

// CheckEviction returns an EvictionError when a server would delete states, and in words why it is not known whether one would.
func CheckEviction(ctx context.Context, client redis.UniversalClient) (warning string, err error) {
	nodes, err := ReadRedis(ctx, client)
	if err != nil {
		return "", fmt.Errorf("read Redis's settings: %w", err)
	}
	for _, n := range nodes {
		switch f := n.Eviction(); f.Severity {
		case Error:
			return "", &EvictionError{f}
		case Warning:
			warning = f.Found + "; " + f.Advice
		}
	}
	return warning, nil
}
