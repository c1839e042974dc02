package faults

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"touchwatch/cmd/app"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// inPart is a trap that lets a plan's request through with the first of its partitions only, and kills a node when the broker has done that.
type inPart struct {
	cut atomic.Pointer[parted]
}

func (i *inPart) trap(spring func()) *Trap {
	return &Trap{
		Match: func(request []byte) bool {
			cut := part(request)
			if cut != nil {
				i.cut.Store(cut)
			}
			return cut != nil
		},
		Change: func([]byte) []byte { return i.cut.Load().frame },
		After:  true, Spring: spring,
	}
}

// killedInPart kills a node when the broker has a plan in part, and proves that it has.
func (r *Run) killedInPart(n *node) error {
	at := &inPart{}
	r.kafka.proxy.Set(at.trap(func() { _ = n.signal(os.Kill) }))
	if err := r.ended(n.process); err != nil {
		return fmt.Errorf("no plan went on in part: %w", err)
	}
	r.forget(n)
	r.note("killed %s (process %d) when a plan was sent in part", n.name, n.pid())
	return r.proveInPart(at.cut.Load())
}

// proveInPart looks into the timeline for both sides of a request that was cut down, before anybody sends the rest.
func (r *Run) proveInPart(cut *parted) error {
	copies, err := r.copies()
	if err != nil {
		return err
	}
	for _, s := range cut.kept {
		if copies[s] == 0 {
			return fmt.Errorf("the touchpoint of %+v went on and is not in the timeline", s)
		}
	}
	missing := &parted{kept: cut.kept}
	for _, s := range cut.taken { // of a plan that was sent in part before, some may be there
		if copies[s] == 0 {
			missing.taken = append(missing.taken, s)
		}
	}
	if !missing.split() {
		return fmt.Errorf("%d of %d touchpoints that were taken out are missing in the timeline, and no plan is there in part", len(missing.taken), len(cut.taken))
	}
	return errors.Join(
		r.prove(int64(len(cut.kept)), "touchpoints of the request are in the timeline"),
		r.prove(int64(len(missing.taken)), fmt.Sprintf("are not: those for its partitions %v, though a plan has some on both sides", cut.partitions)),
	)
}

// copies is how often the timeline holds each touchpoint, as it is now.
func (r *Run) copies() (map[touchpoint.Source]int, error) {
	copies := map[touchpoint.Source]int{}
	for p := range r.cfg.Topics.TimelinePartitions {
		f := stream.Fetcher{Client: r.direct, Topic: app.TopicTimeline, Partition: p, MaxBytes: 4 << 20, MaxWait: 50 * time.Millisecond}
		for next := int64(0); ; {
			b, err := f.Fetch(r.ctx, next)
			if err != nil {
				return nil, fmt.Errorf("read back partition %d: %w", p, err)
			}
			for i := range b.Records {
				e, err := timeline.Decode(b.Records[i].Value)
				if err != nil {
					return nil, err
				}
				if e.Kind == timeline.Touchpoint {
					copies[e.Source]++
				}
			}
			if next = b.Next; next >= b.HighWatermark {
				break
			}
		}
	}
	return copies, nil
}

// partRefused lets requests that write plans lose all partitions but one on their way, many times: the broker's answer does not speak of those.
func partRefused(r *Run) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(9000, 30*time.Second)
	if err != nil {
		return err
	}
	if err := errors.Join(worker.works(), l.reach(0.1), l.under()); err != nil {
		return err
	}
	var requests, taken, kept atomic.Int64
	seen := 0
	r.kafka.proxy.Change(func(request []byte) []byte {
		cut := part(request)
		if cut == nil {
			return nil
		}
		if seen++; seen%3 == 0 { // every third one is whole, so that the work goes on at its pace
			return nil
		}
		requests.Add(1)
		taken.Add(int64(len(cut.partitions)))
		kept.Add(int64(len(cut.kept)))
		return cut.frame
	})
	if err := errors.Join(l.reach(0.85), l.under()); err != nil {
		return err
	}
	r.kafka.proxy.Heal()
	if requests.Load() < leastParted {
		return fmt.Errorf("%d requests lost partitions, want at least %d", requests.Load(), leastParted)
	}
	if err := errors.Join(l.under(),
		r.prove(requests.Load(), "requests that wrote plans went on with one partition of the timeline"),
		r.prove(taken.Load(), "batches for a partition were not written, and the broker said nothing of them"),
		r.prove(int64(worker.times("cannot write to the timeline")), "times that the worker said it cannot write to the timeline")); err != nil {
		return err
	}
	if err := errors.Join(l.wait(), r.reach(touchpoint.MillisOf(time.Now()))); err != nil {
		return err
	}
	return r.onlyOnce(kept.Load())
}

// leastParted is how many requests have to lose partitions for it to be the normal course of the load.
const leastParted = 30

// onlyOnce checks that no touchpoint is in the timeline twice: what the broker had taken was not sent again with what it had not.
func (r *Run) onlyOnce(kept int64) error {
	copies, err := r.copies()
	if err != nil {
		return err
	}
	for source, n := range copies {
		if n > 1 {
			return fmt.Errorf("the touchpoint of %+v is in the timeline %d times: a batch that was written was sent again", source, n)
		}
	}
	r.note("none of %d touchpoints is in the timeline twice, %d of them were written by requests that lost partitions", len(copies), kept)
	return nil
}
