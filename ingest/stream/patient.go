package stream

import (
	"context"
	"errors"
	"time"
)

// patientTries and patientPause bound how long a reader of a whole log bears a broker that does not answer.
const (
	patientTries = 30
	patientPause = time.Second
)

// FetchPatiently repeats Fetch while the broker cannot be reached, for half a minute or more. It returns *OffsetError at once.
func (f *Fetcher) FetchPatiently(ctx context.Context, offset int64) (Batch, error) {
	for tries := 1; ; tries++ {
		b, err := f.Fetch(ctx, offset)
		if err == nil || ctx.Err() != nil || errors.As(err, new(*OffsetError)) || tries == patientTries {
			return b, err
		}
		Sleep(ctx, patientPause)
	}
}
