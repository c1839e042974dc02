package connect

import (
	"time"

	"github.com/segmentio/kafka-go"
)

// kafkaDialTimeout covers TCP, TLS and SASL together; kafkaCallTimeout one request with its answer. A fetch that waits for
// records (half a second) and a produce that waits for all replicas fit well; a dead broker is noticed soon.
const (
	kafkaDialTimeout = 5 * time.Second
	kafkaCallTimeout = 10 * time.Second
)

// Kafka says how to reach the brokers.
type Kafka struct {
	// Brokers are host:port of some brokers of the cluster, at least one; the rest is learned from them.
	Brokers []string `yaml:"brokers"`
	// ClientID names this program in the brokers' logs and quotas; empty means "touchwatch".
	ClientID string `yaml:"client_id"`
	TLS      TLS    `yaml:"tls"`
	SASL     SASL   `yaml:"sasl"`
}

// SASL says who we are to the brokers. The zero value means nobody: no authentication.
type SASL struct {
	// Mechanism is "", "plain", "scram-sha-256" or "scram-sha-512". "plain" sends the password as it is: use it with TLS.
	Mechanism string `yaml:"mechanism"`
	Username  string `yaml:"username"`
	// Password, or PasswordFile: a file that holds it (a line end at its end is ignored).
	Password     string `yaml:"password"`
	PasswordFile string `yaml:"password_file"`
}

// Validate returns every problem, each beginning with the key it is about; nil means none. It reads no file.
func (k Kafka) Validate() []error {
	problems := checkAddrs("kafka.brokers", k.Brokers)
	problems = append(problems, k.TLS.validate("kafka.tls")...)
	return append(problems, k.SASL.validate("kafka.sasl")...)
}

// Redacted returns a copy that may be printed: passwords are replaced.
func (k Kafka) Redacted() Kafka {
	k.SASL.Password = redact(k.SASL.Password)
	return k
}

// Client builds a client for requests to the cluster. It refuses options that Validate refuses, and files it cannot read.
// Its connections close by themselves when idle; CloseKafka closes them now.
func (k Kafka) Client() (*kafka.Client, error) {
	tlsConfig, mechanism, err := k.security()
	if err != nil {
		return nil, err
	}
	transport := &kafka.Transport{
		DialTimeout: kafkaDialTimeout, IdleTimeout: 30 * time.Second, MetadataTTL: 5 * time.Second,
		ClientID: k.clientID(), TLS: tlsConfig, SASL: mechanism,
	}
	return &kafka.Client{Addr: kafka.TCP(k.Brokers...), Timeout: kafkaCallTimeout, Transport: transport}, nil
}

// Dialer builds the dialer that a kafka.ConsumerGroup needs. Same errors as Client.
func (k Kafka) Dialer() (*kafka.Dialer, error) {
	tlsConfig, mechanism, err := k.security()
	if err != nil {
		return nil, err
	}
	return &kafka.Dialer{
		ClientID: k.clientID(), Timeout: kafkaDialTimeout, KeepAlive: 15 * time.Second, DualStack: true,
		TLS: tlsConfig, SASLMechanism: mechanism,
	}, nil
}

// CloseKafka closes the idle connections of a client that Client built and ends its background work. Safe to call twice.
func CloseKafka(client *kafka.Client) {
	if t, ok := client.Transport.(*kafka.Transport); ok {
		t.CloseIdleConnections()
	}
}

func (k Kafka) clientID() string {
	if k.ClientID == "" {
		return "touchwatch"
	}
	return k.ClientID
}
