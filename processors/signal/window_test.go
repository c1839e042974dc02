package signal

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"touchwatch/ingest/touchpoint"
)

func at(key string, times ...touchpoint.Millis) []Mark {
	var marks []Mark
	for _, t := range times {
		marks, _ = Insert(marks, Mark{At: t, ID: touchpoint.ID(fmt.Sprintf("%s-%05d", key, t)), Key: key})
	}
	return marks
}

func times(marks []Mark) []touchpoint.Millis {
	var out []touchpoint.Millis
	for _, m := range marks {
		out = append(out, m.At)
	}
	return out
}

func TestInsertGivesTheSameWindowInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []Mark
		for i := range rapid.IntRange(1, 30).Draw(t, "n") {
			all = append(all, Mark{
				At:   touchpoint.Millis(rapid.IntRange(1, 9).Draw(t, "at")),
				ID:   touchpoint.ID(rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "id")),
				Kind: uint8(rapid.IntRange(0, 1).Draw(t, "kind")),
				Note: fmt.Sprint(i % 3),
			})
		}
		fill := func(order []int) []Mark {
			var w []Mark
			for _, i := range order {
				w, _ = Insert(w, all[i])
			}
			return w
		}
		order := make([]int, len(all))
		for i := range order {
			order[i] = i
		}
		first := fill(order)
		shuffle := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		shuffle.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		if second := fill(order); !reflect.DeepEqual(first, second) {
			t.Fatalf("first %v, shuffled %v", first, second)
		}
		for i := 1; i < len(first); i++ {
			if first[i-1].Compare(&first[i]) >= 0 {
				t.Fatalf("not sorted: %v", first)
			}
		}
	})
}

func TestInsertTellsARepeat(t *testing.T) {
	w, added := Insert(nil, Mark{At: 5, ID: "a"})
	if !added {
		t.Fatal("the first mark must be new")
	}
	if w, added = Insert(w, Mark{At: 5, ID: "a"}); added || len(w) != 1 {
		t.Fatalf("a repeat must change nothing: %v %v", w, added)
	}
	if w, added = Insert(w, Mark{At: 7, ID: "a"}); added || w[0].At != 5 {
		t.Fatalf("a later time for the same mark must not win: %v", w)
	}
	if w, added = Insert(w, Mark{At: 3, ID: "a"}); !added || len(w) != 1 || w[0].At != 3 {
		t.Fatalf("an earlier time must win: %v", w)
	}
}

func TestPrune(t *testing.T) {
	b := Bounds{Keep: 100 * time.Millisecond, Gap: 10 * time.Millisecond, Near: 4 * time.Millisecond, Most: 6}
	for _, c := range []struct {
		name    string
		marks   []Mark
		awaited touchpoint.Millis
		want    []touchpoint.Millis
	}{
		{"all young", at("k", 1, 50, 101), 0, []touchpoint.Millis{1, 50, 101}},
		{"old ones go", at("k", 1, 50, 102, 151), 0, []touchpoint.Millis{102, 151}},
		{"a burst over the cut stays whole", at("k", 1, 40, 45, 55, 150), 0, []touchpoint.Millis{40, 45, 55, 150}},
		{"too many: cut between bursts", at("k", 1, 20, 22, 24, 50, 52, 54, 56), 0, []touchpoint.Millis{50, 52, 54, 56}},
		{"too many: the oldest goes", at("k", 1, 20, 22, 24, 50, 52, 54), 0, []touchpoint.Millis{20, 22, 24, 50, 52, 54}},
		{"other keys are no burst", append(at("a", 1, 45), at("b", 50, 150)...), 0, []touchpoint.Millis{50, 150}},
		{"what is near goes together", append(at("a", 1, 46), at("b", 50, 150)...), 0, []touchpoint.Millis{46, 50, 150}},
		{"no key, no burst", at("", 1, 44, 50, 150), 0, []touchpoint.Millis{50, 150}},
		{"one endless burst is halved", at("k", 1, 2, 3, 4, 5, 6, 7), 0, []touchpoint.Millis{5, 6, 7}},
		{"what is awaited stays", at("k", 1, 50, 102, 151), 90, []touchpoint.Millis{1, 50, 102, 151}},
		{"what was before what is awaited goes", at("k", 1, 50, 152, 351), 149, []touchpoint.Millis{50, 152, 351}},
		{"too many, awaited or not", at("k", 1, 20, 22, 24, 150, 152, 154, 156), 90, []touchpoint.Millis{150, 152, 154, 156}},
	} {
		kept, floor := Prune(c.marks, b, c.awaited)
		if got := times(kept); !reflect.DeepEqual(got, c.want) || floor != c.want[0] {
			t.Errorf("%s: kept %v floor %d, want %v", c.name, got, floor, c.want)
		}
	}
	if kept, floor := Prune(nil, b, 7); len(kept) != 0 || floor != 0 {
		t.Errorf("an empty window: %v %d", kept, floor)
	}
}
