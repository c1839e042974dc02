package stream

import (
	"context"
	"errors"
	"time"
)

// HaltError is an error that trying again does not cure: the partition stands still until a person acts.
type HaltError struct{ Err error }

// Error implements error.
func (e *HaltError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *HaltError) Unwrap() error { return e.Err }

// Pauses between sessions: they double from the first to the longest, a session that held for long begins anew, and a partition that
// stands still is looked at again every haltPause.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = 2 * time.Second
	haltPause    = 15 * time.Second
	heldLong     = 5 * time.Second
)

// Persist runs sessions until ctx ends. Whatever ended one, the answer is the same: pause, and begin anew from what is stored. ended hears
// of every end but the last; news says whether the reason is another than that of the end before, so that a log is not filled with one line.
func Persist(ctx context.Context, session func(context.Context) error, ended func(err error, news bool)) {
	pause, said := firstPause, ""
	for ctx.Err() == nil {
		began := time.Now()
		err := session(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > heldLong {
			pause, said = firstPause, ""
		}
		ended(err, err.Error() != said)
		said = err.Error()
		if Halted(err) {
			Sleep(ctx, haltPause)
			continue
		}
		Sleep(ctx, pause)
		pause = min(2*pause, longestPause)
	}
}

// Halted reports whether err holds a HaltError.
func Halted(err error) bool {
	var halt *HaltError
	return errors.As(err, &halt)
}
