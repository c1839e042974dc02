package archive

import (
	"context"
	"time"

	"touchwatch/ingest/stream"
)

// enough reports whether a parcel is not to grow further.
func (w *writer) enough(p *parcel) bool {
	return p.rows() >= w.opt.MaxRows || p.bytes >= w.opt.MaxBytes
}

const (
	// yieldMost bounds a pause: a backlog of hours must not keep the archive from its work for long.
	yieldMost = 10 * time.Second
	// yieldLook is how often a pause looks whether there is still a reason for it.
	yieldLook = 250 * time.Millisecond
)

// yield pauses while the alerts are late, at most twice as long as the last writing took. Readers wait meanwhile, as the queue is full.
func (w *writer) yield(ctx context.Context, took time.Duration) {
	if w.opt.Yield == nil || !w.opt.Yield() {
		return
	}
	w.opt.Metrics.yielded.Inc()
	end := time.Now().Add(min(2*took, yieldMost))
	for w.opt.Yield() && stream.Sleep(ctx, min(yieldLook, time.Until(end))) && time.Now().Before(end) {
	}
}

// countNow reports whether it is time to count, which may take a third of the time: as much of what it took last as there are minutes now for those of
// then. In a backlog, whose next rows lie mostly in the same minutes, it is not before three times Options.Every.
func (w *writer) countNow(backlog bool) bool {
	pause := 3 * w.took * time.Duration(min(len(w.dirty), w.minutes)) / time.Duration(max(w.minutes, 1))
	if backlog {
		pause = max(pause, 3*w.opt.Every)
	}
	return time.Since(w.counted) >= pause
}
