package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/cmd/app"
	"touchwatch/ingest/identity"
	"touchwatch/ingest/touchpoint"
)

// errUnknown says that nothing is stored under a customer's id.
var errUnknown = errors.New("nothing is known")

// readWhom reads the state of somebody who is named by their id, an e-mail address, a phone number, a handle (x:jweber), a contact of a
// channel (halden:5000110) or a cookie.
func readWhom(ctx context.Context, client redis.UniversalClient, c *app.Config, name string, now time.Time) (*stateView, error) {
	view, unknown := readState(ctx, client, c, name, now)
	if !errors.Is(unknown, errUnknown) {
		return view, unknown
	}
	aliases := aliasesOf(name)
	links, err := (&identity.Directory{Redis: client}).Fetch(ctx, aliases)
	if err != nil {
		return nil, fmt.Errorf("look %s up: %w", name, err)
	}
	for _, a := range aliases {
		id := a.Derived() // of a party that nobody knows but by this alias
		if l, known := links[a]; known {
			id = l.Customer
		}
		if view, err := readState(ctx, client, c, string(id), now); !errors.Is(err, errUnknown) {
			return view, err
		}
	}
	return nil, unknown
}

// aliasesOf is what a word may be, the strongest first.
func aliasesOf(word string) []touchpoint.Alias {
	var all []touchpoint.Alias
	for _, kind := range []touchpoint.AliasKind{touchpoint.AliasEmail, touchpoint.AliasPhone, touchpoint.AliasHandle, touchpoint.AliasContact, touchpoint.AliasCookie} {
		if a, ok := touchpoint.NewAlias(kind, word); ok {
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, touchpoint.CompareAliases)
	return all
}
