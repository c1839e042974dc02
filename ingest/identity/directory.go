package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/ingest/touchpoint"
)

// Directory is the alias directory in Redis: key tw:alias:<kind>:<value> → the link. It is safe for concurrent use.
type Directory struct {
	Redis redis.UniversalClient
	// Keep is how long the link of a device or a contact (cookie, contact) is kept after it was made or used last; there is no end of
	// new ones. Addresses of a person stay. Zero keeps everything.
	Keep time.Duration
}

// storeNewer writes a link unless a newer one is there, so that a batch that is sent again cannot undo what came after it.
// A link counts as newer by its moment of receipt, then by its place in its raw partition.
var storeNewer = redis.NewScript(`
local old = redis.call('HMGET', KEYS[1], 'at', 'offset')
if old[1] then
  local at, offset = tonumber(old[1]), tonumber(old[2])
  if at > tonumber(ARGV[1]) or (at == tonumber(ARGV[1]) and offset > tonumber(ARGV[2])) then return 0 end
end
redis.call('HSET', KEYS[1], 'at', ARGV[1], 'offset', ARGV[2], 'customer', ARGV[3], 'source', ARGV[4])
if tonumber(ARGV[5]) > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[5]) end
return 1`)

func key(a touchpoint.Alias) string { return Prefix + string(a.Kind) + ":" + a.Value }

// Fetch reads the links of all aliases in one round trip. Customer ids need none.
func (d *Directory) Fetch(ctx context.Context, aliases []touchpoint.Alias) (map[touchpoint.Alias]Link, error) {
	known := make(map[touchpoint.Alias]Link, len(aliases))
	replies := make(map[touchpoint.Alias]*redis.SliceCmd, len(aliases))
	pipe := d.Redis.Pipeline()
	for _, a := range aliases {
		if a.Kind != touchpoint.AliasID && replies[a] == nil {
			replies[a] = pipe.HMGet(ctx, key(a), "customer", "at")
		}
	}
	if len(replies) == 0 {
		return known, nil
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("look up %d aliases: %w", len(replies), err)
	}
	for a, reply := range replies {
		if customer, ok := reply.Val()[0].(string); ok {
			stored, _ := reply.Val()[1].(string)
			at, err := strconv.ParseInt(stored, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%s was made at %q, want milliseconds: %w", key(a), stored, err)
			}
			known[a] = Link{Alias: a, Customer: touchpoint.CustomerID(customer), At: touchpoint.Millis(at)}
		}
	}
	return known, nil
}

// keep is how many milliseconds a link of that kind is kept, zero for ever.
func (d *Directory) keep(k touchpoint.AliasKind) int64 {
	if personal(k) {
		return 0
	}
	return d.Keep.Milliseconds()
}

// storeAtOnce bounds how many links one round trip writes.
const storeAtOnce = 500

// Store writes links in their order; one that is older than what is stored changes nothing. Storing twice does no harm,
// so an error leaves nothing to clean up: store them all again.
func (d *Directory) Store(ctx context.Context, links []Link) error {
	return d.store(ctx, links, func(l Link) int64 { return d.keep(l.Alias.Kind) })
}

// store writes links; keep says for how many milliseconds each is kept, zero for ever.
func (d *Directory) store(ctx context.Context, links []Link, keep func(Link) int64) error {
	for chunk := range slices.Chunk(links, storeAtOnce) {
		pipe := d.Redis.Pipeline()
		for _, l := range chunk {
			source, err := json.Marshal(l.Source)
			if err != nil {
				return fmt.Errorf("encode link of %s: %w", l.Customer, err)
			}
			storeNewer.Eval(ctx, pipe, []string{key(l.Alias)}, int64(l.At), l.Source.Offset, string(l.Customer), source, keep(l))
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return fmt.Errorf("store %d links: %w", len(chunk), err)
		}
	}
	return nil
}
