package identity

import (
	"context"
	"slices"

	"touchwatch/ingest/touchpoint"
)

// Prefix begins the Redis keys of all links.
const Prefix = "tw:alias:"

// Restore is Store for links of the past: how long the link of a device or a contact is kept counts from when it was made, and one whose
// time is over is left out.
func (d *Directory) Restore(ctx context.Context, links []Link, now touchpoint.Millis) error {
	left := func(l Link) int64 {
		if keep := d.keep(l.Alias.Kind); keep > 0 {
			return keep - max(int64(now-l.At), 0)
		}
		return 0
	}
	over := func(l Link) bool { return d.keep(l.Alias.Kind) > 0 && left(l) <= 0 }
	return d.store(ctx, slices.DeleteFunc(slices.Clone(links), over), left)
}
