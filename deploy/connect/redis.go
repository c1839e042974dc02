package connect

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	redisDialTimeout = 3 * time.Second
	redisCallTimeout = 5 * time.Second // read and write each; a blocking read adds its own waiting time
)

// Redis says how to reach one Redis, a Sentinel group, or a Redis Cluster.
type Redis struct {
	// Addrs are host:port: of the server in mode "single" (exactly one), of Sentinels in mode "sentinel", of some nodes in mode "cluster".
	Addrs []string `yaml:"addrs"`
	// Mode is "single", "sentinel" or "cluster"; empty means "single".
	Mode string `yaml:"mode"`
	// MasterName is the name of the master that the Sentinels watch. For mode "sentinel" only.
	MasterName string `yaml:"master_name"`
	Username   string `yaml:"username"`
	// Password, or PasswordFile: a file that holds it (a line end at its end is ignored).
	Password     string `yaml:"password"`
	PasswordFile string `yaml:"password_file"`
	// SentinelUsername and SentinelPassword log in to the Sentinels themselves, when they ask for it.
	SentinelUsername string `yaml:"sentinel_username"`
	SentinelPassword string `yaml:"sentinel_password"`
	// DB is the number of the database, from 0; a cluster has only 0.
	DB  int `yaml:"db"`
	TLS TLS `yaml:"tls"`
}

// Validate returns every problem, each beginning with the key it is about; nil means none. It reads no file.
func (r Redis) Validate() []error {
	problems := checkAddrs("redis.addrs", r.Addrs)
	switch r.Mode {
	case "", "single":
		if len(r.Addrs) > 1 {
			problems = append(problems, fmt.Errorf("redis.addrs: mode single takes one address, not %d; set redis.mode to sentinel or cluster", len(r.Addrs)))
		}
	case "sentinel":
		if r.MasterName == "" {
			problems = append(problems, fmt.Errorf("redis.master_name: mode sentinel needs the name of the master"))
		}
	case "cluster":
		if r.DB != 0 {
			problems = append(problems, fmt.Errorf("redis.db: is %d, but a cluster has only database 0", r.DB))
		}
	default:
		problems = append(problems, fmt.Errorf("redis.mode: %q is not one of single, sentinel, cluster", r.Mode))
	}
	if r.Mode != "sentinel" && (r.MasterName != "" || r.SentinelUsername != "" || r.SentinelPassword != "") {
		problems = append(problems, fmt.Errorf("redis.master_name, redis.sentinel_username, redis.sentinel_password: only for mode sentinel"))
	}
	if r.DB < 0 {
		problems = append(problems, fmt.Errorf("redis.db: is %d, must be 0 or more", r.DB))
	}
	if err := checkSecret("redis.password", r.Password, r.PasswordFile); err != nil {
		problems = append(problems, err)
	}
	return append(problems, r.TLS.validate("redis.tls")...)
}

// Redacted returns a copy that may be printed: passwords are replaced.
func (r Redis) Redacted() Redis {
	r.Password, r.SentinelPassword = redact(r.Password), redact(r.SentinelPassword)
	return r
}

// Client builds a client for reads and for writes that may be repeated: commands are tried again after a broken
// connection, so a command that adds may add twice. The caller closes it.
func (r Redis) Client() (redis.UniversalClient, error) {
	options, err := r.options()
	if err != nil {
		return nil, err
	}
	return redis.NewUniversalClient(options), nil
}

// StateClient builds a client for transactions that must take effect at most once per call: it never sends a command
// again by itself, so an error means that the outcome is unknown and the caller has to read what is there. (On a cluster
// a command is still sent on when a node answers that it does not own the slot, which has no effect there.)
// Deadlines of the context end a call. The caller closes it.
func (r Redis) StateClient() (redis.UniversalClient, error) {
	options, err := r.options()
	if err != nil {
		return nil, err
	}
	options.MaxRetries = -1
	options.PipelinePoolSize = -1
	return redis.NewUniversalClient(options), nil
}

// WaitingClient builds a client for reads that wait on the server, such as a blocking read of a stream: its pool has room for
// that many connections at once. The caller closes it.
func (r Redis) WaitingClient(connections int) (redis.UniversalClient, error) {
	options, err := r.options()
	if err != nil {
		return nil, err
	}
	options.PoolSize = connections
	return redis.NewUniversalClient(options), nil
}

func (r Redis) options() (*redis.UniversalOptions, error) {
	if err := refuse(r.Validate()); err != nil {
		return nil, err
	}
	tlsConfig, err := r.TLS.config("redis.tls")
	if err != nil {
		return nil, err
	}
	password, err := secret("redis.password", r.Password, r.PasswordFile)
	if err != nil {
		return nil, err
	}
	return &redis.UniversalOptions{
		Addrs: r.Addrs, MasterName: r.MasterName, IsClusterMode: r.Mode == "cluster", DB: r.DB,
		Username: r.Username, Password: password, SentinelUsername: r.SentinelUsername, SentinelPassword: r.SentinelPassword,
		ClientName: "touchwatch", DisableIdentity: true, TLSConfig: tlsConfig,
		DialTimeout: redisDialTimeout, ReadTimeout: redisCallTimeout, WriteTimeout: redisCallTimeout, ContextTimeoutEnabled: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}, nil
}

// LogRedis sends what go-redis logs (failed dials, lost Sentinels) to log at level debug: its callers get the same as
// errors, and by default it writes to stderr on its own. The setting holds for the whole process, so main calls it once.
func LogRedis(log *slog.Logger) { redis.SetLogger(redisLog{log}) }

type redisLog struct{ log *slog.Logger }

// Printf implements the logging interface of go-redis.
func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	if l.log.Enabled(ctx, slog.LevelDebug) {
		l.log.DebugContext(ctx, "redis client", "message", fmt.Sprintf(format, v...))
	}
}
