package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
)

// Pace of a worker. A fetch of 512 KiB is about 800 touchpoints; a compressed one may be many times that when it is read, so
// planBytes bounds the values of one plan: its entries fit one request per timeline partition even if all are one customer's.
const (
	fetchBytes   = 512 << 10
	planBytes    = 1 << 20
	fetchWait    = 250 * time.Millisecond // an idle partition is asked four times a second
	fetchGather  = 20 * time.Millisecond  // a busy one at most 50 times
	confirmEvery = 200 * time.Millisecond // at most this often the progress of a partition is written
)

// worker reads one raw partition during one generation.
type worker struct {
	stage  *Stage
	a      stream.Assignment
	ledger *ledger
	commit func(int64)

	touchpoints []touchpoint.Touchpoint // memory of the plan under way
	wire        int                     // bytes of the last plan's entries, about as many as the next one has

	epoch      int32
	next       int64
	receivedAt touchpoint.Millis // of the last plan: it only rises
	mark       mark
	upTo       touchpoint.Millis
	confirmed  time.Time
}

// mark remembers the end of the partition at a time: once everything before it is in the timeline, everything received up to that
// time is.
type mark struct {
	at  touchpoint.Millis
	end int64
}

func newWorker(s *Stage, a stream.Assignment, commit func(int64)) *worker {
	l := &ledger{redis: s.opt.Redis, key: LedgerKey(a.Topic, a.Partition), patience: s.opt.Session}
	return &worker{stage: s, a: a, ledger: l, commit: commit}
}

// run holds sessions until ctx ends. Whatever goes wrong, the answer is the same: read the plan and go on from there.
func (w *worker) run(ctx context.Context) {
	log := w.stage.opt.Log.With("topic", w.a.Topic, "partition", w.a.Partition)
	defer w.stage.halts.Clear(w.a.Name()) // whoever has the partition next says how it is
	defer w.stage.opt.Metrics.gone(w.a.Topic, w.a.Partition)
	stream.Persist(ctx, w.session, func(err error, news bool) {
		if errors.Is(err, errHeld) || errors.Is(err, errLost) {
			w.stage.opt.Metrics.gone(w.a.Topic, w.a.Partition) // its owner tells
		}
		if stream.Halted(err) {
			w.stage.halts.Set(w.a.Name(), err.Error())
			log.Error("raw partition stands still until a person acts", "error", err)
		} else if news {
			log.Warn("raw partition will be read again from its plan", "error", err)
		}
	})
}

