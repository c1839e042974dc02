package archive

import (
	"context"
	"errors"
	"time"

	"touchwatch/ingest/stream"
)

const (
	fetchBytes = 1 << 20
	fetchLeast = 256 << 10 // nobody waits for the archive, so the broker may gather as much …
	fetchWait  = 500 * time.Millisecond
	retryAfter = 500 * time.Millisecond
)

// reader reads one partition during one generation and hands parcels to the writer.
type reader struct {
	opt     *Options
	a       stream.Assignment
	halts   *stream.Halts
	out     chan<- *parcel
	session *session
	trouble string
}

// run reads until ctx ends or a record cannot be understood.
func (r *reader) run(ctx context.Context) {
	f := &stream.Fetcher{Client: r.opt.Kafka, Topic: r.a.Topic, Partition: r.a.Partition, MinBytes: fetchLeast, MaxBytes: fetchBytes, MaxWait: fetchWait}
	defer r.halts.Clear(r.a.Name())
	defer r.opt.Metrics.gone(r.a.Topic, r.a.Partition)
	offset := r.a.Committed
	for ctx.Err() == nil {
		next, err := r.step(ctx, f, offset)
		var gap *stream.OffsetError
		switch {
		case err == nil:
			offset, r.trouble = next, ""
		case ctx.Err() != nil:
		case errors.As(err, &gap):
			// History cannot be had back, and standing still would only make the hole larger: say it and go on.
			r.opt.Log.Error("records are missing from the archive", "error", err, "from", gap.Asked, "to", gap.LogStart)
			r.opt.Metrics.gaps.Inc()
			offset = gap.LogStart
		case errors.As(err, new(*unreadable)):
			r.opt.Log.Error("the archive stands still on a record it cannot read: start the program that wrote it", "error", err)
			r.halts.Set(r.a.Name(), err.Error())
			<-ctx.Done()
		default:
			r.wait(ctx, err)
		}
	}
}

// wait logs a fault once per change and pauses.
func (r *reader) wait(ctx context.Context, err error) {
	if err.Error() != r.trouble {
		r.trouble = err.Error()
		r.opt.Log.Warn("archive waits for the brokers", "topic", r.a.Topic, "partition", r.a.Partition, "error", err)
	}
	stream.Sleep(ctx, retryAfter)
}

// unreadable is the error of a record that is not ours or from a newer program.
type unreadable struct {
	name   string
	offset int64
	err    error
}

// Error implements error.
func (u *unreadable) Error() string { return "read " + u.name + ": " + u.err.Error() }

// Unwrap returns the cause.
func (u *unreadable) Unwrap() error { return u.err }

// step reads one batch and returns the offset to go on from. A negative offset begins at the oldest record.
func (r *reader) step(ctx context.Context, f *stream.Fetcher, offset int64) (int64, error) {
	if offset < 0 {
		first, _, err := stream.Bounds(ctx, r.opt.Kafka, r.a.Topic, r.a.Partition)
		if err != nil {
			return offset, err
		}
		offset = first
	}
	batch, err := f.Fetch(ctx, offset)
	if err != nil {
		return offset, err
	}
	r.opt.Metrics.lag(r.a.Topic, r.a.Partition, batch.HighWatermark-batch.Next)
	if batch.Next == offset {
		return offset, nil
	}
	p := new(parcel)
	for i := range batch.Records {
		if err := p.take(&r.opt.Topics, r.a.Topic, &batch.Records[i]); err != nil {
			// What stands before it is handed over, so that it is neither lost nor read again.
			r.hand(ctx, p, batch.Records[i].Offset)
			return offset, &unreadable{r.a.Name(), batch.Records[i].Offset, err}
		}
	}
	r.hand(ctx, p, batch.Next)
	return batch.Next, nil
}

// hand gives the writer a parcel, and waits while the writer is busy.
func (r *reader) hand(ctx context.Context, p *parcel, next int64) {
	p.reached(r.session, next)
	select {
	case r.out <- p:
	case <-ctx.Done():
	}
}
