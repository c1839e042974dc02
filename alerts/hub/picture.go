package hub

import (
	"cmp"
	"slices"
	"time"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
)

// Bounds of the picture.
const (
	maxRisk      = 50               // rows a client is shown
	maxRiskPool  = 1000             // rows kept (up to twice as many for a while), so that another one can move up when one leaves
	maxFeed      = 30               // feed items a client is shown
	maxFeedPool  = 300              // feed items kept, so that a filter finds some
	maxAlerts    = 20_000           // alerts kept; beyond it the least urgent are not shown and are counted as omitted
	shownAlerts  = 500              // alerts in one snapshot, most urgent first; the rest is counted as omitted
	minutesKept  = time.Hour        // by the newest minute seen
	endedKept    = time.Hour        // how long an alert stays after its end
	minuteLength = time.Minute      // of one Minute
	staleAhead   = 10 * time.Minute // a minute further ahead of the clock than this is a broken clock's, not ours
)

// Picture is what every board starts from: the open alerts and those that ended in the last hour, the customers at risk, the last 60 minutes,
// the newest touchpoints and the progress. It is a pure data structure: Apply is all that changes it, and time is an
// argument. It is not safe for concurrent use.
type Picture struct {
	alerts   map[string]heldAlert
	risk     map[touchpoint.CustomerID]heldRow
	ranked   []RiskRow // the pool, lowest score first; nil when it has to be sorted again
	minutes  map[minuteKey]map[Part]Minute
	newest   touchpoint.Millis // newest minute
	feed     []FeedItem        // newest first
	progress map[Part]Progress
	warnings []string
	omitted  int // alerts that did not fit
}

type heldAlert struct {
	alert.Alert
	part Part
}

type heldRow struct {
	RiskRow
	part Part
}

// NewPicture returns an empty picture.
func NewPicture() *Picture {
	return &Picture{
		alerts: map[string]heldAlert{}, risk: map[touchpoint.CustomerID]heldRow{},
		minutes: map[minuteKey]map[Part]Minute{}, progress: map[Part]Progress{},
	}
}

// Apply takes news in and returns what they changed. now is the hub's clock.
func (p *Picture) Apply(n News, now touchpoint.Millis) touched {
	var t touched
	p.applyAlerts(n, now, &t)
	p.applyRisk(n, &t)
	p.applyMinutes(n, now, &t)
	p.applyFeed(n, &t)
	if n.Progress != nil || n.Warnings != nil {
		before := p.Progress()
		p.applyProgress(n)
		t.progress = !sameProgress(before, p.Progress())
	}
	return t
}

func (p *Picture) applyProgress(n News) {
	if n.Progress != nil {
		next := *n.Progress
		if next.UpTo == 0 { // a new owner that has not heard yet; what was reached stays reached
			next.UpTo = p.progress[n.Part].UpTo
		}
		p.progress[n.Part] = next
	}
	if n.Warnings != nil {
		p.warnings = *n.Warnings
	}
}

func (p *Picture) applyAlerts(n News, now touchpoint.Millis, t *touched) {
	if n.AllAlerts {
		said := make(map[string]bool, len(n.Alerts))
		for i := range n.Alerts {
			said[n.Alerts[i].ID] = true
		}
		for id, held := range p.alerts {
			if held.part == n.Part && !said[id] {
				delete(p.alerts, id)
				t.alert(id)
			}
		}
		p.omitted = 0
	}
	for _, a := range n.Alerts {
		held, known := p.alerts[a.ID]
		switch {
		case known && a.Version == held.Version, known && a.Version < held.Version && !n.AllAlerts:
			continue
		case !shown(&a, now):
			if known {
				delete(p.alerts, a.ID)
				t.alert(a.ID)
			}
			continue
		}
		if a.Evidence == nil {
			a.Evidence = []alert.Evidence{}
		}
		p.alerts[a.ID] = heldAlert{a, n.Part}
		t.alert(a.ID)
	}
	p.boundAlerts(t)
}

// shown reports whether an alert belongs on a board at now.
func shown(a *alert.Alert, now touchpoint.Millis) bool {
	return a.Phase.Open() || a.Phase == episode.Resolved && now.Sub(a.UpdatedAt) <= endedKept
}

// boundAlerts drops the least urgent alerts beyond maxAlerts.
func (p *Picture) boundAlerts(t *touched) {
	if len(p.alerts) <= maxAlerts {
		return
	}
	for _, a := range p.sortedAlerts(func(*alert.Alert) bool { return true })[maxAlerts:] {
		delete(p.alerts, a.ID)
		t.alert(a.ID)
		p.omitted++
	}
}

