package embedded

import (
	"testing"
	"time"
)

var here = place{"t", 0}

func TestRecordsGoByTheTimeTheyCame(t *testing.T) {
	p := newPast(time.Minute, 1<<40)
	now := time.Unix(0, 0)
	at := func(seconds int, end int64) int64 {
		cuts := p.cuts(now.Add(time.Duration(seconds)*time.Second), []logState{{here, 0, end, 100}})
		if len(cuts) == 0 {
			return 0
		}
		return cuts[0].offset
	}
	for _, step := range []struct {
		seconds int
		end     int64
		cut     int64
	}{{0, 10, 0}, {30, 20, 0}, {59, 30, 0}, {60, 30, 10}, {90, 40, 20}, {500, 40, 40}} {
		if got := at(step.seconds, step.end); got != step.cut {
			t.Errorf("after %d s with end %d: cut to %d, want %d", step.seconds, step.end, got, step.cut)
		}
	}
}

func TestATopicCreatedAnewIsNotCutBehindItsEnd(t *testing.T) {
	p := newPast(time.Minute, 1<<40)
	p.cuts(time.Unix(0, 0), []logState{{here, 0, 100, 1}})
	cuts := p.cuts(time.Unix(100, 0), []logState{{here, 0, 5, 1}})
	if len(cuts) != 1 || cuts[0].offset != 5 {
		t.Error(cuts)
	}
}

func TestTooManyBytesGoInProportion(t *testing.T) {
	p := newPast(time.Hour, 1000)
	other := place{"t", 1}
	cuts := p.cuts(time.Unix(0, 0), []logState{{here, 100, 200, 1500}, {other, 0, 10, 500}})
	if len(cuts) != 2 || cuts[0].offset != 150 || cuts[1].offset != 5 {
		t.Error(cuts)
	}
	if cuts := p.cuts(time.Unix(1, 0), []logState{{here, 150, 200, 750}, {other, 5, 10, 250}}); len(cuts) != 0 {
		t.Error(cuts)
	}
}

func TestMarksStayFew(t *testing.T) {
	p := newPast(time.Minute, 1<<40)
	for i := range 10000 {
		p.cuts(time.UnixMilli(int64(i)*100), []logState{{here, 0, int64(i), 1}})
	}
	if n := len(p.marks[here]); n > marksPerAge+2 {
		t.Errorf("%d marks", n)
	}
	p.cuts(time.Unix(2000, 0), nil)
	if len(p.marks) != 0 {
		t.Error("a partition that is gone is still remembered")
	}
}
