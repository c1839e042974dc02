package identity

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"touchwatch/ingest/touchpoint"
)

func TestOnlyWhatWasAskedForDecides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		aliases := []touchpoint.Alias{one, two, mail, phone, handle, cookie, other, alias(touchpoint.AliasID, "anon_7")}
		customers := []touchpoint.CustomerID{"cus_1", "cus_2", "cus_3", "anon_9"}
		directory := map[touchpoint.Alias]Link{}
		for _, a := range aliases {
			if a.Kind != touchpoint.AliasID && rapid.Bool().Draw(t, "linked") {
				directory[a] = Link{Alias: a, Customer: rapid.SampledFrom(customers).Draw(t, "customer")}
			}
		}
		batch := make([]touchpoint.Touchpoint, rapid.IntRange(1, 5).Draw(t, "touchpoints"))
		for i := range batch {
			batch[i].Aliases = rapid.SliceOfNDistinct(rapid.SampledFrom(aliases), 1, 4, func(a touchpoint.Alias) touchpoint.Alias { return a }).Draw(t, "aliases")
			batch[i].Links = rapid.Bool().Draw(t, "links")
		}
		fetched := map[touchpoint.Alias]Link{}
		for _, a := range Asked(batch) {
			if l, ok := directory[a]; ok {
				fetched[a] = l
			}
		}
		whole, part := NewMap(maps.Clone(directory)), NewMap(fetched)
		for i := range batch {
			if want, got := whole.Resolve(&batch[i]), part.Resolve(&batch[i]); got != want {
				t.Fatalf("%+v belongs to %s, and to %s when only %+v were asked for", batch[i].Aliases, want, got, Asked(batch))
			}
		}
	})
}

func TestACustomerIDAsksForNothing(t *testing.T) {
	if asked := Asked([]touchpoint.Touchpoint{*says(one, mail, cookie)}); len(asked) != 0 {
		t.Errorf("asked for %+v", asked)
	}
}