func (p *Picture) applyRisk(n News, t *touched) {
	if n.AllRisk {
		said := make(map[touchpoint.CustomerID]bool, len(n.Risk))
		for i := range n.Risk {
			said[n.Risk[i].Customer] = true
		}
		for id, held := range p.risk {
			if held.part == n.Part && !said[id] {
				delete(p.risk, id)
				t.row(id)
			}
		}
	}
	for _, row := range n.Risk {
		held, known := p.risk[row.Customer]
		switch {
		case row.Gone && !known, known && sameRow(&held.RiskRow, &row):
			continue
		case row.Gone:
			delete(p.risk, row.Customer)
		default:
			if row.Channels == nil {
				row.Channels = []touchpoint.Channel{}
			}
			p.risk[row.Customer] = heldRow{row, n.Part}
		}
		t.row(row.Customer)
	}
	if len(t.risk) == 0 {
		return
	}
	p.ranked = nil
	if len(p.risk) > 2*maxRiskPool {
		for _, row := range p.rows()[maxRiskPool:] {
			delete(p.risk, row.Customer)
			t.row(row.Customer)
		}
		p.ranked = p.ranked[:maxRiskPool]
	}
}

// rows returns the pool, lowest score first. It sorts only after a change: news comes much more often than it is shown.
func (p *Picture) rows() []RiskRow {
	if p.ranked != nil {
		return p.ranked
	}
	p.ranked = make([]RiskRow, 0, len(p.risk))
	for _, held := range p.risk {
		p.ranked = append(p.ranked, held.RiskRow)
	}
	slices.SortFunc(p.ranked, compareRows)
	return p.ranked
}

func sameRow(a, b *RiskRow) bool {
	return a.Score == b.Score && a.At == b.At && a.Reason == b.Reason && a.Alerts == b.Alerts && a.Name == b.Name &&
		a.Segment == b.Segment && a.Value == b.Value && a.Owner == b.Owner && a.Gone == b.Gone && slices.Equal(a.Channels, b.Channels)
}

func (p *Picture) applyMinutes(n News, now touchpoint.Millis, t *touched) {
	if n.AllMinutes {
		said := make(map[minuteKey]bool, len(n.Minutes))
		for _, m := range n.Minutes {
			said[minuteKey{m.Minute, m.Channel}] = true
		}
		for k, shares := range p.minutes {
			if _, has := shares[n.Part]; has && !said[k] {
				delete(shares, n.Part)
				t.minute(k)
			}
		}
	}
	for _, m := range n.Minutes {
		if m.Minute <= p.newest.Add(-minutesKept) || now != 0 && m.Minute > now.Add(staleAhead) {
			continue
		}
		k := minuteKey{m.Minute, m.Channel}
		if p.minutes[k] == nil {
			p.minutes[k] = map[Part]Minute{}
		}
		if p.minutes[k][n.Part] != m {
			p.minutes[k][n.Part] = m
			t.minute(k)
		}
		if m.Minute > p.newest {
			p.newest = m.Minute
			p.dropOldMinutes()
		}
	}
}

func (p *Picture) dropOldMinutes() {
	oldest := p.newest.Add(-minutesKept + minuteLength)
	for k := range p.minutes {
		if k.minute < oldest {
			delete(p.minutes, k)
		}
	}
}

func (p *Picture) applyFeed(n News, t *touched) {
	var fresh []FeedItem
	for _, item := range n.Feed {
		same := func(f FeedItem) bool { return f.ID == item.ID }
		if !slices.ContainsFunc(p.feed, same) && !slices.ContainsFunc(fresh, same) {
			fresh = append(fresh, item)
		}
	}
	if len(fresh) == 0 {
		return
	}
	slices.SortStableFunc(fresh, func(a, b FeedItem) int { return cmp.Compare(b.At, a.At) })
	fresh = fresh[:min(len(fresh), maxFeedPool)]
	p.feed = append(fresh, p.feed[:min(len(p.feed), maxFeedPool-len(fresh))]...)
	t.feed = len(fresh)
}

// Prune removes the alerts that ended too long ago and returns what that changed.
func (p *Picture) Prune(now touchpoint.Millis) touched {
	var t touched
	for id, held := range p.alerts {
		if !shown(&held.Alert, now) {
			delete(p.alerts, id)
			t.alert(id)
		}
	}
	return t
}

// minute sums the shares of all parts; a minute that nobody knows any more counts nothing.
func (p *Picture) minute(k minuteKey) Minute {
	sum := Minute{Minute: k.minute, Channel: k.channel}
	for _, share := range p.minutes[k] {
		sum.Total += share.Total
		sum.Negatives += share.Negatives
		sum.Recoveries += share.Recoveries
	}
	return sum
}
