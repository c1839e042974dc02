package bench

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestQuantilesAreWithinTwoPercentAndNeverTooSmall(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	var whole, part sketch
	var all []time.Duration
	for i := range 50_000 {
		d := time.Duration(dice.ExpFloat64() * float64(40*time.Millisecond)).Truncate(time.Microsecond)
		all = append(all, d)
		if i%3 == 0 {
			part.add(d)
		} else {
			whole.add(d)
		}
	}
	whole.merge(&part)
	slices.Sort(all)
	for _, q := range []float64{0.001, 0.5, 0.9, 0.99, 0.999, 1} {
		want, got := all[max(int(q*float64(len(all)))-1, 0)], whole.quantile(q)
		if got < want || float64(got) > 1.02*float64(want)+float64(2*time.Microsecond) {
			t.Errorf("quantile %v: got %s, want %s", q, got, want)
		}
	}
	if whole.n != 50_000 || whole.most != all[len(all)-1] {
		t.Errorf("got %d values up to %s, want 50000 up to %s", whole.n, whole.most, all[len(all)-1])
	}
}

func TestBucketsAreWithoutGaps(t *testing.T) {
	for b := range buckets - 1 {
		if got := bucket(upper(b)); got != b {
			t.Fatalf("the largest value of bucket %d is counted in %d", b, got)
		}
		if got := bucket(upper(b) + 1); got != b+1 {
			t.Fatalf("the value after bucket %d is counted in %d", b, got)
		}
	}
	var s sketch
	if s.quantile(0.5) != 0 {
		t.Error("an empty sketch has a median")
	}
	s.add(-time.Second)
	s.add(1000 * time.Hour)
	if s.quantile(0.5) != 0 || s.quantile(1) > 1000*time.Hour {
		t.Errorf("out of range: got %s and %s", s.quantile(0.5), s.quantile(1))
	}
}
