// Package app is the program as a value: it builds the stages a configuration asks for, runs them until its context ends, and
// stops them in order. Commands and tests build it; it reads no flags and never exits the process.
package app

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"touchwatch/deploy/connect"
	"touchwatch/ingest/decode"
	"touchwatch/ingest/own"
	"touchwatch/processors/customer"
)

// Role is a part of the program that may run in a process of its own.
type Role string

// The roles.
const (
	RoleIngest    Role = "ingest"    // raw topics → timeline
	RoleCustomers Role = "customers" // timeline → states, alerts; signals → places
	RoleArchive   Role = "archive"   // timeline → ClickHouse
	RoleWeb       Role = "web"       // boards, API, WebSocket
)

// Roles lists all roles.
var Roles = []Role{RoleIngest, RoleCustomers, RoleArchive, RoleWeb}

// Config configures the program. Defaults come from Default; every key may be set by an environment variable
// TOUCHWATCH_<SECTION>_<KEY>, which wins over the file.
type Config struct {
	// Listen is the address of boards, API and metrics. Anything but loopback needs auth.tokens_file.
	Listen string `yaml:"listen"`
	// Roles are the parts that run in this process: ingest, customers, archive, web. Empty means all.
	Roles      []Role             `yaml:"roles"`
	Kafka      connect.Kafka      `yaml:"kafka"`
	Redis      connect.Redis      `yaml:"redis"`
	ClickHouse connect.ClickHouse `yaml:"clickhouse"`
	Topics     Topics             `yaml:"topics"`
	Channels   Channels           `yaml:"channels"`
	// SignalsFile overrides weights, half-lives and thresholds; RulesFile replaces the shipped rules. Empty: the shipped ones.
	SignalsFile string `yaml:"signals_file"`
	RulesFile   string `yaml:"rules_file"`
	// Text says how ingest judges what customers write.
	Text Text `yaml:"text"`
	// Company says what is the company's own.
	Company Company `yaml:"company"`
	Auth    Auth    `yaml:"auth"`
	Limits  Limits  `yaml:"limits"`
	Log     Log     `yaml:"log"`
	// WhyNoHistory says how to get an archive when none is configured; set by the program, not by a file.
	WhyNoHistory string `yaml:"-"`
}

// Topics says which topics there are and how they are created.
type Topics struct {
	// Raw are the topics that ingest reads.
	Raw []RawTopic `yaml:"raw"`
	// TimelinePartitions is fixed when customer.timeline is created; it bounds how many processes share the customers. 1 to 1000.
	TimelinePartitions int `yaml:"timeline_partitions"`
	// PlacePartitions are those of signals and alerts. 1 to 1000.
	PlacePartitions int `yaml:"place_partitions"`
	// Replication is how many brokers hold each partition; 0 means the broker's default.
	Replication int `yaml:"replication"`
	// TimelineRetention is how long the timeline is kept; at least 14 days in production. 0 means 14 days.
	TimelineRetention time.Duration `yaml:"timeline_retention"`
}

// RawTopic is one topic of raw events.
type RawTopic struct {
	Name string `yaml:"name"`
	// Format reads records without a tw-format header; empty means the topic's own format.
	Format string `yaml:"format"`
	// Partitions when the topic is created. 1 to 1000.
	Partitions int `yaml:"partitions"`
}

// Company says what is the company's own.
type Company struct {
	// Accounts are its accounts on social platforms, such as x:acme or mastodon:help@acme.example: what they post are replies.
	Accounts []string `yaml:"accounts"`
}

// Auth protects the HTTP server.
type Auth struct {
	// TokensFile holds one bearer token a line; # starts a comment. Empty means no token is asked for.
	TokensFile string `yaml:"tokens_file"`
	// Origins are further origins that browsers may open the WebSocket from, such as https://boards.example.com.
	Origins []string `yaml:"origins"`
}

