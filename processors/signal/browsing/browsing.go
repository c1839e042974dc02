// Package browsing owns the signals of the family browsing: pages that keep the customer waiting (slow_page) and searches
// that do not find (fruitless_search). Clicks and failures belong to the package friction.
//
// The detector is immutable and safe for concurrent use.
package browsing

import (
	"strconv"
	"strings"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/settings"
)

// What a mark stands for.
const (
	slow     = iota + 1 // Key the page, N how slow in thousandths of the limit, X which measure, Y its value in ms
	searched            // Key the query, N 1 when it found nothing, X 1 on a page of results, Y tells addresses apart
	bought              // what was searched for was found
	opened              // something was opened from a page of results
)

// absurd is a time that no page takes: a tab in the background, a laptop that slept.
const absurd = 5 * time.Minute

// measures are what a browser tells of a view, in the order in which the worst is named.
var measures = [...]struct{ attr, words string }{
	{"wait_ms", "something loaded for "},
	{"lcp_ms", "took "},
	{"inp_ms", "reacted after "},
}

// Detector makes the signals of browsing.
type Detector struct {
	slow    settings.SlowPage
	search  settings.FruitlessSearch
	limits  [len(measures)]time.Duration
	ignored signal.Ignored
}

// New returns the detector of slow pages and fruitless searches.
func New(s *settings.Settings) *Detector {
	return &Detector{
		slow: s.SlowPage, search: s.FruitlessSearch,
		limits:  [...]time.Duration{s.SlowPage.Wait, s.SlowPage.LCP, s.SlowPage.INP},
		ignored: signal.NewIgnored(nil, s.Ignore.Pages, s.Ignore.Releases),
	}
}

// Family implements signal.Detector.
func (*Detector) Family() string { return "browsing" }

// Bounds implements signal.Detector.
func (d *Detector) Bounds() signal.Bounds {
	gap := max(d.slow.Gap, d.search.Gap)
	return signal.Bounds{Keep: gap + 10*time.Minute, Gap: gap, Near: d.search.Gap, Most: 32}
}

// Observe implements signal.Detector: views that were slow, searches, what is opened from their results, and purchases, which say that something was found.
func (d *Detector) Observe(dst []signal.Mark, t *touchpoint.Touchpoint) []signal.Mark {
	if t.Channel != touchpoint.Website {
		return dst
	}
	switch t.Kind {
	case touchpoint.PageSpeed, touchpoint.Search:
	case touchpoint.ClickKind:
		if t.Click == nil || t.Click.Outcome != "navigation" || !d.onResults(&t.Place) || d.ignored.Covers(&t.Place) {
			return dst
		}
		return append(dst, signal.Mark{At: t.OccurredAt, ID: t.ID, Kind: opened})
	case touchpoint.CustomEvent:
		if !strings.EqualFold(t.Attrs["event"], "product clicked") && !strings.EqualFold(t.Attrs["event"], "product viewed") {
			return dst
		}
		return append(dst, signal.Mark{At: t.OccurredAt, ID: t.ID, Kind: opened})
	case touchpoint.Purchase:
		return append(dst, signal.Mark{At: t.OccurredAt, ID: t.ID, Kind: bought})
	default:
		return dst
	}
	if d.ignored.Covers(&t.Place) {
		return dst
	}
	m := signal.Mark{At: t.OccurredAt, ID: t.ID, Key: t.Place.Page, Place: t.Place.Campaign}
	if t.Kind == touchpoint.PageSpeed {
		return d.speed(dst, m, t)
	}
	m.Kind, m.Key, m.Note = searched, query(t.Text), t.Place.Page
	if results, err := strconv.ParseFloat(t.Attrs["results"], 64); err == nil && results == 0 {
		m.N = 1
	}
	if d.onResults(&t.Place) {
		m.X = 1
	}
	m.Y = signal.Fingerprint(t.Place.URL)
	if m.Key == "" {
		return dst
	}
	return append(dst, m)
}

// speed adds a mark when one of the measures is over its limit: the one that is farthest over it.
func (d *Detector) speed(dst []signal.Mark, m signal.Mark, t *touchpoint.Touchpoint) []signal.Mark {
	for i, measure := range measures {
		ms, err := strconv.ParseInt(t.Attrs[measure.attr], 10, 64)
		limit := d.limits[i].Milliseconds()
		if err != nil || ms < limit || ms > absurd.Milliseconds() {
			continue
		}
		if share := ms * 1000 / limit; share > m.N {
			m.Kind, m.N, m.X, m.Y = slow, share, int32(i), int32(ms)
		}
	}
	if m.Kind == 0 {
		return dst
	}
	return append(dst, m)
}

// Detect implements signal.Detector. Time alone changes nothing here.
func (d *Detector) Detect(marks []signal.Mark, _ touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	return d.searches(d.slows(nil, marks), marks), 0
}

// slows finds runs of slow views, over all pages: who waits on one page after the other waits.
func (d *Detector) slows(out []signal.Signal, marks []signal.Mark) []signal.Signal {
	if d.slow.Off() {
		return out
	}
	var run []*signal.Mark
	flush := func() {
		if g, ok := d.slowSignal(run); ok {
			out = append(out, g)
		}
		run = nil
	}
	for i := range marks {
		m := &marks[i]
		if m.Kind != slow || m.X < 0 || int(m.X) >= len(measures) {
			continue
		}
		if len(run) > 0 && m.At.Sub(run[len(run)-1].At) > d.slow.Gap {
			flush()
		}
		run = append(run, m)
	}
	flush()
	return out
}

// twice is a view that takes double the limit: one is enough.
const twice = 2000

func (d *Detector) slowSignal(run []*signal.Mark) (signal.Signal, bool) {
	if len(run) == 0 {
		return signal.Signal{}, false
	}
	worst := run[0]
	for _, m := range run {
		if m.N > worst.N {
			worst = m
		}
	}
	if len(run) < d.slow.Slow && worst.N < twice {
		return signal.Signal{}, false
	}
	where := worst.Key
	if where == "" {
		where = "a page"
	}
	reason := where + " " + measures[worst.X].words + signal.Words(time.Duration(worst.Y)*time.Millisecond)
	if worst.X == 0 {
		reason = measures[0].words + signal.Words(time.Duration(worst.Y)*time.Millisecond) + " on " + where
	}
	if len(run) > 1 {
		reason += ", the slowest of " + strconv.Itoa(len(run)) + " slow views"
	}
	g := d.signal("slow_page", d.slow.Bad, run, reason)
	g.Places = signal.Places(signal.PlaceKey("page", worst.Key), signal.PlaceKey("campaign", worst.Place))
	return g, true
}

func (d *Detector) signal(name string, effect settings.Bad, run []*signal.Mark, reason string) signal.Signal {
	ids := make([]touchpoint.ID, len(run))
	for i, m := range run {
		ids[i] = m.ID
	}
	return signal.Signal{
		Name: name, Family: d.Family(), Episode: string(run[0].ID), First: run[0].At, At: run[len(run)-1].At,
		Weight: effect.Points(1), Half: effect.HalfSeconds(), Channel: touchpoint.Website, Evidence: signal.Evidence(ids), Reason: reason,
	}
}
