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
		took    time.Duration
		backlog bool
		next    time.Duration // after the last time began
	}{
		"quick":               {10 * time.Millisecond, false, 30 * time.Millisecond},
		"quick, in a backlog": {10 * time.Millisecond, true, 6 * time.Second},
		"slow":                {3 * time.Second, false, 9 * time.Second},
		"slow, in a backlog":  {3 * time.Second, true, 9 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opt := Options{}.withDefaults()
				w := &writer{opt: &opt, counted: time.Now(), took: c.took}
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