// Limits bound what the program takes.
type Limits struct {
	// Oldest is how old a touchpoint may be when it arrives; older ones go to the dead topic. 0 takes any age.
	Oldest time.Duration `yaml:"oldest"`
	// CacheMiB bounds the customers kept in memory by a process, over all partitions it holds; places have as much again. 0 means 64.
	CacheMiB int `yaml:"cache_mib"`
	// ForgetAnonymous and ForgetKnown are how long a party without touchpoints is remembered. Part of the settings that take
	// effect by an entry in the timeline. At least a minute.
	ForgetAnonymous time.Duration `yaml:"forget_anonymous"`
	ForgetKnown     time.Duration `yaml:"forget_known"`
	// Session is how long a process may be silent before its partitions go to others: after a crash nobody goes on for that long.
	// 6s, the brokers' usual lower bound, to 5m; 0 means 20s.
	Session time.Duration `yaml:"session"`
	// Stuck is after how long without progress a partition is read again. At least 30s; 0 means 1m.
	Stuck time.Duration `yaml:"stuck"`
	// HistoryDays is how long ClickHouse keeps rows. 0 means 400.
	HistoryDays int `yaml:"history_days"`
}

// Log says how the program logs, always to standard error.
type Log struct {
	Level  string `yaml:"level"`  // debug, info, warn or error
	Format string `yaml:"format"` // text or json; empty: text on a terminal, else json
}

// LogLevels and LogFormats are what a log may be asked for.
var (
	LogLevels  = []string{"debug", "info", "warn", "error"}
	LogFormats = []string{"text", "json"}
)

// Default returns the configuration that serve starts from: servers on this machine with their usual ports.
func Default() Config {
	c := Config{
		Listen:     "127.0.0.1:8480",
		Roles:      slices.Clone(Roles),
		Kafka:      connect.Kafka{Brokers: []string{"127.0.0.1:9092"}},
		Redis:      connect.Redis{Addrs: []string{"127.0.0.1:6379"}, Mode: "single"},
		ClickHouse: connect.ClickHouse{Addrs: []string{"127.0.0.1:9000"}, Protocol: "native", Database: "default"},
		Topics:     Topics{TimelinePartitions: 8, PlacePartitions: 4, TimelineRetention: 14 * 24 * time.Hour},
		Limits:     Limits{CacheMiB: 64, Session: 20 * time.Second, Stuck: time.Minute, HistoryDays: 400, ForgetAnonymous: customer.DefaultRetention.Anonymous, ForgetKnown: customer.DefaultRetention.Known},
		Channels:   Channels{SilentAfter: 5 * time.Minute, SilentMissing: 20},
		Log:        Log{Level: "info"},

		WhyNoHistory: "no ClickHouse is configured: set clickhouse.addrs",
	}
	for _, name := range []string{"touchpoints.website", "touchpoints.chat", "touchpoints.social", "touchpoints.call", "customers.profiles"} {
		c.Topics.Raw = append(c.Topics.Raw, RawTopic{Name: name, Format: decode.DefaultFormat(name), Partitions: 4})
	}
	return c
}

// Load reads a configuration file over the defaults, then the environment (os.Environ form) over both, and checks it.
// An unknown key or variable is an error that names it.
func Load(path string, environ []string) (Config, error) {
	c := Default()
	if path != "" {
		b, err := os.ReadFile(path)
		if err != nil {
			return Config{}, fmt.Errorf("read configuration: %w", err)
		}
		if err := yaml.UnmarshalWithOptions(b, &c, yaml.Strict()); err != nil {
			return Config{}, fmt.Errorf("configuration %s: %s", path, yamlProblem(b, err))
		}
	}
	if err := c.applyEnv(environ); err != nil {
		return Config{}, err
	}
	return c, c.Validate()
}

// Has reports whether this process plays the role.
func (c *Config) Has(r Role) bool { return len(c.Roles) == 0 || slices.Contains(c.Roles, r) }

