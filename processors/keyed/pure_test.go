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

func TestTheCacheKeepsChangedStatesAndForgetsTheOldest(t *testing.T) {
	c := newCache[tally](func() int { return 250 })
	a := c.put("a", &tally{}, 100, 0)
	c.put("b", &tally{}, 100, 0)
	c.put("c", &tally{}, 100, 0)
	c.touch(a)
	c.trim()
	if c.get("a") == nil || c.get("b") != nil || c.get("c") == nil || c.bytes != 200 {
		t.Errorf("want b evicted and a pinned; got a=%v b=%v c=%v bytes=%d", c.get("a"), c.get("b"), c.get("c"), c.bytes)
	}
	c.get("c")
	c.clean(func(*tally) int { return 180 }, 50)
	if c.get("a") != nil || c.bytes != 100 {
		t.Errorf("want a evicted once it is clean; bytes=%d", c.bytes)
	}
}

func TestPartitionsShareTheBoundOfTheProcess(t *testing.T) {
	rt := New(Options{CacheBytes: 300}, func([]byte) (Logic[tally], error) { return tallyLogic{}, nil })
	c := newCache[tally](rt.share)
	for _, subject := range []string{"a", "b", "c"} {
		c.put(subject, &tally{}, 100, 0)
	}
	for holding, want := range []int{300, 300, 100, 100} { // none yet, alone, beside another, beside two
		rt.holding.Store(int64(holding))
		c.trim()
		if c.bytes != want {
			t.Errorf("with %d partitions held, one keeps %d bytes, want %d", holding, c.bytes, want)
		}
	}
}
