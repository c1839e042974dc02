package hub

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
)

const noon = touchpoint.Millis(1_700_000_000_000) / 60_000 * 60_000

func firing(id string, version int64, severity alert.Severity) alert.Alert {
	return alert.Alert{
		ID: id, Version: version, Severity: severity, Phase: episode.Firing, UpdatedAt: noon,
		Subject: alert.Subject{Kind: "customer", ID: "cus_" + id, Segment: "vip", Owner: "kim"},
	}
}

func resolved(id string, version int64, at touchpoint.Millis) alert.Alert {
	a := firing(id, version, alert.High)
	a.Phase, a.UpdatedAt = episode.Resolved, at
	return a
}

func row(customer string, score float64) RiskRow {
	return RiskRow{Customer: touchpoint.CustomerID(customer), Score: score, At: noon}
}

func everything(t *testing.T) *subscription {
	t.Helper()
	s, err := newSubscription(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAnOlderOrRepeatedAlertChangesNothing(t *testing.T) {
	p := NewPicture()
	p.Apply(News{Part: "a", Alerts: []alert.Alert{firing("x", 3, alert.High)}}, noon)
	for _, version := range []int64{1, 2, 3} {
		got := p.Apply(News{Part: "a", Alerts: []alert.Alert{firing("x", version, alert.Info)}}, noon)
		if !got.empty() {
			t.Errorf("version %d after 3 touched %v", version, got.alerts)
		}
	}
	if s := everything(t).snapshot(p); len(s.Alerts) != 1 || s.Alerts[0].Version != 3 {
		t.Errorf("snapshot has %+v, want version 3", s.Alerts)
	}
}

func TestWholeNewsReplacesWhatThatPartSaidAndNothingElse(t *testing.T) {
	p := NewPicture()
	p.Apply(News{Part: "a", Alerts: []alert.Alert{firing("x", 5, alert.High), firing("y", 1, alert.High)}, Risk: []RiskRow{row("1", 10), row("2", 20)}, Minutes: []Minute{{noon, "chat", 3, 1, 0}}}, noon)
	p.Apply(News{Part: "b", Alerts: []alert.Alert{firing("z", 1, alert.High)}, Risk: []RiskRow{row("3", 30)}, Minutes: []Minute{{noon, "chat", 4, 0, 2}}}, noon)
	touched := p.Apply(News{Part: "a", AllAlerts: true, AllRisk: true, AllMinutes: true, Alerts: []alert.Alert{firing("x", 4, alert.High)}, Risk: []RiskRow{row("2", 21)}}, noon)
	s := everything(t).snapshot(p)
	if len(s.Alerts) != 2 || s.Alerts[0].ID != "x" || s.Alerts[0].Version != 4 || s.Alerts[1].ID != "z" {
		t.Errorf("alerts %+v, want x at version 4 (the store was rewound) and z", s.Alerts)
	}
	if len(s.Risk) != 2 || s.Risk[0].Customer != "2" || s.Risk[0].Score != 21 || s.Risk[1].Customer != "3" {
		t.Errorf("risk %+v, want 2 and 3", s.Risk)
	}
	if len(s.Minutes) != 1 || s.Minutes[0].Total != 4 {
		t.Errorf("minutes %+v, want only b's share", s.Minutes)
	}
	if _, ok := touched.alerts["y"]; !ok {
		t.Error("nobody is told that y is gone")
	}
}

func TestMinutesOfPartsAddUpAndLaterOnesReplace(t *testing.T) {
	p := NewPicture()
	p.Apply(News{Part: "a", Minutes: []Minute{{noon, "chat", 3, 1, 0}}}, noon)
	p.Apply(News{Part: "b", Minutes: []Minute{{noon, "chat", 5, 2, 1}}}, noon)
	p.Apply(News{Part: "a", Minutes: []Minute{{noon, "chat", 4, 1, 0}}}, noon)
	if got, want := p.minute(minuteKey{noon, "chat"}), (Minute{noon, "chat", 9, 3, 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAnHourOfMinutesIsKept(t *testing.T) {
	p := NewPicture()
	for i := range 90 {
		at := noon.Add(time.Duration(i) * time.Minute)
		p.Apply(News{Part: "a", Minutes: []Minute{{at, "chat", 1, 0, 0}}}, at)
	}
	p.Apply(News{Part: "a", Minutes: []Minute{{noon, "chat", 1, 0, 0}}}, noon)
	minutes := everything(t).snapshot(p).Minutes
	if len(minutes) != 60 || minutes[0].Minute != noon.Add(30*time.Minute) {
		t.Errorf("%d minutes from %d, want 60 from %d", len(minutes), minutes[0].Minute, noon.Add(30*time.Minute))
	}
}

func TestEndedAlertsLeaveAfterAnHour(t *testing.T) {
	p := NewPicture()
	p.Apply(News{Part: "a", Alerts: []alert.Alert{resolved("x", 2, noon), firing("y", 1, alert.Info)}}, noon)
	if got := p.Prune(noon.Add(59 * time.Minute)); !got.empty() {
		t.Errorf("touched %v within the hour", got.alerts)
	}
	got := p.Prune(noon.Add(61 * time.Minute))
	if _, ok := got.alerts["x"]; !ok || len(got.alerts) != 1 {
		t.Errorf("touched %v, want x", got.alerts)
	}
}

func TestProgressIsTheLeastOfAllParts(t *testing.T) {
	p := NewPicture()
	p.Apply(News{Part: "a", Progress: &Progress{UpTo: 30, Sources: []SourceProgress{{"chat", 40}, {"call", 30}}}}, noon)
	p.Apply(News{Part: "b", Progress: &Progress{}}, noon)
	if got := p.Progress().UpTo; got != 0 {
		t.Errorf("up to %d while a part has not reported", got)
	}
	p.Apply(News{Part: "b", Progress: &Progress{UpTo: 20, Sources: []SourceProgress{{"chat", 20}, {"call", 50}}}}, noon)
	got := p.Progress()
	if got.UpTo != 20 || fmt.Sprint(got.Sources) != "[{call 30} {chat 20}]" {
		t.Errorf("got %+v", got)
	}
	p.Apply(News{Part: "b", Progress: &Progress{}}, noon)
	if got := p.Progress().UpTo; got != 20 {
		t.Errorf("up to %d after a new owner without news, want what was reached", got)
	}
}

func TestWarningsGoWithTheProgress(t *testing.T) {
	p := NewPicture()
	p.Apply(News{Part: "a", Progress: &Progress{UpTo: 30}}, noon)
	for i, c := range []struct {
		news   News
		told   bool
		stands []string
	}{
		{News{Warnings: &[]string{}}, false, nil},
		{News{Warnings: &[]string{"channel silent: chat"}}, true, []string{"channel silent: chat"}},
		{News{Warnings: &[]string{"channel silent: chat"}}, false, []string{"channel silent: chat"}},
		{News{Part: "a", Progress: &Progress{UpTo: 31}}, true, []string{"channel silent: chat"}},
		{News{Warnings: &[]string{}}, true, nil},
	} {
		touched := p.Apply(c.news, noon)
		if got := p.Progress(); touched.progress != c.told || !slices.Equal(got.Warnings, c.stands) || got.UpTo < 30 {
			t.Errorf("step %d: told %v, stands %+v; want %v, %q", i, touched.progress, got, c.told, c.stands)
		}
	}
}

func TestTheFeedKeepsTheNewestThirtyWithoutRepeats(t *testing.T) {
	p := NewPicture()
	for i := range 50 {
		item := FeedItem{ID: touchpoint.ID(fmt.Sprint(i)), At: noon + touchpoint.Millis(i)}
		p.Apply(News{Part: "a", Feed: []FeedItem{item, item}}, noon)
	}
	if got := p.Apply(News{Part: "a", Feed: []FeedItem{{ID: "49"}}}, noon); got.feed != 0 {
		t.Error("a repeat counts as new")
	}
	feed := everything(t).snapshot(p).Feed
	if len(feed) != 30 || feed[0].ID != "49" || feed[29].ID != "20" {
		t.Errorf("%d items from %s to %s", len(feed), feed[0].ID, feed[len(feed)-1].ID)
	}
}

func TestTooManyAlertsAreCountedNotHidden(t *testing.T) {
	p := NewPicture()
	var all []alert.Alert
	for i := range shownAlerts + 7 {
		all = append(all, firing(fmt.Sprint(i), 1, alert.Info))
	}
	all = append(all, firing("urgent", 1, alert.Critical))
	p.Apply(News{Part: "a", Alerts: all}, noon)
	s := everything(t).snapshot(p)
	if len(s.Alerts) != shownAlerts || s.AlertsOmitted != 8 || s.Alerts[0].ID != "urgent" {
		t.Errorf("%d alerts, %d omitted, first %s", len(s.Alerts), s.AlertsOmitted, s.Alerts[0].ID)
	}
}

func TestThePoolOfThoseAtRiskIsBoundedAndKeepsTheLowest(t *testing.T) {
	p := NewPicture()
	for i := range 3 * maxRiskPool {
		p.Apply(News{Part: "a", Risk: []RiskRow{row(fmt.Sprint(i), float64(3*maxRiskPool-i))}}, noon)
	}
	if n := len(p.rows()); n > 2*maxRiskPool || p.rows()[0].Customer != touchpoint.CustomerID(fmt.Sprint(3*maxRiskPool-1)) {
		t.Errorf("%d rows, first %s", n, p.rows()[0].Customer)
	}
}
