package keyed

import (
	"io"
	"log/slog"
	"math"

	"touchwatch/ingest/timeline"
	"touchwatch/processors/episode"
)

// Replay folds the entries of one partition in memory, exactly as a runtime does: repeats are skipped by their source,
// settings take effect where they stand. Tests compare it with what a runtime stored; a backtest runs it with other
// settings. It belongs to one goroutine.
type Replay[S any] struct {
	w *worker[S]
	// Alerts are all alert changes in the order in which they came about.
	Alerts []episode.Change
	// Signals are all signals that went into the outbox, in their order.
	Signals []Emitted
}

// Emitted is a signal of the outbox: its key on the topic, and offset and index of the entry that caused it.
type Emitted struct {
	Key    string
	Offset int64
	Index  int
}

// NewReplay returns an empty replay under no settings.
func NewReplay[S any](build Build[S]) (*Replay[S], error) {
	opt := Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: NewMetrics(nil)}
	rt := &Runtime[S]{opt: opt, build: build}
	w := &worker[S]{rt: rt, opt: &rt.opt, cache: newCache[S](func() int { return math.MaxInt }), fx: NewEffects(), sources: map[source]position{}, moved: map[source]position{}}
	if err := w.activate(nil); err != nil {
		return nil, err
	}
	return &Replay[S]{w: w}, nil
}

// Apply folds the entry at an offset of the partition. It returns an error for settings that cannot be used.
func (r *Replay[S]) Apply(e *timeline.Entry, offset int64) error {
	w := r.w
	var fresh *node[S]
	if e.Kind != timeline.Config && w.cache.get(e.Subject) == nil {
		fresh = w.cache.put(e.Subject, 0)
		fresh.state = w.logic.New(fresh.subject)
	}
	if err := w.fold(e, offset, nil); err != nil {
		return err
	}
	if fresh != nil && !fresh.dirty { // a repeat: the subject is as unknown as before
		w.cache.drop(fresh)
	}
	for _, o := range w.fx.out {
		switch o.kind {
		case OutAlert:
			r.Alerts = append(r.Alerts, w.fx.changeOf(o.body))
		case OutSignal:
			r.Signals = append(r.Signals, Emitted{Key: o.key, Offset: o.offset, Index: o.index})
		}
	}
	for subject, gone := range w.fx.removed {
		if n := w.cache.get(subject); n != nil && gone {
			w.cache.drop(n)
		}
	}
	w.fx.Reset()
	w.cache.clean(0)
	return nil
}

// changeOf finds the change whose body was emitted.
func (fx *Effects) changeOf(body []byte) episode.Change {
	for _, c := range fx.alerts {
		if string(c.Body) == string(body) {
			return c
		}
	}
	return episode.Change{Body: body} // an alert that changed twice in one entry: the first body
}

// States returns the state of every subject that is known at the end. The states are the replay's own.
func (r *Replay[S]) States() map[string]*S {
	all := make(map[string]*S, len(r.w.cache.nodes))
	for subject, n := range r.w.cache.nodes {
		all[subject] = n.state
	}
	return all
}
