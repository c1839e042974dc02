package simulator_test

import (
	"bytes"
	"testing"
	"time"

	"touchwatch/ingest/simulator"
	"touchwatch/ingest/touchpoint"
)

// affair is what a world tells of one faulty product.
type affair struct {
	product string
	lasts   time.Duration
	hit     map[touchpoint.CustomerID]bool
}

// Whoever counts complaints must not find the world made to its measure: affairs lie on both sides of five customers and of an hour, which
// are the limits of the shipped rule, and as many people post at once about a product that is fine.
func TestFaultyProductsArePostedAboutByThoseWhoHaveThem(t *testing.T) {
	affairs, of := []*affair{}, map[string]*affair{} // by the reason of the trouble
	options := simulator.Options{Seed: 3, Start: start, Customers: 600, Rate: 0.4, Defects: true, Remember: true}
	options.Tell = func(f simulator.Fact) {
		switch a := of[f.Why]; {
		case f.Kind == simulator.Defective:
			a = &affair{product: f.Product, lasts: -time.Duration(f.At) * time.Millisecond, hit: map[touchpoint.CustomerID]bool{}}
			before := of[f.Why]
			if before != nil && before.lasts < 0 {
				before.lasts += time.Duration(f.At) * time.Millisecond // the next batch as well
			}
			affairs, of[f.Why] = append(affairs, a), a
		case a == nil:
		case f.Kind == simulator.TakenBack && a.lasts < 0:
			a.lasts += time.Duration(f.At) * time.Millisecond
		case f.Kind == simulator.Troubled:
			a.hit[f.Customer] = true
		}
	}
	w, same := simulator.New(options), simulator.New(simulator.Options{Seed: 3, Start: start, Customers: 600, Rate: 0.4, Defects: true})
	about, pleased := map[string]int{}, map[string]int{}
	owners := w.Truth().Owners
	hit := func(who touchpoint.CustomerID, why string) bool {
		for _, a := range affairs {
			if a.hit[who] && (why == "" || of[why].product == a.product) {
				return true
			}
		}
		return false
	}
	for r := w.Next(); r.At.Before(start.Add(10 * time.Hour)); r = w.Next() {
		if other := same.Next(); !bytes.Equal(r.Value, other.Value) || !r.At.Equal(other.At) {
			t.Fatalf("the same options give\n%s\nand\n%s", r.Value, other.Value)
		}
		if r.Topic != simulator.TopicSocial {
			continue
		}
		found := decoded(t, &r, 0).Touchpoints
		for i := range found {
			switch tp := &found[i]; {
			case tp.Place.Product == "" || tp.Kind == touchpoint.SocialReply:
			case hit(owners[tp.ID], ""):
				about[tp.Place.Product]++
			case tp.Kind != touchpoint.SocialReview:
				pleased[tp.Place.Product]++
			}
		}
	}
	few, many, short, long, launched := 0, 0, 0, 0, 0
	for _, a := range affairs {
		if len(a.hit) < 5 {
			few++
		} else {
			many++
		}
		if a.lasts < time.Hour {
			short++
		} else {
			long++
		}
		if len(a.hit) >= 5 && about[a.product] < 2 {
			t.Errorf("%d people have a faulty %s, and %d posts name it", len(a.hit), a.product, about[a.product])
		}
	}
	for _, n := range pleased {
		if n >= 5 {
			launched++
		}
	}
	if few < 2 || many < 2 || short < 2 || long < 2 || launched < 2 {
		t.Errorf("%d affairs of few and %d of many customers, %d of less than an hour and %d of more, %d products many are pleased with", few, many, short, long, launched)
	}
	for _, trouble := range w.Truth().Troubles {
		if a := of[trouble.Why]; a != nil && (trouble.Channels[0] != touchpoint.Social || !hit(trouble.Customer, trouble.Why)) {
			t.Errorf("%+v began with no post, or the world did not tell of it", trouble)
		}
	}
}
