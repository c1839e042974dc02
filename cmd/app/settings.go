package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"touchwatch/alerts/desk"
	"touchwatch/alerts/rule"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
	"touchwatch/processors/place"
	"touchwatch/processors/signal/detectors"
	"touchwatch/processors/signal/settings"
)

// Bundle is a set of settings as it stands in a config entry: the texts of the operator's files, with their names for
// error messages. An empty text means the shipped one of the program that activates it, which is filled in, so that an
// entry never depends on a program's version.
type Bundle struct {
	SignalsFile string `json:"signals_file"`
	Signals     string `json:"signals"`
	RulesFile   string `json:"rules_file"`
	Rules       string `json:"rules"`
	// Retention says when a silent party is forgotten; part of the settings, because forgetting changes states.
	Retention customer.Retention `json:"retention"`
}

// settingsKey is the Redis hash of the settings activated last: sequence, hash, content, and done once all partitions have them.
const settingsKey = "tw:settings"

// ReadBundle reads the files that the configuration names and checks them.
func ReadBundle(c *Config) (Bundle, error) {
	b := Bundle{
		SignalsFile: "signals.yaml (shipped)", Signals: string(settings.Default().YAML()), RulesFile: "rules.yaml (shipped)", Rules: string(rule.DefaultYAML()),
		Retention: customer.Retention{Anonymous: c.Limits.ForgetAnonymous, Known: c.Limits.ForgetKnown},
	}
	if c.SignalsFile != "" {
		text, err := os.ReadFile(c.SignalsFile)
		if err != nil {
			return Bundle{}, fmt.Errorf("signals_file: %w", err)
		}
		merged, err := settings.Parse(c.SignalsFile, text)
		if err != nil {
			return Bundle{}, err
		}
		b.SignalsFile, b.Signals = c.SignalsFile, string(merged.YAML())
	}
	if c.RulesFile != "" {
		text, err := os.ReadFile(c.RulesFile)
		if err != nil {
			return Bundle{}, fmt.Errorf("rules_file: %w", err)
		}
		b.RulesFile, b.Rules = c.RulesFile, string(text)
	}
	_, _, err := b.Parse()
	return b, err
}

// Parse reads the texts.
func (b *Bundle) Parse() (*settings.Settings, *rule.Set, error) {
	s, err := settings.Parse(b.SignalsFile, []byte(b.Signals))
	if err != nil {
		return nil, nil, err
	}
	r, err := rule.Parse(b.RulesFile, []byte(b.Rules))
	if err != nil {
		return nil, nil, err
	}
	return s, r, nil
}

// BuildCustomers makes the customers' fold of a config entry's content.
func BuildCustomers(content []byte) (keyed.Logic[customer.State], error) {
	if content == nil {
		return customer.NewFold(nil, nil, customer.DefaultRetention), nil
	}
	b, s, r, err := parseContent(content)
	if err != nil {
		return nil, err
	}
	return customer.NewFold(detectors.New(s), desk.Customers(r), b.Retention), nil
}

// BuildPlaces makes the places' fold of a config entry's content.
func BuildPlaces(content []byte) (keyed.Logic[place.State], error) {
	if content == nil {
		return place.NewFold(nil), nil
	}
	_, _, r, err := parseContent(content)
	if err != nil {
		return nil, err
	}
	return place.NewFold(desk.Places(r)), nil
}

// parseContent reads a config entry's content.
func parseContent(content []byte) (b Bundle, s *settings.Settings, r *rule.Set, err error) {
	if err := json.Unmarshal(content, &b); err != nil {
		return b, nil, nil, fmt.Errorf("settings entry: %w", err)
	}
	s, r, err = b.Parse()
	return b, s, r, err
}

// activate makes the bundle take effect: it reserves the next sequence, appends a config entry to every partition of the
// keyed topics, and notes that it is done. The same settings again change nothing; after a crash in between the entries are
// appended again under the same sequence, which the folds ignore.
func activate(ctx context.Context, client redis.UniversalClient, k *kafka.Client, t *Topics, b Bundle, now touchpoint.Millis) error {
	content, err := b.content()
	if err != nil {
		return err
	}
	hash := hashOf(content)
	sequence, done, err := reserve(ctx, client, hash, content, now)
	if err != nil || done {
		return err
	}
	value, err := timeline.Encode(nil, &timeline.Entry{
		Kind: timeline.Config, At: now, ID: "config/" + strconv.FormatInt(sequence, 10),
		Config: &timeline.ConfigBody{Sequence: sequence, Hash: hash, Content: content},
	})
	if err != nil {
		return err
	}
	for topic, n := range map[string]int{TopicTimeline: t.TimelinePartitions, TopicSignals: t.PlacePartitions} {
		for p := range n {
			if _, err := stream.ProduceUntil(ctx, k, topic, p, []stream.Record{{Value: value}}, func(error) {}); err != nil {
				return fmt.Errorf("activate settings: %w", err)
			}
		}
	}
	return client.HSet(ctx, settingsKey, "done", sequence).Err()
}

// reserve returns the sequence under which hash is activated, and whether every partition has it already. Processes that start at the
// same moment reserve one after the other: who comes second finds what the first has reserved.
func reserve(ctx context.Context, client redis.UniversalClient, hash string, content []byte, now touchpoint.Millis) (sequence int64, done bool, err error) {
	for range reserveTries {
		sequence, done, err = tryReserve(ctx, client, hash, content, now)
		if !errors.Is(err, redis.TxFailedErr) {
			break
		}
	}
	if err != nil {
		return 0, false, fmt.Errorf("reserve settings: %w", err)
	}
	return sequence, done, nil
}

// content is the bundle as it stands in a config entry.
func (b *Bundle) content() ([]byte, error) {
	content, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("encode settings: %w", err)
	}
	return content, nil
}

// hashOf tells contents apart.
func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// reserveTries bounds how often a process tries while others reserve: each failure is another one's success.
const reserveTries = 1000

// tryReserve makes one attempt; redis.TxFailedErr says that another process was faster. A sequence is at least the moment in milliseconds:
// a Redis that lost its latest writes may have forgotten a sequence that stands in the log, and settings activated under it once more
// would be ignored there.
func tryReserve(ctx context.Context, client redis.UniversalClient, hash string, content []byte, now touchpoint.Millis) (sequence int64, done bool, err error) {
	err = client.Watch(ctx, func(tx *redis.Tx) error {
		held, err := tx.HGetAll(ctx, settingsKey).Result()
		if err != nil {
			return err
		}
		sequence, _ = strconv.ParseInt(held["sequence"], 10, 64) // absent: zero
		if held["hash"] == hash {
			done = held["done"] == held["sequence"]
			return nil
		}
		sequence = max(sequence+1, int64(now))
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.HSet(ctx, settingsKey, "sequence", sequence, "hash", hash, "content", content)
			return nil
		})
		return err
	}, settingsKey)
	return sequence, done, err
}
