package identity

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/ingest/touchpoint"
)

// Directory is the alias directory in Redis: key tw:alias:{<slot>}:<kind>:<value> → when the link was made, the offset and the rest of the
// place it was learned from, and the customer. It is safe for concurrent use.
type Directory struct {
	Redis redis.UniversalClient
	// Keep is how long the link of a device or a contact (cookie, contact) is kept after it was made or used last; there is no end of
	// new ones. Addresses of a person stay. Zero keeps everything.
	Keep time.Duration
}

// slots is how many hash slots of a cluster the aliases are spread over: those of one slot are read with one command.
const slots = 32

// storeNewer writes a link unless a newer one is there, so that a batch that is sent again cannot undo what came after it.
// A link counts as newer by its moment of receipt, then by its place in its raw partition.
var storeNewer = redis.NewScript(`
local old = redis.call('GET', KEYS[1])
if old then
  local at, offset = string.match(old, '^(%-?%d+) (%-?%d+) ')
  at, offset = tonumber(at), tonumber(offset)
  if at > tonumber(ARGV[1]) or (at == tonumber(ARGV[1]) and offset > tonumber(ARGV[2])) then return 0 end
end
local link = ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3]
if tonumber(ARGV[4]) > 0 then redis.call('SET', KEYS[1], link, 'PX', ARGV[4]) else redis.call('SET', KEYS[1], link) end
return 1`)

func slot(a touchpoint.Alias) int {
	h := uint32(2166136261) // FNV-1a
	for i := range len(a.Value) {
		h = (h ^ uint32(a.Value[i])) * 16777619
	}
	return int(h % slots)
}

func key(a touchpoint.Alias) string {
	return Prefix + "{" + strconv.Itoa(slot(a)) + "}:" + string(a.Kind) + ":" + a.Value
}

// Fetch reads the links of all aliases in one round trip. Customer ids need none.
func (d *Directory) Fetch(ctx context.Context, aliases []touchpoint.Alias) (map[touchpoint.Alias]Link, error) {
	known := make(map[touchpoint.Alias]Link, len(aliases))
	asked := make(map[touchpoint.Alias]bool, len(aliases))
	var bySlot [slots][]touchpoint.Alias
	var keys [slots][]string
	for _, a := range aliases {
		if a.Kind != touchpoint.AliasID && !asked[a] {
			asked[a] = true
			s := slot(a)
			bySlot[s], keys[s] = append(bySlot[s], a), append(keys[s], key(a))
		}
	}
	if len(asked) == 0 {
		return known, nil
	}
	pipe := d.Redis.Pipeline()
	var replies [slots]*redis.SliceCmd
	for s, k := range keys {
		if len(k) > 0 {
			replies[s] = pipe.MGet(ctx, k...)
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("look up %d aliases: %w", len(asked), err)
	}
	for s, all := range bySlot {
		for i, a := range all {
			stored, ok := replies[s].Val()[i].(string)
			if !ok {
				continue
			}
			link, err := parseLink(a, stored)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", keys[s][i], err)
			}
			known[a] = link
		}
	}
	return known, nil
}

// parseLink reads what storeNewer writes, as far as it takes to resolve and to show whose the alias is.
func parseLink(a touchpoint.Alias, stored string) (Link, error) {
	parts := strings.SplitN(stored, " ", 4)
	if len(parts) < 4 {
		return Link{}, fmt.Errorf("is %q, want time, offset, source and customer", stored)
	}
	at, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return Link{}, fmt.Errorf("was made at %q, want milliseconds", parts[0])
	}
	return Link{Alias: a, Customer: touchpoint.CustomerID(parts[3]), At: touchpoint.Millis(at)}, nil
}

// learned is the rest of a stored link: where in the raw topics it was learned, for people, and whose the alias is.
func (l Link) learned() string {
	return fmt.Sprintf("%s/%d/%d/%d %s", l.Source.Topic, l.Source.Partition, l.Source.Epoch, l.Source.Index, l.Customer)
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
			storeNewer.Eval(ctx, pipe, []string{key(l.Alias)}, int64(l.At), l.Source.Offset, l.learned(), keep(l))
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return fmt.Errorf("store %d links: %w", len(chunk), err)
		}
	}
	return nil
}
