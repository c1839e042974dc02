package hub

import (
	"touchwatch/alerts/alert"
	"touchwatch/ingest/touchpoint"
)

// Part names who brings news: one partition of one stage, such as "customers/3". Whatever a part says about alerts, risk and
// minutes stays until the same part says something newer.
type Part string

// News is what one part has to tell. The hub keeps what it is given: the caller must not change it afterwards.
type News struct {
	Part     Part
	Alerts   []alert.Alert
	Risk     []RiskRow
	Minutes  []Minute // this part's share of a minute; the shares of all parts add up
	Feed     []FeedItem
	Progress *Progress // of this part; the picture's is the least of all. Its warnings count nothing
	Warnings *[]string // nil: they did not change
	// AllAlerts, AllRisk and AllMinutes say that the list is all there is: what the part said before and is absent is gone.
	AllAlerts, AllRisk, AllMinutes bool
}

// touched says which things of the picture changed, by their ids. What they are now stands in the picture, so one touched
// serves every subscription, and many of them merge into one.
type touched struct {
	alerts   map[string]struct{}
	risk     map[touchpoint.CustomerID]struct{}
	minutes  map[minuteKey]struct{}
	feed     int // how many of the newest feed items are new
	progress bool
}

type minuteKey struct {
	minute  touchpoint.Millis
	channel touchpoint.Channel
}

func (t *touched) alert(id string) {
	if t.alerts == nil {
		t.alerts = map[string]struct{}{}
	}
	t.alerts[id] = struct{}{}
}

func (t *touched) row(id touchpoint.CustomerID) {
	if t.risk == nil {
		t.risk = map[touchpoint.CustomerID]struct{}{}
	}
	t.risk[id] = struct{}{}
}

func (t *touched) minute(k minuteKey) {
	if t.minutes == nil {
		t.minutes = map[minuteKey]struct{}{}
	}
	t.minutes[k] = struct{}{}
}

// empty reports whether nothing changed.
func (t *touched) empty() bool {
	return len(t.alerts) == 0 && len(t.risk) == 0 && len(t.minutes) == 0 && t.feed == 0 && !t.progress
}

// merge adds what u touched after t.
func (t *touched) merge(u *touched) {
	for id := range u.alerts {
		t.alert(id)
	}
	for id := range u.risk {
		t.row(id)
	}
	for k := range u.minutes {
		t.minute(k)
	}
	t.feed = min(t.feed+u.feed, maxFeedPool)
	t.progress = t.progress || u.progress
}
