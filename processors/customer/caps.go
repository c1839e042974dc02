package customer

import (
	"fmt"

	"touchwatch/ingest/touchpoint"
)

// share is what the signals of one family add up to at a moment, in hundredths of a score point.
type share struct {
	name      string
	bad, good int64 // sums of the negative and of the positive points, before the cap
	most      int64 // the cap; zero: none
}

// tally has room for every family there can be. Signals of further ones would share the last place.
type tally [16]share

// add counts a signal's points. Signals of one family that carry different caps, because the settings changed between
// them, share the widest, and none when one of them has none: that depends on the set, not on its order.
func (f *share) add(points, most int64) {
	if most == 0 || f.most == 0 {
		f.most = 0
	} else {
		f.most = max(f.most, most)
	}
	if points < 0 {
		f.bad += points
	} else {
		f.good += points
	}
}

// capped returns what the family adds within its cap.
func (f *share) capped() (bad, good int64) {
	if f.most == 0 {
		return f.bad, f.good
	}
	return max(f.bad, -f.most), min(f.good, f.most)
}

// limit is what the cap takes away: positive when it spares the customer bad points.
func (f *share) limit() int64 {
	bad, good := f.capped()
	return bad - f.bad + good - f.good
}

// why says in words what the cap does.
func (f *share) why() string {
	if bad, _ := f.capped(); bad != f.bad {
		return fmt.Sprintf("%s takes at most %g points together, however often it happens", f.name, float64(f.most)/100)
	}
	return fmt.Sprintf("%s gives at most %g points together, however often it happens", f.name, float64(f.most)/100)
}

// sums returns what the bad and the good signals add to the score at a moment, within the caps of their families. Most
// customers have so little that no cap can matter; they do not pay for families.
func (s *State) sums(at touchpoint.Millis) (bad, good int64) {
	if len(s.Signals) == 0 {
		return 0, 0
	}
	least := int64(0)
	for i := range s.Signals {
		g := &s.Signals[i]
		if p := points(g, at); p < 0 {
			bad += p
		} else {
			good += p
		}
		if most := int64(g.Cap); most != 0 && (least == 0 || most < least) {
			least = most
		}
	}
	if least == 0 || (-bad <= least && good <= least) {
		return bad, good
	}
	var all tally
	bad, good = 0, 0
	for _, f := range s.shares(at, &all) {
		b, g := f.capped()
		bad, good = bad+b, good+g
	}
	return bad, good
}

// shares adds the signals up by family in the order in which the families come up, and returns the part of all in use.
func (s *State) shares(at touchpoint.Millis, all *tally) []share {
	n := 0
	for i := range s.Signals {
		g, k := &s.Signals[i], 0
		for k < n && all[k].name != g.Family && k < len(all)-1 {
			k++
		}
		if k == n {
			all[k] = share{name: g.Family, most: int64(g.Cap)}
			n++
		}
		all[k].add(points(g, at), int64(g.Cap))
	}
	return all[:n]
}
