// Package opinion asks a model outside what it thinks of the texts that ingest has judged by the rules. It is off unless an
// endpoint is configured.
//
// A touchpoint is never kept waiting: it goes to the timeline with the rules' verdict, alerts are raised by it, and the
// endpoint is asked beside. An answer that arrives in time and differs becomes an entry of its own in the timeline, an
// opinion, which the fold puts in the place of the rules' verdict. So whatever is decided can be read in the timeline, and
// a replay asks nobody. Without an answer the rules' verdict stands.
//
// A *Desk is safe for concurrent use. Its queue is bounded: what does not fit is not asked about, and counted. What waits
// in it is lost in a crash, as if the endpoint had not answered.
package opinion

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// Bounds of the desk.
const (
	queueLength = 256 // texts that wait for each endpoint
	askers      = 4   // requests to one endpoint at a time
	giveUp      = 5   // failures in a row after which an endpoint is left alone for
	leaveAlone  = 30 * time.Second
	matters     = 0.05 // difference from the rules from which an answer is worth an entry
)

// Hook is an endpoint for the texts of a language.
type Hook struct {
	Language string        // ISO 639-1; "" for texts of every language that has no hook of its own
	URL      string        // http or https
	Timeout  time.Duration // for an answer
}

// Log takes entries. Append may block and repeat; an error means that the entry was not written.
type Log interface {
	Append(ctx context.Context, e timeline.Entry) error
}

// Options configure a Desk.
type Options struct {
	Hooks   []Hook
	Log     Log
	Client  *http.Client // nil means one of its own
	Logger  *slog.Logger
	Metrics *Metrics
	Now     func() time.Time // wall clock; nil means time.Now
}

// Desk asks the endpoints.
type Desk struct {
	opt       Options
	endpoints map[string]*endpoint // by language
}

// endpoint is one hook with its queue.
type endpoint struct {
	Hook
	queue    chan touchpoint.Touchpoint
	failures atomic.Int32 // in a row
	until    atomic.Int64 // left alone until this moment, Unix milliseconds
}

// New returns a desk; nothing is asked before Run.
func New(opt Options) *Desk {
	if opt.Client == nil {
		opt.Client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: askers}}
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	d := &Desk{opt: opt, endpoints: map[string]*endpoint{}}
	for _, h := range opt.Hooks {
		d.endpoints[h.Language] = &endpoint{Hook: h, queue: make(chan touchpoint.Touchpoint, queueLength)}
	}
	return d
}

// Offer hands over touchpoints that stand in the timeline. It never blocks, and keeps copies.
func (d *Desk) Offer(all []touchpoint.Touchpoint) {
	for i := range all {
		t := &all[i]
		if t.Text == "" || t.Mood == nil || !t.FromCustomer() {
			continue
		}
		e := d.endpoint(t.Language)
		if e == nil {
			continue
		}
		select {
		case e.queue <- *t:
		default:
			d.opt.Metrics.count(dropped)
		}
	}
}

func (d *Desk) endpoint(language string) *endpoint {
	if e := d.endpoints[language]; e != nil {
		return e
	}
	return d.endpoints[""]
}

// Run asks until ctx ends; what waits then is not asked about any more.
func (d *Desk) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, e := range d.endpoints {
		for range askers {
			all.Go(func() { d.serve(ctx, e) })
		}
	}
	all.Wait()
}

func (d *Desk) serve(ctx context.Context, e *endpoint) {
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-e.queue:
			d.handle(ctx, e, &t)
		}
	}
}

// handle asks about one text and writes the opinion down.
func (d *Desk) handle(ctx context.Context, e *endpoint, t *touchpoint.Touchpoint) {
	now := d.opt.Now()
	if now.UnixMilli() < e.until.Load() {
		d.opt.Metrics.count(skipped)
		return
	}
	mood, err := e.ask(ctx, d.opt.Client, t)
	if err != nil {
		d.failed(ctx, e, err)
		return
	}
	e.failures.Store(0)
	if !differs(&mood, t.Mood) {
		d.opt.Metrics.count(agreed)
		return
	}
	if err := d.opt.Log.Append(ctx, entry(t, mood, touchpoint.MillisOf(d.opt.Now()))); err != nil {
		d.opt.Metrics.count(unwritten)
		if ctx.Err() == nil {
			d.opt.Logger.Warn("an opinion on a text was not written", "error", err)
		}
		return
	}
	d.opt.Metrics.count(written)
}

// failed counts a failure and leaves an endpoint alone that fails again and again.
func (d *Desk) failed(ctx context.Context, e *endpoint, err error) {
	if ctx.Err() != nil {
		return
	}
	d.opt.Metrics.count(failed)
	if e.failures.Add(1) != giveUp {
		return
	}
	e.failures.Store(0)
	e.until.Store(d.opt.Now().Add(leaveAlone).UnixMilli())
	d.opt.Logger.Warn("the endpoint for opinions on texts fails, the rules' verdicts stand", "url", e.URL, "again_in", leaveAlone, "error", err)
}

// entry is the opinion as the timeline takes it: the touchpoint with the mood that now counts. A repeat changes nothing.
func entry(t *touchpoint.Touchpoint, mood touchpoint.Mood, now touchpoint.Millis) timeline.Entry {
	judged := *t
	judged.Mood = &mood
	return timeline.Entry{
		Kind: timeline.Opinion, Subject: string(t.Customer), At: max(now, t.ReceivedAt), ID: "opinion/" + string(t.ID),
		Touchpoint: &judged, Origin: &timeline.Origin{ReceivedAt: t.ReceivedAt, Source: t.Source},
	}
}

func differs(a, b *touchpoint.Mood) bool {
	far := func(x, y float32) bool { return x-y >= matters || y-x >= matters }
	return far(a.Displeasure, b.Displeasure) || far(a.Problem, b.Problem)
}
