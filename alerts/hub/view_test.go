package hub

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
)

// board is what a browser does with the protocol.
type board struct {
	alerts   map[string]alert.Alert
	risk     map[touchpoint.CustomerID]RiskRow
	minutes  map[minuteKey]Minute
	feed     []FeedItem
	progress Progress
}

func newBoard(s *Snapshot) *board {
	b := &board{alerts: map[string]alert.Alert{}, risk: map[touchpoint.CustomerID]RiskRow{}, minutes: map[minuteKey]Minute{}}
	b.apply(&Delta{Alerts: s.Alerts, Risk: s.Risk, Minutes: s.Minutes, Feed: s.Feed, Progress: &s.Progress})
	return b
}

func (b *board) apply(d *Delta) {
	for _, a := range d.Alerts {
		b.alerts[a.ID] = a
	}
	for _, id := range d.GoneAlerts {
		delete(b.alerts, id)
	}
	for _, r := range d.Risk {
		if delete(b.risk, r.Customer); !r.Gone {
			b.risk[r.Customer] = r
		}
	}
	for _, m := range d.Minutes {
		b.minutes[minuteKey{m.Minute, m.Channel}] = m
	}
	b.feed = append(slices.Clone(d.Feed), b.feed...)
	b.feed = b.feed[:min(len(b.feed), maxFeed)]
	if d.Progress != nil {
		b.progress = *d.Progress
	}
}

// render gives what the board shows in a form to compare.
func (b *board) render() string {
	var alerts []string
	for id, a := range b.alerts {
		alerts = append(alerts, fmt.Sprintf("%s@%d:%s", id, a.Version, a.Phase))
	}
	slices.Sort(alerts)
	var rows []RiskRow
	for _, r := range b.risk {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, compareRows)
	rows = rows[:min(len(rows), maxRisk)]
	out := fmt.Sprint(alerts, " risk")
	for _, r := range rows {
		out += fmt.Sprintf(" %s=%v", r.Customer, r.Score)
	}
	var minutes []Minute
	for _, m := range b.minutes {
		if m.Total != 0 {
			minutes = append(minutes, m)
		}
	}
	slices.SortFunc(minutes, compareMinutes)
	ids := ""
	for _, f := range b.feed {
		ids += " " + string(f.ID)
	}
	return fmt.Sprint(out, " minutes ", minutes, " feed", ids, " progress ", b.progress)
}

// randomNews makes news of a small world in which ids meet again and again.
func randomNews(rng *rand.Rand, step int) News {
	part := rng.IntN(3)
	n := News{Part: Part(fmt.Sprint(part)), AllAlerts: rng.IntN(12) == 0, AllRisk: rng.IntN(12) == 0, AllMinutes: rng.IntN(12) == 0}
	owned := func(size int) string { return fmt.Sprint(rng.IntN(size)*3 + part) } // an id belongs to one part
	segments := []string{"vip", "mass", ""}
	for range rng.IntN(3) {
		a := firing(owned(8), int64(step), alert.Severities[rng.IntN(4)])
		a.Subject.Segment = segments[rng.IntN(3)]
		if rng.IntN(3) == 0 {
			a.Phase = episode.Resolved
			a.UpdatedAt = noon - touchpoint.Millis(rng.IntN(2)*7_200_000)
		}
		n.Alerts = append(n.Alerts, a)
	}
	for range rng.IntN(8) {
		r := row(owned(40), float64(rng.IntN(1000))/10)
		r.Segment = segments[rng.IntN(3)]
		r.Gone = rng.IntN(4) == 0
		n.Risk = append(n.Risk, r)
	}
	for range rng.IntN(2) {
		n.Minutes = append(n.Minutes, Minute{noon - touchpoint.Millis(rng.IntN(5)*60_000), "chat", int64(step), 0, 0})
	}
	for i := range rng.IntN(3) {
		n.Feed = append(n.Feed, FeedItem{ID: touchpoint.ID(fmt.Sprint(step, "/", i)), Channel: []touchpoint.Channel{"chat", "call"}[rng.IntN(2)], At: noon + touchpoint.Millis(step)})
	}
	if rng.IntN(3) == 0 {
		n.Progress = &Progress{UpTo: touchpoint.Millis(step + 1), Sources: []SourceProgress{}}
	}
	return n
}

// Whoever applies snapshot and deltas, with or without a break, shows what a fresh snapshot shows: for any subscription.
func TestSnapshotPlusDeltasEqualsTheNextSnapshot(t *testing.T) {
	filters := []*Filter{nil, {Severities: []alert.Severity{alert.Critical}}, {Segments: []string{"vip"}}, {Channels: []touchpoint.Channel{"chat"}}, {Customer: "4"}}
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 7))
		for _, filter := range filters {
			sub, err := newSubscription(nil, filter)
			if err != nil {
				t.Fatal(err)
			}
			checkConvergence(t, rng, sub, fmt.Sprintf("seed %d filter %+v", seed, filter))
		}
	}
}

