package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"touchwatch/cmd/app"
	"touchwatch/deploy/embedded/twin"
	"touchwatch/ingest/identity"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
)

// redisDatabase is this package's on a shared Redis.
const redisDatabase = 8

func TestACustomerIsFoundByAnyOfTheirNames(t *testing.T) {
	ctx, now := context.Background(), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	client := twin.NewRedis(t, redisDatabase).Client
	c := app.Default()
	known := func(id touchpoint.CustomerID) {
		t.Helper()
		b, err := customer.Encode(nil, &customer.State{ID: id})
		if err == nil {
			keys := keyed.NewKeys(keyed.CustomerPrefix, timeline.Partition(string(id), c.Topics.TimelinePartitions))
			err = client.HSet(ctx, keys.States(string(id)), string(id), b).Err()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	link := func(kind touchpoint.AliasKind, value string, id touchpoint.CustomerID) identity.Link {
		a, _ := touchpoint.NewAlias(kind, value)
		return identity.Link{Alias: a, Customer: id, At: 1}
	}
	stranger, _ := touchpoint.NewAlias(touchpoint.AliasContact, "halden:5000110")
	known("cus_1")
	known(stranger.Derived())
	d := &identity.Directory{Redis: client}
	if err := d.Store(ctx, []identity.Link{
		link(touchpoint.AliasEmail, "jana.weber@example.com", "cus_1"), link(touchpoint.AliasPhone, "+4915112345678", "cus_1"), link(touchpoint.AliasHandle, "x:jana_weber", "cus_1"),
	}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]touchpoint.CustomerID{
		"cus_1": "cus_1", "Jana.Weber@example.com": "cus_1", "0049 151 12345678": "cus_1", "x:@jana_weber": "cus_1", "halden:5000110": stranger.Derived(),
	} {
		view, err := readWhom(ctx, client, &c, name, now)
		if err != nil || view.State.ID != want {
			t.Errorf("%s: %v, %v, want %s", name, view, err, want)
		}
	}
	if _, err := readWhom(ctx, client, &c, "nobody@example.com", now); !errors.Is(err, errUnknown) || err.Error() != "nothing is known about nobody@example.com" {
		t.Errorf("nobody: %v", err)
	}
}
