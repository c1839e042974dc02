package connect

import (
	"crypto/tls"
	"fmt"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// security checks the options and reads certificates and the password.
func (k Kafka) security() (*tls.Config, sasl.Mechanism, error) {
	if err := refuse(k.Validate()); err != nil {
		return nil, nil, err
	}
	tlsConfig, err := k.TLS.config("kafka.tls")
	if err != nil {
		return nil, nil, err
	}
	mechanism, err := k.SASL.mechanism()
	return tlsConfig, mechanism, err
}

func (s SASL) validate(key string) []error {
	switch s.Mechanism {
	case "":
		if s != (SASL{}) {
			return []error{fmt.Errorf("%s.mechanism: is empty, but a user or password is set; name one of plain, scram-sha-256, scram-sha-512", key)}
		}
		return nil
	case "plain", "scram-sha-256", "scram-sha-512":
	default:
		return []error{fmt.Errorf("%s.mechanism: %q is not one of plain, scram-sha-256, scram-sha-512", key, s.Mechanism)}
	}
	var problems []error
	if s.Username == "" {
		problems = append(problems, fmt.Errorf("%s.username: is empty", key))
	}
	if s.Password == "" && s.PasswordFile == "" {
		problems = append(problems, fmt.Errorf("%s.password: give it or %s.password_file", key, key))
	}
	if err := checkSecret(key+".password", s.Password, s.PasswordFile); err != nil {
		problems = append(problems, err)
	}
	return problems
}

// mechanism returns nil when there is no authentication.
func (s SASL) mechanism() (sasl.Mechanism, error) {
	password, err := secret("kafka.sasl.password", s.Password, s.PasswordFile)
	if err != nil {
		return nil, err
	}
	switch s.Mechanism {
	case "plain":
		return plain.Mechanism{Username: s.Username, Password: password}, nil
	case "scram-sha-256":
		return scramMechanism(scram.SHA256, s.Username, password)
	case "scram-sha-512":
		return scramMechanism(scram.SHA512, s.Username, password)
	}
	return nil, nil
}

func scramMechanism(algorithm scram.Algorithm, username, password string) (sasl.Mechanism, error) {
	m, err := scram.Mechanism(algorithm, username, password)
	if err != nil {
		return nil, fmt.Errorf("kafka.sasl: user name or password has characters that SCRAM does not allow: %w", err)
	}
	return m, nil
}
