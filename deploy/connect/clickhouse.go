package connect

import (
	"database/sql"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// clickHouseReadTimeout bounds the wait for the next bytes of an answer, not the whole query. The client's default of
// five minutes would hide a server that is gone.
const (
	clickHouseDialTimeout = 5 * time.Second
	clickHouseReadTimeout = 30 * time.Second
	// A change of tables is silent until the disk has it, which a busy one may take long for.
	clickHouseChangeTimeout = 2 * time.Minute
)

// ClickHouse says how to reach the history.
type ClickHouse struct {
	// Addrs are host:port of the servers, at least one; the native port is usually 9000 (9440 with TLS), HTTP 8123 (8443).
	Addrs []string `yaml:"addrs"`
	// Protocol is "native" or "http"; empty means "native". Proxies and the embedded server speak http.
	Protocol string `yaml:"protocol"`
	// Database holds the tables; empty means "default".
	Database string `yaml:"database"`
	// Username is empty for the server's user "default".
	Username string `yaml:"username"`
	// Password, or PasswordFile: a file that holds it (a line end at its end is ignored).
	Password     string `yaml:"password"`
	PasswordFile string `yaml:"password_file"`
	// Compression of what is sent is "lz4", "zstd" or "none"; empty means "lz4".
	Compression string `yaml:"compression"`
	TLS         TLS    `yaml:"tls"`
}

// Validate returns every problem, each beginning with the key it is about; nil means none. It reads no file.
func (c ClickHouse) Validate() []error {
	problems := checkAddrs("clickhouse.addrs", c.Addrs)
	switch c.Protocol {
	case "", "native", "http":
	default:
		problems = append(problems, fmt.Errorf("clickhouse.protocol: %q is not one of native, http", c.Protocol))
	}
	if _, ok := compressionMethods[c.Compression]; !ok {
		problems = append(problems, fmt.Errorf("clickhouse.compression: %q is not one of lz4, zstd, none", c.Compression))
	}
	if err := checkSecret("clickhouse.password", c.Password, c.PasswordFile); err != nil {
		problems = append(problems, err)
	}
	return append(problems, c.TLS.validate("clickhouse.tls")...)
}

var compressionMethods = map[string]clickhouse.CompressionMethod{
	"": clickhouse.CompressionLZ4, "lz4": clickhouse.CompressionLZ4,
	"zstd": clickhouse.CompressionZSTD, "none": clickhouse.CompressionNone,
}

// Redacted returns a copy that may be printed: passwords are replaced.
func (c ClickHouse) Redacted() ClickHouse {
	c.Password = redact(c.Password)
	return c
}

// Open builds a connection pool; it dials at the first use. Inserts are synchronous: when Send returns nil, the rows are
// stored. An error of Send means that the outcome is unknown. Give each call a context with a deadline. The caller closes it.
func (c ClickHouse) Open() (driver.Conn, error) {
	options, err := c.options()
	if err != nil {
		return nil, err
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("open clickhouse %v: %w", c.Addrs, err)
	}
	return conn, nil
}

// OpenDB builds a pool for database/sql, as tools for migrations want it: an answer may be long in coming. Otherwise it is like Open.
func (c ClickHouse) OpenDB() (*sql.DB, error) {
	options, err := c.options()
	if err != nil {
		return nil, err
	}
	options.ReadTimeout = clickHouseChangeTimeout
	return clickhouse.OpenDB(options), nil
}

func (c ClickHouse) options() (*clickhouse.Options, error) {
	if err := refuse(c.Validate()); err != nil {
		return nil, err
	}
	tlsConfig, err := c.TLS.config("clickhouse.tls")
	if err != nil {
		return nil, err
	}
	password, err := secret("clickhouse.password", c.Password, c.PasswordFile)
	if err != nil {
		return nil, err
	}
	protocol := clickhouse.Native
	if c.Protocol == "http" {
		protocol = clickhouse.HTTP
	}
	database := c.Database
	if database == "" {
		database = "default"
	}
	return &clickhouse.Options{
		Addr: c.Addrs, Protocol: protocol, TLS: tlsConfig,
		Auth:        clickhouse.Auth{Database: database, Username: c.Username, Password: password},
		Settings:    clickhouse.Settings{"async_insert": 0},
		Compression: &clickhouse.Compression{Method: compressionMethods[c.Compression]},
		DialTimeout: clickHouseDialTimeout, ReadTimeout: clickHouseReadTimeout, ConnMaxLifetime: 10 * time.Minute,
		MaxOpenConns: 10, MaxIdleConns: 5, ConnOpenStrategy: clickhouse.ConnOpenInOrder,
	}, nil
}
