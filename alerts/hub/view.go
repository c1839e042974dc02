package hub

import (
	"slices"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/touchpoint"
)

// view is the picture as one subscription sees it. It remembers what its clients were shown, so that they also hear of
// what leaves their view: an alert whose severity changed, a row that was pushed out of the first 50.
type view struct {
	sub    *subscription
	alerts map[string]struct{}
	rows   map[touchpoint.CustomerID]struct{}
}

// newView returns the view of clients that were shown nothing yet.
func newView(sub *subscription) *view {
	return &view{sub: sub, alerts: map[string]struct{}{}, rows: map[touchpoint.CustomerID]struct{}{}}
}

// show notes that one of the clients is shown the picture as it is now, beside what others were shown before.
func (v *view) show(p *Picture) {
	for id, held := range p.alerts {
		if v.sub.matchAlert(&held.Alert) {
			v.alerts[id] = struct{}{}
		}
	}
	for _, row := range v.sub.topRows(p) {
		v.rows[row.Customer] = struct{}{}
	}
}

// snapshot renders the whole picture for a subscription.
func (s *subscription) snapshot(p *Picture) *Snapshot {
	out := &Snapshot{Alerts: []alert.Alert{}, Risk: []RiskRow{}, Minutes: []Minute{}, Feed: []FeedItem{}, Progress: Progress{Sources: []SourceProgress{}}}
	if s.topics[TopicAlerts] {
		all := p.sortedAlerts(s.matchAlert)
		out.Alerts = all[:min(len(all), shownAlerts)]
		out.AlertsOmitted = len(all) - len(out.Alerts) + p.omitted
	}
	out.Risk = append(out.Risk, s.topRows(p)...)
	if s.topics[TopicMinutes] {
		for k := range p.minutes {
			out.Minutes = append(out.Minutes, p.minute(k))
		}
		slices.SortFunc(out.Minutes, compareMinutes)
	}
	out.Feed = append(out.Feed, s.items(p.feed)...)
	if s.topics[TopicProgress] {
		out.Progress = p.Progress()
	}
	return out
}

// topRows returns the rows a client with this subscription is shown, lowest score first.
func (s *subscription) topRows(p *Picture) []RiskRow {
	var rows []RiskRow
	pool := p.rows()
	for i := range pool {
		if s.matchRow(&pool[i]) {
			if rows = append(rows, pool[i]); len(rows) == maxRisk {
				break
			}
		}
	}
	return rows
}

func (s *subscription) items(feed []FeedItem) []FeedItem {
	var items []FeedItem
	for i := range feed {
		if s.matchItem(&feed[i]) {
			if items = append(items, feed[i]); len(items) == maxFeed {
				break
			}
		}
	}
	return items
}

// delta renders what t touched and notes what the view's clients are shown from now on.
func (v *view) delta(p *Picture, t *touched) *Delta {
	out := v.sub.rest(p, t)
	for id := range t.alerts {
		_, before := v.alerts[id]
		held, ok := p.alerts[id]
		switch {
		case ok && v.sub.matchAlert(&held.Alert):
			out.Alerts = append(out.Alerts, held.Alert)
			v.alerts[id] = struct{}{}
		case before:
			out.GoneAlerts = append(out.GoneAlerts, id)
			delete(v.alerts, id)
		}
	}
	if len(t.risk) > 0 && v.sub.topics[TopicRisk] {
		v.deltaRows(p, t, out)
	}
	out.sort()
	return out
}

// deltaRows tells the rows that changed or moved up into the view, and those that left it.
func (v *view) deltaRows(p *Picture, t *touched, out *Delta) {
	now := make(map[touchpoint.CustomerID]struct{}, maxRisk)
	for _, row := range v.sub.topRows(p) {
		now[row.Customer] = struct{}{}
		_, before := v.rows[row.Customer]
		if _, changed := t.risk[row.Customer]; changed || !before {
			out.Risk = append(out.Risk, row)
		}
	}
	for id := range v.rows {
		if _, stays := now[id]; !stays {
			out.Risk = append(out.Risk, RiskRow{Customer: id, Channels: []touchpoint.Channel{}, Gone: true})
		}
	}
	v.rows = now
}

// catchUp renders what t touched for a client whose view is not known any more: whatever is not shown now is said to be gone,
// which a client that never saw it ignores. The rows at risk come whole.
func (s *subscription) catchUp(p *Picture, t *touched) *Delta {
	out := s.rest(p, t)
	if s.topics[TopicAlerts] {
		for id := range t.alerts {
			if held, ok := p.alerts[id]; ok && s.matchAlert(&held.Alert) {
				out.Alerts = append(out.Alerts, held.Alert)
			} else {
				out.GoneAlerts = append(out.GoneAlerts, id)
			}
		}
	}
	if s.topics[TopicRisk] && len(t.risk) > 0 {
		out.Risk = s.topRows(p)
		for id := range t.risk {
			if !slices.ContainsFunc(out.Risk, func(r RiskRow) bool { return r.Customer == id }) {
				out.Risk = append(out.Risk, RiskRow{Customer: id, Channels: []touchpoint.Channel{}, Gone: true})
			}
		}
	}
	out.sort()
	return out
}

// rest renders minutes, feed and progress, which need no memory of what was shown.
func (s *subscription) rest(p *Picture, t *touched) *Delta {
	out := &Delta{Feed: s.items(p.feed[:min(t.feed, len(p.feed))])}
	if s.topics[TopicMinutes] {
		for k := range t.minutes {
			out.Minutes = append(out.Minutes, p.minute(k))
		}
	}
	if t.progress && s.topics[TopicProgress] {
		progress := p.Progress()
		out.Progress = &progress
	}
	return out
}

// sort puts a delta in a stable order: maps have none.
func (d *Delta) sort() {
	slices.SortFunc(d.Alerts, func(a, b alert.Alert) int { return compareUrgency(&a, &b) })
	slices.Sort(d.GoneAlerts)
	slices.SortFunc(d.Risk, compareRows)
	slices.SortFunc(d.Minutes, compareMinutes)
}