// session takes the partition, sends an unfinished plan again, and reads on until an error or the end of ctx.
func (w *worker) session(ctx context.Context) error {
	if err := w.stage.allowed(ctx); err != nil {
		return err
	}
	found, err := w.ledger.take(ctx, w.stage.token(w.a))
	if err != nil {
		return err
	}
	if err := w.stage.allowed(ctx); err != nil {
		return err
	}
	w.epoch, w.mark = found.epoch, mark{}
	if err := w.resume(ctx, found); err != nil {
		return err
	}
	f := stream.Fetcher{Client: w.stage.opt.Kafka, Topic: w.a.Topic, Partition: w.a.Partition, MaxBytes: fetchBytes, MaxWait: fetchWait, Gather: fetchGather, With: w.stage.in}
	for ctx.Err() == nil {
		started := w.stage.now()
		b, err := f.Fetch(ctx, w.next)
		if err != nil {
			return w.outside(err)
		}
		w.stage.halts.Clear(w.a.Name())
		if w.mark.at == 0 {
			w.mark = mark{at: started, end: b.HighWatermark}
		}
		if len(b.Records) > 0 {
			if err := w.ingest(ctx, b); err != nil {
				return err
			}
		}
		w.next = max(w.next, b.Next)
		if err := w.advance(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// outside turns an offset that is not in the log into a halt: reading on elsewhere would lose records silently.
func (w *worker) outside(err error) error {
	var o *stream.OffsetError
	if errors.As(err, &o) {
		w.stage.opt.Metrics.gaps.Inc()
		return &stream.HaltError{Err: fmt.Errorf("%w; 'touchwatch topics accept %s %d' reads on from the oldest record under a new epoch", o, w.a.Topic, w.a.Partition)}
	}
	return err
}

// resume finds where to begin: behind a plan that was confirmed, at one that was not, else at the oldest record.
func (w *worker) resume(ctx context.Context, found stored) error {
	switch {
	case found.plan == nil:
		first, _, err := stream.Bounds(ctx, w.stage.opt.Kafka, w.a.Topic, w.a.Partition)
		if err != nil {
			return err
		}
		w.next = first
		return nil
	case found.done:
		w.next, w.receivedAt = found.plan.To, found.plan.ReceivedAt
		return nil
	}
	w.next, w.receivedAt = found.plan.From, found.plan.ReceivedAt
	b, err := w.refetch(ctx, found.plan)
	if err != nil {
		return w.outside(err)
	}
	if err := w.send(ctx, b, found.plan); err != nil {
		return err
	}
	w.next = found.plan.To
	w.stage.opt.Metrics.resent.Inc()
	return nil
}

// refetch reads exactly the records of a plan.
func (w *worker) refetch(ctx context.Context, p *plan) (stream.Batch, error) {
	f := stream.Fetcher{Client: w.stage.opt.Kafka, Topic: w.a.Topic, Partition: w.a.Partition, MaxBytes: fetchBytes, MaxWait: fetchWait}
	whole := stream.Batch{Next: p.From}
	for whole.Next < p.To {
		b, err := f.Fetch(ctx, whole.Next)
		if err != nil {
			return stream.Batch{}, err
		}
		if b.Next == whole.Next {
			return stream.Batch{}, &stream.OffsetError{Topic: w.a.Topic, Partition: w.a.Partition, Asked: p.To, LogStart: b.LogStart, High: b.HighWatermark}
		}
		for _, r := range b.Records {
			if r.Offset < p.To {
				whole.Records = append(whole.Records, r)
			}
		}
		whole.Next = b.Next
	}
	whole.Next = p.To
	return whole, nil
}

// ingest takes a batch to the timeline, plan by plan.
func (w *worker) ingest(ctx context.Context, b stream.Batch) error {
	for rest := b.Records; len(rest) > 0; {
		n := planLength(rest)
		part := stream.Batch{Records: rest[:n], Next: b.Next}
		if rest = rest[n:]; len(rest) > 0 {
			part.Next = rest[0].Offset
		}
		p := &plan{From: part.Records[0].Offset, To: part.Next, ReceivedAt: max(w.stage.now(), w.receivedAt+1)}
		if err := w.send(ctx, part, p); err != nil {
			return err
		}
		w.receivedAt = p.ReceivedAt
		w.stage.opt.Metrics.lag(w.a.Topic, w.a.Partition, b.HighWatermark-part.Next)
	}
	return nil
}

// planLength is how many of the records make one plan: at least one.
func planLength(records []stream.Record) int {
	bytes := 0
	for i := range records {
		if bytes += len(records[i].Value); bytes > planBytes && i > 0 {
			return i
		}
	}
	return len(records)
}

// advance writes the progress once the marked end is passed, and tells the group how far this partition is.
func (w *worker) advance(ctx context.Context) error {
	if w.mark.at != 0 && w.next >= w.mark.end {
		w.upTo, w.mark = w.mark.at-1, mark{} // what comes in the same millisecond is not in yet
	}
	if w.upTo == 0 || time.Since(w.confirmed) < confirmEvery {
		return nil
	}
	if err := w.ledger.confirm(ctx, w.stage.token(w.a), w.upTo); err != nil {
		return err
	}
	w.confirmed = time.Now()
	w.stage.opt.Metrics.progress(w.a.Topic, w.a.Partition, w.upTo)
	w.commit(w.next)
	return nil
}
