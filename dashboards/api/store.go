package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/redis/go-redis/v9"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
	"touchwatch/processors/place"
)

// ErrUnknown says that nothing is stored about a customer or a place.
var ErrUnknown = errors.New("nothing is known")

// Store reads what the keyed stages keep in Redis. It is safe for concurrent use and writes nothing.
type Store struct {
	Redis     redis.UniversalClient
	Customers int // partitions of the timeline
	Places    int // partitions of the topic signals
}

// Customer returns the state of a customer, or ErrUnknown.
func (s *Store) Customer(ctx context.Context, id touchpoint.CustomerID) (*customer.State, error) {
	keys := keyed.NewKeys(keyed.CustomerPrefix, timeline.Partition(string(id), s.Customers))
	body, err := s.state(ctx, keys, string(id))
	if err != nil {
		return nil, fmt.Errorf("read customer %s: %w", id, err)
	}
	state, err := customer.Decode(body)
	if err != nil {
		return nil, fmt.Errorf("customer %s: %w", id, err)
	}
	return state, nil
}

// Place returns the state of a place such as "page:/checkout", or ErrUnknown.
func (s *Store) Place(ctx context.Context, key string) (*place.State, error) {
	keys := keyed.NewKeys(keyed.PlacePrefix, timeline.Partition(key, s.Places))
	body, err := s.state(ctx, keys, key)
	if err != nil {
		return nil, fmt.Errorf("read place %s: %w", key, err)
	}
	state, err := place.Decode(body)
	if err != nil {
		return nil, fmt.Errorf("place %s: %w", key, err)
	}
	return state, nil
}

func (s *Store) state(ctx context.Context, keys keyed.Keys, subject string) ([]byte, error) {
	body, err := s.Redis.HGet(ctx, keys.States(subject), subject).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, ErrUnknown
	}
	return body, err
}

// Touchpoints returns the remembered touchpoints of a customer that occurred before a moment (zero: all), newest first,
// and how many are remembered in all.
func (s *Store) Touchpoints(ctx context.Context, id touchpoint.CustomerID, before touchpoint.Millis) (found []touchpoint.Touchpoint, remembered int, err error) {
	keys := keyed.NewKeys(keyed.CustomerPrefix, timeline.Partition(string(id), s.Customers))
	entries, err := s.Redis.LRange(ctx, keys.History(string(id)), 0, -1).Result()
	if err != nil {
		return nil, 0, fmt.Errorf("read touchpoints of %s: %w", id, err)
	}
	found, err = customer.DecodeHistory(entries)
	if err != nil {
		return nil, 0, fmt.Errorf("touchpoints of %s: %w", id, err)
	}
	remembered = len(found)
	if before > 0 {
		found = slices.DeleteFunc(found, func(t touchpoint.Touchpoint) bool { return t.OccurredAt >= before })
	}
	return found, remembered, nil
}

// Unhappy is a customer whose score is low now.
type Unhappy struct {
	Customer touchpoint.CustomerID `json:"customer"`
	Score    float64               `json:"score" doc:"0 to 100, at as_of"`
}

// scanPage is how many states are read in one round trip.
const scanPage = 500

// Below returns the customers with a score below limit at a moment, lowest first. The stages list everybody below
// customer.RiskLimit; a higher limit finds no more.
func (s *Store) Below(ctx context.Context, limit float64, at touchpoint.Millis) ([]Unhappy, error) {
	all := []Unhappy{}
	for p := range s.Customers {
		keys := keyed.NewKeys(keyed.CustomerPrefix, p)
		listed, err := s.Redis.ZRange(ctx, keys.Risk(), 0, -1).Result()
		if err != nil {
			return nil, fmt.Errorf("list customers at risk of partition %d: %w", p, err)
		}
		for page := range slices.Chunk(listed, scanPage) {
			if all, err = s.below(ctx, keys, page, limit, at, all); err != nil {
				return nil, fmt.Errorf("read customers at risk of partition %d: %w", p, err)
			}
		}
	}
	slices.SortFunc(all, func(a, b Unhappy) int {
		return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(a.Customer, b.Customer))
	})
	return all, nil
}

// below appends those of ids whose score is below limit. Stored ranks are as old as the last change; the score is computed anew.
func (s *Store) below(ctx context.Context, keys keyed.Keys, ids []string, limit float64, at touchpoint.Millis, all []Unhappy) ([]Unhappy, error) {
	pipe := s.Redis.Pipeline()
	bodies := make([]*redis.StringCmd, len(ids))
	for i, id := range ids {
		bodies[i] = pipe.HGet(ctx, keys.States(id), id)
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	for i, id := range ids {
		body, err := bodies[i].Bytes()
		if errors.Is(err, redis.Nil) { // forgotten since it was listed
			continue
		}
		if err != nil {
			return nil, err
		}
		state, err := customer.Decode(body)
		if err != nil {
			return nil, fmt.Errorf("customer %s: %w", id, err)
		}
		if score := state.Score(max(at, state.Now)); score < limit {
			all = append(all, Unhappy{Customer: state.ID, Score: math.Round(score*100) / 100})
		}
	}
	return all, nil
}
