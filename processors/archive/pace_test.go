package archive

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestThePauseForLateAlertsEndsWithItsReasonAndIsBounded(t *testing.T) {
	for name, c := range map[string]struct{ lateFor, took, pause time.Duration }{
		"nothing is late":              {0, time.Minute, 0},
		"no longer late":               {1100 * time.Millisecond, time.Minute, 1250 * time.Millisecond},
		"twice as long as the writing": {time.Hour, 600 * time.Millisecond, 1200 * time.Millisecond},
		"late for hours":               {time.Hour, time.Minute, yieldMost},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				opt := Options{Yield: func() bool { return time.Since(begun) < c.lateFor }}.withDefaults()
				w := &writer{opt: &opt}
				w.yield(t.Context(), c.took)
				if got := time.Since(begun); got != c.pause {
					t.Errorf("paused for %v, not %v", got, c.pause)
				}
			})
		})
	}
}

func TestMinutesAreCountedAThirdOfTheTimeAndLessOftenInABacklog(t *testing.T) {
	for name, c := range map[string]struct {
		took    time.Duration // for the last six minutes
		dirty   int
		backlog bool
		next    time.Duration // after the last time began
	}{
		"quick":                     {60 * time.Millisecond, 6, false, 180 * time.Millisecond},
		"quick, in a backlog":       {60 * time.Millisecond, 6, true, 6 * time.Second},
		"slow":                      {3 * time.Second, 6, false, 9 * time.Second},
		"slow, in a backlog":        {3 * time.Second, 6, true, 9 * time.Second},
		"slow, few minutes":         {3 * time.Second, 2, false, 3 * time.Second},
		"slow, many more than then": {3 * time.Second, 6000, false, 9 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opt := Options{}.withDefaults()
				w := &writer{opt: &opt, counted: time.Now(), took: c.took, minutes: 6, dirty: map[int64]bool{}}
				for i := range c.dirty {
					w.dirty[int64(i)*60] = true
				}
				time.Sleep(c.next - time.Millisecond)
				if w.countNow(c.backlog) {
					t.Error("counts too early")
				}
				time.Sleep(time.Millisecond)
				if !w.countNow(c.backlog) {
					t.Error("does not count in time")
				}
			})
		})
	}
}
