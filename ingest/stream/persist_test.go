package stream

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestSessionsBeginAnewWithGrowingPausesAndOneLinePerReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began, said := time.Now(), []string{}
		var starts []time.Duration
		outcomes := []error{
			errors.New("a"), errors.New("a"), errors.New("b"), &HaltError{errors.New("broken")}, errors.New("b"),
		}
		Persist(ctx, func(context.Context) error {
			starts = append(starts, time.Since(began))
			if len(starts) > len(outcomes) {
				cancel()
				return ctx.Err()
			}
			return outcomes[len(starts)-1]
		}, func(err error, news bool) { said = append(said, fmt.Sprint(err, " ", news, " ", Halted(err))) })
		if got, want := fmt.Sprint(starts), "[0s 50ms 150ms 350ms 15.35s 15.75s]"; got != want {
			t.Errorf("sessions began at %s, want %s", got, want)
		}
		if got, want := fmt.Sprint(said), "[a true false a false false b true false broken true true b true false]"; got != want {
			t.Errorf("heard %s, want %s", got, want)
		}
	})
}

func TestASessionThatHeldForLongBeginsTheNextAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ends, news := []time.Time{}, 0
		Persist(ctx, func(ctx context.Context) error {
			if len(ends) == 6 {
				cancel()
				return ctx.Err()
			}
			if len(ends) == 5 {
				if paused := time.Since(ends[4]); paused != 800*time.Millisecond {
					t.Errorf("the sixth session began after %s", paused)
				}
				Sleep(ctx, time.Minute)
			}
			return errors.New("gone")
		}, func(_ error, fresh bool) {
			ends = append(ends, time.Now())
			if fresh {
				news++
			}
		})
		if news != 2 {
			t.Errorf("%d ends were news, want the first and the one after a long session", news)
		}
	})
}
