package app

import (
	"errors"
	"fmt"

	"touchwatch/dashboards/api"
	"touchwatch/deploy/connect"
)

// Check reads every file that the configuration names (signals, rules, tokens, certificates, passwords) and reports all that is wrong
// with them. It talks to no server.
func Check(c *Config) error {
	var problems []error
	if _, err := ReadBundle(c); err != nil {
		problems = append(problems, err)
	}
	if _, err := c.Text.Engine(); err != nil {
		problems = append(problems, err)
	}
	if _, err := loadTokens(c); err != nil {
		problems = append(problems, err)
	}
	if client, err := c.Kafka.Client(); err != nil {
		problems = append(problems, err)
	} else {
		connect.CloseKafka(client)
	}
	if client, err := c.Redis.Client(); err != nil {
		problems = append(problems, err)
	} else {
		_ = client.Close()
	}
	if c.History() {
		if conn, err := c.ClickHouse.Open(); err != nil {
			problems = append(problems, err)
		} else {
			_ = conn.Close()
		}
	}
	return errors.Join(problems...)
}

// loadTokens reads the file of API tokens; nil when none is configured.
func loadTokens(c *Config) (*api.Tokens, error) {
	if c.Auth.TokensFile == "" {
		return nil, nil
	}
	tokens, err := api.LoadTokens(c.Auth.TokensFile)
	if err != nil {
		return nil, fmt.Errorf("auth.tokens_file: %w", err)
	}
	return tokens, nil
}
