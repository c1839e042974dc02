package intake

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"touchwatch/ingest/decode"
	"touchwatch/ingest/identity"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// read is what became of a batch's bytes.
type read struct {
	touchpoints []touchpoint.Touchpoint
	dead        []stream.Record
}

// send takes a batch to the timeline under a plan. A plan that has no customers yet is completed and stored first; one that
// has them is followed as written.
func (w *worker) send(ctx context.Context, b stream.Batch, p *plan) error {
	r := w.decode(b.Records, p.ReceivedAt)
	links, err := w.resolve(ctx, r.touchpoints, p)
	if err != nil {
		return err
	}
	if err := w.stage.names.Store(ctx, links); err != nil {
		return err
	}
	batches, err := w.entries(r.touchpoints)
	if err != nil {
		return err
	}
	if err := w.produce(ctx, batches, r.dead); err != nil {
		return err
	}
	w.stage.opt.Metrics.sent(r.touchpoints)
	if w.stage.opt.Sent != nil {
		w.stage.opt.Sent(r.touchpoints)
	}
	return nil
}

// decode reads all records of a batch; whatever cannot become a touchpoint becomes a dead letter. The touchpoints are the worker's until it
// decodes again.
func (w *worker) decode(records []stream.Record, receivedAt touchpoint.Millis) read {
	clear(w.touchpoints)
	out := read{touchpoints: w.touchpoints[:0]}
	opt := &w.stage.opt
	for i := range records {
		rec := &records[i]
		result := decode.Decode(decode.Record{
			Topic: w.a.Topic, Partition: int32(w.a.Partition), Offset: rec.Offset, Value: rec.Value, Headers: rec.Header,
		}, opt.Topics[w.a.Topic])
		bad := result.First()
		for j := range result.Touchpoints {
			t := &result.Touchpoints[j]
			if err := t.Validate(receivedAt, opt.Oldest); err != nil {
				var invalid *touchpoint.Invalid
				if errors.As(err, &invalid) && bad == nil {
					bad = invalid
				}
				continue
			}
			w.stamp(t, receivedAt)
			out.touchpoints = append(out.touchpoints, *t)
		}
		if bad != nil {
			opt.Metrics.rejected(bad.Reason)
			w.sample(rec, bad)
			out.dead = append(out.dead, deadLetter(w.a, w.epoch, rec, bad))
		}
		opt.Metrics.skipped.Add(float64(result.Skipped))
	}
	w.touchpoints = out.touchpoints
	return out
}

// stamp fills in what only ingest knows, and lets no touchpoint have happened after it was received.
func (w *worker) stamp(t *touchpoint.Touchpoint, receivedAt touchpoint.Millis) {
	t.ReceivedAt, t.Source.Epoch = receivedAt, w.epoch
	if t.OccurredAt == 0 || t.OccurredAt > receivedAt {
		t.OccurredAt = receivedAt
	}
	if w.stage.opt.Annotate != nil {
		w.stage.opt.Annotate(t)
	}
}

// resolve gives every touchpoint its customer: as the plan says, or by the directory where the plan says nothing (it is new, or was
// restored without what was never sent); a plan that was completed is stored. It returns the links that the touchpoints make.
func (w *worker) resolve(ctx context.Context, all []touchpoint.Touchpoint, p *plan) ([]identity.Link, error) {
	known, err := w.stage.names.Fetch(ctx, identity.Asked(all))
	if err != nil {
		return nil, err
	}
	m := identity.NewMap(known)
	planned := p.Customers != nil
	if planned && len(p.Customers) != len(all) {
		return nil, &stream.HaltError{Err: fmt.Errorf("the stored plan of offsets %d to %d has %d touchpoints, decoding gives %d: it was written by a version that decodes differently; start that version once, so that it finishes the plan", p.From, p.To, len(p.Customers), len(all))}
	}
	if !planned {
		p.Customers = make([]touchpoint.CustomerID, len(all))
	}
	decided := false
	for i := range all {
		customer := m.Resolve(&all[i])
		if p.Customers[i] != "" {
			customer = p.Customers[i]
		} else {
			decided = true
		}
		p.Customers[i], all[i].Customer = customer, customer
	}
	for _, c := range m.Conflicts() {
		w.stage.opt.Metrics.conflicts.Inc()
		w.stage.opt.Log.Warn("two known customers claim one alias, it stays with the first", "kind", c.Alias.Kind, "holder", c.Holder, "claimed_by", c.Claimed)
	}
	if planned && !decided {
		return m.Links(), nil
	}
	return m.Links(), w.ledger.propose(ctx, w.stage.token(w.a), p)
}

// entries makes the timeline's records, one batch per timeline partition.
func (w *worker) entries(all []touchpoint.Touchpoint) (map[int][]stream.Record, error) {
	batches := map[int][]stream.Record{}
	arena := make([]byte, 0, w.wire+w.wire/8) // one memory for all values; what it outgrows stays with the records that hold it
	for i := range all {
		t := &all[i]
		began := len(arena)
		grown, err := timeline.Encode(arena, &timeline.Entry{
			Kind: timeline.Touchpoint, Subject: string(t.Customer), At: t.ReceivedAt, Source: t.Source, Touchpoint: t,
		})
		if err != nil {
			return nil, &stream.HaltError{Err: err}
		}
		arena = grown
		value := grown[began:len(grown):len(grown)]
		p := timeline.Partition(string(t.Customer), w.stage.opt.Partitions)
		batches[p] = append(batches[p], stream.Record{Key: []byte(t.Customer), Value: value})
	}
	w.wire = len(arena)
	return batches, nil
}

// produce writes the batches at once, each as one batch of its partition, and repeats each until it is confirmed: nothing later of this raw
// partition is sent before.
func (w *worker) produce(ctx context.Context, batches map[int][]stream.Record, dead []stream.Record) error {
	opt := &w.stage.opt
	onError := func(err error) {
		opt.Metrics.produceErrors.Inc()
		w.stage.sayOnce(err)
	}
	var parcels []stream.Parcel
	for p := range opt.Partitions {
		if records := batches[p]; len(records) > 0 {
			parcels = append(parcels, stream.Parcel{Topic: opt.Timeline, Partition: p, Records: records})
		}
	}
	var buried error
	var wg sync.WaitGroup
	if len(dead) > 0 {
		wg.Go(func() { buried = w.bury(ctx, dead, onError) })
	}
	err := w.stage.out.Produce(ctx, parcels, onError)
	wg.Wait()
	return errors.Join(err, buried)
}

// bury writes dead letters, batch by batch, each until it is confirmed.
func (w *worker) bury(ctx context.Context, dead []stream.Record, onError func(error)) error {
	for _, letters := range deadBatches(dead) {
		if _, err := stream.ProduceUntil(ctx, w.stage.opt.Kafka, w.stage.opt.Dead, 0, letters, onError); err != nil {
			return err
		}
	}
	return nil
}
