package intake

import (
	"math/rand/v2"
	"slices"
	"testing"

	"touchwatch/ingest/touchpoint"
)

// stood is a touchpoint as the timeline has it.
func stood(at touchpoint.Millis, offset int64, index int32) touchpoint.Touchpoint {
	return touchpoint.Touchpoint{ReceivedAt: at, Customer: "cus_1", Source: touchpoint.Source{Topic: "raw", Offset: offset, Index: index}}
}

func traceOf(all ...touchpoint.Touchpoint) *trace {
	t := &trace{}
	for i := range all {
		t.add(&all[i])
	}
	return t
}

func TestWhereIngestGoesOnAccordingToTheTimeline(t *testing.T) {
	newer := stood(50, 3, 0)
	newer.Source.Epoch = 1
	for _, c := range []struct {
		name      string
		found     []touchpoint.Touchpoint
		committed int64
		from, to  int64
	}{
		{"nothing is known", nil, -1, -1, -1},
		{"only what was committed is known", nil, 7, 7, 7},
		{"one plan: what stands before it is not known", []touchpoint.Touchpoint{stood(10, 4, 0), stood(10, 6, 0)}, -1, -1, 7},
		{"the last plan may lack its first records", []touchpoint.Touchpoint{stood(10, 4, 0), stood(20, 8, 0), stood(20, 9, 0)}, -1, 5, 10},
		{"plans before the last are whole", []touchpoint.Touchpoint{stood(10, 1, 0), stood(20, 5, 0), stood(30, 9, 0)}, -1, 6, 10},
		{"committed within what is not certain", []touchpoint.Touchpoint{stood(10, 4, 0), stood(20, 9, 0)}, 7, 7, 10},
		{"committed behind all: records without touchpoints", []touchpoint.Touchpoint{stood(10, 4, 0), stood(20, 9, 0)}, 15, 15, 15},
		{"committed long ago", []touchpoint.Touchpoint{stood(10, 4, 0), stood(20, 9, 0)}, 2, 5, 10},
		{"a partition that was read again", []touchpoint.Touchpoint{stood(10, 4, 0), stood(10, 8, 0), stood(20, 3, 0), stood(20, 5, 0)}, -1, 3, 6},
		{"an epoch begins anew", []touchpoint.Touchpoint{stood(10, 40, 0), newer, stood(20, 50, 0)}, -1, -1, 4},
	} {
		for range 5 {
			tr := traceOf(c.found...)
			if from, to := tr.reach(c.committed); from != c.from || to != c.to {
				t.Errorf("%s: goes on between %d and %d, want %d and %d (found %v)", c.name, from, to, c.from, c.to, c.found)
			}
			rand.Shuffle(len(c.found), func(i, j int) { c.found[i], c.found[j] = c.found[j], c.found[i] })
		}
	}
}

func TestAPlanIsUnfinishedFromItsFirstMissingTouchpointOn(t *testing.T) {
	tr := traceOf(stood(10, 4, 0), stood(20, 6, 0), stood(20, 7, 0), stood(20, 7, 2), stood(20, 8, 0))
	records := []touchpoint.Touchpoint{stood(0, 6, 0), stood(0, 7, 0), stood(0, 7, 1), stood(0, 7, 2), stood(0, 8, 0)}
	p := tr.unfinished(records, 9)
	want := []touchpoint.CustomerID{"cus_1", "", "cus_1", "cus_1"}
	if p == nil || p.From != 7 || p.To != 9 || p.ReceivedAt != 20 || !slices.Equal(p.Customers, want) {
		t.Errorf("got %+v, want offsets 7 to 9 received at 20 with customers %q", p, want)
	}
	if p := tr.unfinished(slices.Delete(records, 2, 3), 9); p != nil {
		t.Errorf("nothing is missing, got %+v", p)
	}
}
