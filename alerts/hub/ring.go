package hub

// ring remembers what the latest deltas touched, so that a client that was away for a moment can be told just that. It is
// bounded; older deltas are forgotten.
type ring struct {
	deltas []touched // deltas[sequence % len]
	last   int64     // sequence of the latest, 0 for none
	count  int
}

func newRing(size int) *ring { return &ring{deltas: make([]touched, size)} }

// add remembers the next delta. Its sequence is one higher than the one before.
func (r *ring) add(t touched) {
	r.last++
	r.deltas[r.last%int64(len(r.deltas))] = t
	r.count = min(r.count+1, len(r.deltas))
}

// since merges all deltas after sequence. It returns false when some of them are forgotten or were never sent.
func (r *ring) since(sequence int64) (touched, bool) {
	var all touched
	if sequence > r.last || sequence < r.last-int64(r.count) {
		return all, false
	}
	for s := sequence + 1; s <= r.last; s++ {
		all.merge(&r.deltas[s%int64(len(r.deltas))])
	}
	return all, true
}

// clear forgets everything and starts at sequence zero again.
func (r *ring) clear() {
	clear(r.deltas)
	r.last, r.count = 0, 0
}
