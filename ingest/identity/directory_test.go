package identity

import (
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"touchwatch/deploy/embedded/twin"
	"touchwatch/ingest/touchpoint"
)

// database is this package's on a shared Redis.
const database = 11

func directory(t *testing.T) *Directory {
	return &Directory{Redis: twin.NewRedis(t, database).Client}
}

func (d *Directory) owner(t testing.TB, a touchpoint.Alias) touchpoint.CustomerID {
	t.Helper()
	known, err := d.Fetch(context.Background(), []touchpoint.Alias{a})
	if err != nil {
		t.Fatal(err)
	}
	return known[a].Customer
}

func (d *Directory) put(t testing.TB, links ...Link) {
	t.Helper()
	if err := d.Store(context.Background(), links); err != nil {
		t.Fatal(err)
	}
}

func TestTheDirectoryRemembersLinksAndKnowsWhatItDoesNot(t *testing.T) {
	d := directory(t)
	d.put(t, Link{Alias: mail, Customer: "cus_1", At: 5}, Link{Alias: cookie, Customer: "cus_2", At: 5})
	known, err := d.Fetch(context.Background(), []touchpoint.Alias{mail, mail, one, phone, cookie})
	if err != nil {
		t.Fatal(err)
	}
	if len(known) != 2 || known[mail].Customer != "cus_1" || known[cookie].Customer != "cus_2" || known[mail].Alias != mail {
		t.Errorf("got %+v, want the two links and nothing about the rest", known)
	}
	if known, err := d.Fetch(context.Background(), nil); err != nil || len(known) != 0 {
		t.Errorf("nothing asked: got %v, %v", known, err)
	}
}

func TestAnOlderLinkNeverOverwritesANewerOne(t *testing.T) {
	d := directory(t)
	link := func(customer touchpoint.CustomerID, at, offset int64) Link {
		return Link{Alias: cookie, Customer: customer, At: touchpoint.Millis(at), Source: touchpoint.Source{Topic: "w", Offset: offset}}
	}
	for _, c := range []struct {
		what string
		put  Link
		want touchpoint.CustomerID
	}{
		{"the first", link("cus_1", 1_800_000_000_000, 10), "cus_1"},
		{"received later", link("cus_2", 1_800_000_000_001, 11), "cus_2"},
		{"the first again, after a crash", link("cus_1", 1_800_000_000_000, 10), "cus_2"},
		{"same moment, earlier in the partition", link("cus_3", 1_800_000_000_001, 9), "cus_2"},
		{"the same once more", link("cus_2", 1_800_000_000_001, 11), "cus_2"},
		{"same moment, later in the partition", link("cus_4", 1_800_000_000_001, 100), "cus_4"},
		{"received much later, offsets begin anew", link("cus_5", 1_900_000_000_000, 0), "cus_5"},
	} {
		d.put(t, c.put)
		if got := d.owner(t, cookie); got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, got, c.want)
		}
	}
}

func TestADirectoryThatCannotBeReachedIsAnError(t *testing.T) {
	d := directory(t)
	if err := d.Redis.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Fetch(context.Background(), []touchpoint.Alias{mail}); err == nil {
		t.Error("a lookup that failed was taken for 'not known'")
	}
	if err := d.Store(context.Background(), []Link{{Alias: mail, Customer: "cus_1"}}); err == nil {
		t.Error("a link that was not stored counts as stored")
	}
}

// resolveIn resolves touchpoints in batches of the given sizes as ingest does: fetch, resolve, store.
func resolveIn(t testing.TB, d *Directory, all []*touchpoint.Touchpoint, sizes []int) []touchpoint.CustomerID {
	var owners []touchpoint.CustomerID
	for i := 0; len(all) > 0; i++ {
		n := min(sizes[i%len(sizes)], len(all))
		var aliases []touchpoint.Alias
		for _, tp := range all[:n] {
			aliases = append(aliases, tp.Aliases...)
		}
		known, err := d.Fetch(context.Background(), aliases)
		if err != nil {
			t.Fatal(err)
		}
		m := NewMap(known)
		for _, tp := range all[:n] {
			owners = append(owners, m.Resolve(tp))
		}
		d.put(t, m.Links()...)
		all = all[n:]
	}
	return owners
}

func TestBatchingChangesNobodysOwner(t *testing.T) {
	d := directory(t)
	pool := []touchpoint.Alias{one, two, mail, phone, handle, cookie, other, alias(touchpoint.AliasEmail, "b@x.y"), alias(touchpoint.AliasContact, "chatwoot:7")}
	rapid.Check(t, func(rt *rapid.T) {
		var all []*touchpoint.Touchpoint
		for i := range rapid.IntRange(1, 25).Draw(rt, "touchpoints") {
			aliases := rapid.SliceOfNDistinct(rapid.SampledFrom(pool), 1, 4, func(a touchpoint.Alias) touchpoint.Alias { return a }).Draw(rt, "aliases")
			tp := says(aliases...)
			if rapid.Bool().Draw(rt, "links") {
				tp = links(int64(i), aliases...)
			}
			tp.ReceivedAt = 1 // all in one plan: the place in the partition decides
			all = append(all, tp)
		}
		sizes := rapid.SliceOfN(rapid.IntRange(1, 8), 1, 5).Draw(rt, "batches")
		empty := func() {
			if err := d.Redis.FlushDB(context.Background()).Err(); err != nil {
				rt.Fatal(err)
			}
		}
		empty()
		whole := resolveIn(t, d, all, []int{len(all)})
		wholeEnd, err := d.Fetch(context.Background(), pool)
		if err != nil {
			rt.Fatal(err)
		}
		empty()
		parts := resolveIn(t, d, all, sizes)
		partsEnd, err := d.Fetch(context.Background(), pool)
		if err != nil {
			rt.Fatal(err)
		}
		if fmt.Sprint(whole) != fmt.Sprint(parts) {
			rt.Fatalf("owners differ:\nin one batch %v\nin batches   %v", whole, parts)
		}
		if fmt.Sprint(wholeEnd) != fmt.Sprint(partsEnd) {
			rt.Fatalf("the directory differs:\nafter one batch %v\nafter batches   %v", wholeEnd, partsEnd)
		}
	})
}
