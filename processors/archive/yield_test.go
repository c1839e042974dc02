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