// History reports whether a ClickHouse is configured.
func (c *Config) History() bool { return len(c.ClickHouse.Addrs) > 0 }

// Validate returns all problems at once, each beginning with its key.
func (c *Config) Validate() error {
	problems := append(c.Kafka.Validate(), c.Redis.Validate()...)
	if c.History() {
		problems = append(problems, c.ClickHouse.Validate()...)
	}
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	for _, r := range c.Roles {
		if !slices.Contains(Roles, r) {
			add("roles: %q is no role, want some of ingest, customers, archive, web", r)
		}
	}
	host, _, err := net.SplitHostPort(c.Listen)
	switch {
	case err != nil:
		add("listen: want host:port, got %q", c.Listen)
	case c.Auth.TokensFile == "" && !Loopback(host):
		add("listen: %s can be reached from other machines; set auth.tokens_file to a file with API tokens, or listen on 127.0.0.1", c.Listen)
	}
	for key, n := range map[string]int{"topics.timeline_partitions": c.Topics.TimelinePartitions, "topics.place_partitions": c.Topics.PlacePartitions} {
		if n < 1 || n > 1000 {
			add("%s: want 1 to 1000, got %d", key, n)
		}
	}
	for key, d := range map[string]time.Duration{"limits.forget_anonymous": c.Limits.ForgetAnonymous, "limits.forget_known": c.Limits.ForgetKnown} {
		if d < time.Minute {
			add("%s: want at least 1m, got %s", key, d)
		}
	}
	if s := c.Limits.Session; s != 0 && (s < 6*time.Second || s > 5*time.Minute) {
		add("limits.session: want 6s to 5m, got %s", s)
	}
	if s := c.Limits.Stuck; s != 0 && s < 30*time.Second {
		add("limits.stuck: want at least 30s, longer than the time-outs of Redis and Kafka one after the other, got %s", s)
	}
	if len(c.Topics.Raw) == 0 {
		add("topics.raw: want at least one topic")
	}
	problems = append(problems, c.Topics.validateRaw()...)
	problems = append(problems, c.Channels.validate(c.Topics.Raw)...)
	problems = append(problems, c.Text.validate()...)
	if _, err := own.NewAccounts(c.Company.Accounts); err != nil {
		add("company.accounts: %w", err)
	}
	if !slices.Contains(LogLevels, c.Log.Level) {
		add("log.level: want %s, got %q", strings.Join(LogLevels, ", "), c.Log.Level)
	}
	if c.Log.Format != "" && !slices.Contains(LogFormats, c.Log.Format) {
		add("log.format: want %s, got %q", strings.Join(LogFormats, " or "), c.Log.Format)
	}
	return errors.Join(problems...)
}

func (t *Topics) validateRaw() []error {
	var problems []error
	for i, raw := range t.Raw {
		key := fmt.Sprintf("topics.raw[%d]", i)
		if raw.Name == "" {
			problems = append(problems, fmt.Errorf("%s.name: want the topic's name", key))
		}
		if raw.Partitions < 1 || raw.Partitions > 1000 {
			problems = append(problems, fmt.Errorf("%s.partitions: want 1 to 1000, got %d", key, raw.Partitions))
		}
		format := raw.Format
		if format == "" {
			format = decode.DefaultFormat(raw.Name)
		}
		if _, ok := decode.Lookup(format); !ok {
			problems = append(problems, fmt.Errorf("%s.format: %q is no format, want one of %s", key, raw.Format, strings.Join(decode.Formats(), ", ")))
		}
	}
	return problems
}

// Loopback reports whether a host can be reached from this machine only.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// Redacted returns a copy that may be printed.
func (c Config) Redacted() Config {
	c.Kafka, c.Redis, c.ClickHouse = c.Kafka.Redacted(), c.Redis.Redacted(), c.ClickHouse.Redacted()
	return c
}
