package keyed

import (
	"encoding/json"
	"testing"
)

func unmarshal(s string, v any) error { return json.Unmarshal([]byte(s), v) }

func TestAPositionReachesWhatIsAtOrBehindIt(t *testing.T) {
	last := position{epoch: 1, offset: 10, index: 2}
	for p, want := range map[position]bool{
		{1, 10, 2}: true, {1, 10, 1}: true, {1, 9, 9}: true, {0, 99, 0}: true,
		{1, 10, 3}: false, {1, 11, 0}: false, {2, 0, 0}: false,
	} {
		if got := p.reached(last); got != want {
			t.Errorf("%v reached by %v: got %v, want %v", p, last, got, want)
		}
		back, err := parsePosition(p.String())
		if err != nil || back != p {
			t.Errorf("%v does not survive its stored form: %v %v", p, back, err)
		}
	}
	for _, s := range []string{"", "1/2", "a/b/c", "1/2/3/4"} {
		if _, err := parsePosition(s); err == nil {
			t.Errorf("%q was read as a position", s)
		}
	}
}

// keep puts a subject with a stored state of 1,000 bytes, all in all.
func keep(c *cache[tally], subject string) *node[tally] {
	n := c.put(subject, 0)
	n.body = make([]byte, 1000-nodeBytes-len(subject))
	c.resize(n)
	return n
}

func TestTheCacheKeepsChangedStatesAndForgetsTheOldest(t *testing.T) {
	c := newCache[tally](func() int { return 2500 })
	a := keep(c, "a")
	keep(c, "b")
	keep(c, "c")
	c.touch(a)
	c.trim()
	if c.get("a") == nil || c.get("b") != nil || c.get("c") == nil || c.bytes != 2000 {
		t.Errorf("want b evicted and a pinned; got a=%v b=%v c=%v bytes=%d", c.get("a"), c.get("b"), c.get("c"), c.bytes)
	}
	c.open(a, &tally{})
	c.get("c")
	a.body = make([]byte, 2000) // it grew
	c.clean(50)
	c.shut()
	if c.get("a") != nil || c.bytes != 1000 {
		t.Errorf("want a evicted once it is clean; bytes=%d", c.bytes)
	}
}

func TestAStateIsOpenForOneBatch(t *testing.T) {
	c := newCache[tally](func() int { return 2500 })
	n := keep(c, "a")
	c.open(n, &tally{N: 1})
	c.touch(n)
	c.clean(50)
	if n.state == nil || n.dirty {
		t.Errorf("a stored state: open=%v dirty=%v, want it open and clean", n.state != nil, n.dirty)
	}
	c.shut()
	if n.state != nil || len(c.opened) != 0 || c.get("a") != n {
		t.Errorf("after the batch: open=%v, %d opened; want the stored form only", n.state != nil, len(c.opened))
	}
}

func TestPartitionsShareTheBoundOfTheProcess(t *testing.T) {
	rt := New(Options{CacheBytes: 3000}, func([]byte) (Logic[tally], error) { return tallyLogic{}, nil })
	c := newCache[tally](rt.share)
	for _, subject := range []string{"a", "b", "c"} {
		keep(c, subject)
	}
	for holding, want := range []int{3000, 3000, 1000, 1000} { // none yet, alone, beside another, beside two
		rt.holding.Store(int64(holding))
		c.trim()
		if c.bytes != want {
			t.Errorf("with %d partitions held, one keeps %d bytes, want %d", holding, c.bytes, want)
		}
	}
}