func checkConvergence(t *testing.T, rng *rand.Rand, sub *subscription, name string) {
	t.Helper()
	p, past := NewPicture(), newRing(16)
	v := newView(sub)
	v.show(p)
	live, away := newBoard(sub.snapshot(p)), newBoard(sub.snapshot(p))
	var awaySince int64
	for step := range 60 {
		var t1 touched
		for range 1 + rng.IntN(3) {
			t2 := p.Apply(randomNews(rng, step), noon)
			t1.merge(&t2)
		}
		past.add(t1)
		live.apply(v.delta(p, &t1))
		want := newBoard(sub.snapshot(p)).render()
		if got := live.render(); got != want {
			t.Fatalf("%s step %d live:\n got %s\nwant %s", name, step, got, want)
		}
		if rng.IntN(8) == 0 {
			if missed, ok := past.since(awaySince); ok {
				away.apply(sub.catchUp(p, &missed))
			} else {
				away = newBoard(sub.snapshot(p))
			}
			awaySince = past.last
			if got := away.render(); got != want {
				t.Fatalf("%s step %d resumed:\n got %s\nwant %s", name, step, got, want)
			}
		}
	}
}

func TestAFilterTellsWhatLeavesItsView(t *testing.T) {
	sub, err := newSubscription([]Topic{TopicAlerts}, &Filter{Severities: []alert.Severity{alert.Critical}})
	if err != nil {
		t.Fatal(err)
	}
	p, v := NewPicture(), newView(sub)
	t1 := p.Apply(News{Part: "a", Alerts: []alert.Alert{firing("x", 1, alert.Critical), firing("y", 1, alert.Info)}, Risk: []RiskRow{row("1", 2)}}, noon)
	if d := v.delta(p, &t1); len(d.Alerts) != 1 || d.Alerts[0].ID != "x" || d.Risk != nil {
		t.Errorf("got %+v, want x only", d)
	}
	t2 := p.Apply(News{Part: "a", Alerts: []alert.Alert{firing("x", 2, alert.High), firing("y", 2, alert.Info)}}, noon)
	if d := v.delta(p, &t2); len(d.Alerts) != 0 || fmt.Sprint(d.GoneAlerts) != "[x]" {
		t.Errorf("got %+v, want x gone and no word of y", d)
	}
}

func TestFiltersNarrowByWhatTheNewsCarries(t *testing.T) {
	a := firing("x", 1, alert.High)
	a.Channels = []touchpoint.Channel{"chat"}
	a.Labels = map[string]string{"team": "web"}
	place := alert.Alert{ID: "p", Severity: alert.High, Subject: alert.Subject{Kind: "place", ID: "page:/pay"}, Evidence: []alert.Evidence{{Customer: "cus_x", Channel: "website"}}}
	check := func(f Filter, customer, atPlace bool) {
		t.Helper()
		s, err := newSubscription(nil, &f)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.matchAlert(&a); got != customer {
			t.Errorf("%+v: customer's alert %v", f, got)
		}
		if got := s.matchAlert(&place); got != atPlace {
			t.Errorf("%+v: place's alert %v", f, got)
		}
	}
	check(Filter{}, true, true)
	check(Filter{Severities: []alert.Severity{alert.Info}}, false, false)
	check(Filter{Channels: []touchpoint.Channel{"chat"}}, true, false)
	check(Filter{Channels: []touchpoint.Channel{"website"}}, false, true)
	check(Filter{Segments: []string{"vip"}}, true, false)
	check(Filter{Owner: "kim"}, true, false)
	check(Filter{Owner: "lee"}, false, false)
	check(Filter{Customer: "cus_x"}, true, true)
	check(Filter{Customer: "cus_y"}, false, false)
	check(Filter{Labels: map[string]string{"team": "web"}}, true, false)
}

func TestAGapLargerThanTheRingIsNotFilled(t *testing.T) {
	r := newRing(4)
	for range 10 {
		r.add(touched{feed: 1})
	}
	for sequence, want := range map[int64]bool{10: true, 6: true, 5: false, 0: false, 11: false, -3: false} {
		if _, ok := r.since(sequence); ok != want {
			t.Errorf("since %d: %v, want %v", sequence, ok, want)
		}
	}
	if all, _ := r.since(7); all.feed != 3 {
		t.Errorf("missed %d, want 3", all.feed)
	}
}
