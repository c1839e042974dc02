package connect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

func expectProblems(t *testing.T, got []error, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d problems, want %d: %v", len(got), len(want), got)
		return
	}
	for i, w := range want {
		if !strings.HasPrefix(got[i].Error(), w) {
			t.Errorf("problem %d is %q, want one about %s", i, got[i], w)
		}
	}
}

func TestKafkaReportsEveryProblemByKey(t *testing.T) {
	expectProblems(t, Kafka{Brokers: []string{"a:9092"}}.Validate())
	expectProblems(t, Kafka{}.Validate(), "kafka.brokers:")
	expectProblems(t, Kafka{
		Brokers: []string{"a:9092", "nohost", ":9092", "a:0"},
		TLS:     TLS{CAFile: "ca.pem"},
		SASL:    SASL{Mechanism: "SCRAM", Username: "u"},
	}.Validate(), "kafka.brokers[1]:", "kafka.brokers[2]:", "kafka.brokers[3]:", "kafka.tls.enabled:", "kafka.sasl.mechanism:")
	expectProblems(t, Kafka{Brokers: []string{"a:1"}, SASL: SASL{Mechanism: "plain"}}.Validate(), "kafka.sasl.username:", "kafka.sasl.password:")
	expectProblems(t, Kafka{Brokers: []string{"a:1"}, SASL: SASL{Password: "p"}}.Validate(), "kafka.sasl.mechanism:")
	expectProblems(t, Kafka{
		Brokers: []string{"a:1"}, TLS: TLS{Enabled: true, CertFile: "c", CAFile: "ca", InsecureSkipVerify: true},
		SASL: SASL{Mechanism: "plain", Username: "u", Password: "p", PasswordFile: "f"},
	}.Validate(), "kafka.tls.cert_file", "kafka.tls.insecure_skip_verify:", "kafka.sasl.password:")
}

func TestRedisReportsEveryProblemByKey(t *testing.T) {
	expectProblems(t, Redis{Addrs: []string{"[::1]:6379"}}.Validate())
	expectProblems(t, Redis{Addrs: []string{"a:1", "b:1"}}.Validate(), "redis.addrs:")
	expectProblems(t, Redis{Addrs: []string{"a:1"}, Mode: "sentinel"}.Validate(), "redis.master_name:")
	expectProblems(t, Redis{Addrs: []string{"a:1"}, Mode: "cluster", DB: 1}.Validate(), "redis.db:")
	expectProblems(t, Redis{Mode: "ring", MasterName: "m", DB: -1, Password: "p", PasswordFile: "f"}.Validate(),
		"redis.addrs:", "redis.mode:", "redis.master_name", "redis.db:", "redis.password:")
}

func TestClickHouseReportsEveryProblemByKey(t *testing.T) {
	expectProblems(t, ClickHouse{Addrs: []string{"a:9000"}}.Validate())
	expectProblems(t, ClickHouse{Addrs: []string{"a"}, Protocol: "grpc", Compression: "rar", Password: "p", PasswordFile: "f"}.Validate(),
		"clickhouse.addrs[0]:", "clickhouse.protocol:", "clickhouse.compression:", "clickhouse.password:")
}

func TestClientsRefuseWhatValidateRefuses(t *testing.T) {
	if _, err := (Kafka{}).Client(); err == nil || !strings.Contains(err.Error(), "kafka.brokers") {
		t.Errorf("kafka client without brokers: %v", err)
	}
	if _, err := (Kafka{}).Dialer(); err == nil {
		t.Error("kafka dialer without brokers was built")
	}
	if _, err := (Redis{}).Client(); err == nil {
		t.Error("redis client without an address was built")
	}
	if _, err := (ClickHouse{}).Open(); err == nil {
		t.Error("clickhouse pool without an address was built")
	}
}

func TestAMissingFileIsNamed(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "nothing.pem")
	_, err := Kafka{Brokers: []string{"a:1"}, TLS: TLS{Enabled: true, CAFile: missing}}.Client()
	if err == nil || !strings.Contains(err.Error(), "kafka.tls.ca_file") || !strings.Contains(err.Error(), missing) {
		t.Errorf("missing CA file: %v", err)
	}
	_, err = Redis{Addrs: []string{"a:1"}, PasswordFile: missing}.Client()
	if err == nil || !strings.Contains(err.Error(), "redis.password_file") {
		t.Errorf("missing password file: %v", err)
	}
}

func TestPasswordFileLosesItsLineEndOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(" s3cret \r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := secret("k", "", file)
	if err != nil || got != " s3cret " {
		t.Errorf("password %q, %v", got, err)
	}
	if err := os.WriteFile(file, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := secret("k", "", file); err == nil {
		t.Error("an empty password file was taken")
	}
	if err := os.WriteFile(file, make([]byte, maxSecretBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := secret("k", "", file); err == nil {
		t.Error("a huge password file was taken")
	}
}

func TestYAMLKeysAreSnakeCase(t *testing.T) {
	var c struct {
		Kafka      Kafka      `yaml:"kafka"`
		Redis      Redis      `yaml:"redis"`
		ClickHouse ClickHouse `yaml:"clickhouse"`
	}
	text := `
kafka:
  brokers: [k1:9092, k2:9092]
  client_id: me
  tls: {enabled: true, ca_file: ca, cert_file: c, key_file: k, server_name: s, insecure_skip_verify: false}
  sasl: {mechanism: scram-sha-512, username: u, password_file: f}
redis: {addrs: ["r:6379"], mode: sentinel, master_name: m, username: u, password: p, sentinel_password: q, db: 2}
clickhouse: {addrs: ["c:9000"], protocol: native, database: d, username: u, password: p, compression: zstd}
`
	if err := yaml.UnmarshalWithOptions([]byte(text), &c, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if c.Kafka.SASL.PasswordFile != "f" || c.Kafka.TLS.KeyFile != "k" || c.Redis.MasterName != "m" || c.ClickHouse.Compression != "zstd" {
		t.Errorf("not filled: %+v", c)
	}
	for _, problems := range [][]error{c.Kafka.Validate(), c.Redis.Validate(), c.ClickHouse.Validate()} {
		expectProblems(t, problems)
	}
	out, err := yaml.Marshal([]any{c.Kafka.Redacted(), c.Redis.Redacted(), c.ClickHouse.Redacted()})
	if err != nil || strings.Contains(string(out), "password: p\n") || strings.Contains(string(out), "password: q\n") {
		t.Errorf("a password is printed: %s, %v", out, err)
	}
}
