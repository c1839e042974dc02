package detectors

import (
	"fmt"
	"testing"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/settings"
)

// day is a customer's day: a visit with a search, a form and some trouble, a call turn by turn, a chat, a mention, a rating and a purchase; 76 touchpoints.
func day() []touchpoint.Touchpoint {
	var all []touchpoint.Touchpoint
	at := start
	add := func(kind touchpoint.Kind, step int64, change func(*touchpoint.Touchpoint)) {
		at += touchpoint.Millis(step)
		tp := touchpoint.Touchpoint{
			ID: touchpoint.ID(fmt.Sprintf("website:evt-%08d", len(all))), Kind: kind, Channel: touchpoint.Website, OccurredAt: at,
			Place: touchpoint.Place{Page: "/shop/kettles", Element: "a#kettle", Campaign: "autumn"}, Attrs: map[string]string{},
		}
		if change != nil {
			change(&tp)
		}
		all = append(all, tp)
	}
	outcome := func(s string) func(*touchpoint.Touchpoint) {
		return func(tp *touchpoint.Touchpoint) { tp.Click = &touchpoint.Click{X: 10, Y: 20, Outcome: s} }
	}
	for range 12 {
		add(touchpoint.PageView, 20_000, nil)
		add(touchpoint.ClickKind, 8_000, outcome("navigation"))
	}
	for range 5 {
		add(touchpoint.ClickKind, 500, outcome("none"))
	}
	for _, query := range []string{"kettle", "kettle steel", "steel kettle 2 l"} {
		add(touchpoint.Search, 15_000, func(tp *touchpoint.Touchpoint) {
			tp.Text, tp.Place.Page, tp.Place.URL, tp.Attrs["results"] = query, "/search", "/search?q="+query, "4"
		})
	}
	add(touchpoint.PageSpeed, 2_000, func(tp *touchpoint.Touchpoint) { tp.Attrs["lcp_ms"] = "5200" })
	add(touchpoint.CheckoutFailed, 30_000, nil)
	for i := range 6 {
		add(touchpoint.FormField, 4_000, func(tp *touchpoint.Touchpoint) { tp.Place.Form, tp.Place.Field = "address", fmt.Sprint(i) })
	}
	call := func(tp *touchpoint.Touchpoint) {
		tp.Channel, tp.Place = touchpoint.Call, touchpoint.Place{Thread: "call-7f31", Queue: "Billing"}
	}
	for _, k := range []touchpoint.Kind{touchpoint.CallQueued, touchpoint.CallAnswered} {
		add(k, 60_000, call)
	}
	for i := range 10 {
		add(touchpoint.CallTurn, 9_000, func(tp *touchpoint.Touchpoint) {
			call(tp)
			tp.Duration, tp.Attrs["role"] = 7_000, [...]string{"customer", "agent"}[i%2]
			if i%2 == 0 {
				tp.Mood = &touchpoint.Mood{Displeasure: 0.1, Problem: 0.4}
			}
		})
	}
	for _, k := range []touchpoint.Kind{touchpoint.CallHoldStart, touchpoint.CallHoldEnd, touchpoint.CallEnded} {
		add(k, 60_000, call)
	}
	for i := range 17 {
		kind := touchpoint.ChatCustomerMessage
		if i%2 == 1 {
			kind = touchpoint.ChatAgentMessage
		}
		add(kind, 30_000, func(tp *touchpoint.Touchpoint) {
			tp.Channel, tp.Place = touchpoint.Chat, touchpoint.Place{Thread: "conv-4711", Queue: "Web"}
			tp.Mood = &touchpoint.Mood{Displeasure: 0.3, Problem: 0.2}
		})
	}
	add(touchpoint.SocialPost, 600_000, func(tp *touchpoint.Touchpoint) {
		tp.Channel, tp.Place = touchpoint.Social, touchpoint.Place{Thread: "post-1", Platform: "x"}
		tp.Mood = &touchpoint.Mood{Displeasure: 0.8, Words: []string{"still waiting"}}
	})
	add(touchpoint.SocialMention, 600_000, func(tp *touchpoint.Touchpoint) {
		tp.Channel, tp.Place, tp.Text = touchpoint.Social, touchpoint.Place{Thread: "post-2", Platform: "x"}, "@shop when do you open?"
		tp.Mood = &touchpoint.Mood{}
	})
	add(touchpoint.WebSurveyAnswer, 900_000, func(tp *touchpoint.Touchpoint) {
		tp.Rating = &touchpoint.Rating{Metric: "nps", Score: 4, Max: 10}
	})
	add(touchpoint.Purchase, 60_000, nil)
	return all
}

// BenchmarkDetectors is one touchpoint through all detectors, as the fold calls them, in the middle of a customer's day; then through each family
// alone. A timer that comes due is a judgement of its own.
func BenchmarkDetectors(b *testing.B) {
	all := New(settings.Default())
	points := day()
	b.Run("all", func(b *testing.B) {
		through(b, all, points)
		b.ReportMetric(float64(evening(all, points)), "B/windows")
	})
	for _, d := range all {
		b.Run(d.Family(), func(b *testing.B) {
			through(b, []signal.Detector{d}, points)
			b.ReportMetric(float64(evening([]signal.Detector{d}, points)), "B/windows")
		})
	}
}

// through lives through the day again and again.
func through(b *testing.B, detectors []signal.Detector, points []touchpoint.Touchpoint) {
	windows := make([][]signal.Mark, len(detectors))
	wakes := make([]touchpoint.Millis, len(detectors))
	bounds := make([]signal.Bounds, len(detectors))
	for k, d := range detectors {
		bounds[k] = d.Bounds()
	}
	var scratch [4]signal.Mark
	party := signal.Party{Segment: "vip"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tp := &points[i%len(points)]
		if i%len(points) == 0 {
			clear(windows)
			clear(wakes)
		}
		for k, d := range detectors {
			for wakes[k] != 0 && wakes[k] <= tp.OccurredAt { // the timer comes due before the touchpoint
				_, wakes[k] = signal.DetectFor(d, party, windows[k], wakes[k])
			}
			marks := d.Observe(scratch[:0], tp)
			if len(marks) == 0 {
				continue
			}
			news := false
			for _, m := range marks {
				var added bool
				windows[k], added = signal.Insert(windows[k], m)
				news = news || added
			}
			if !news {
				continue
			}
			windows[k], _ = signal.Prune(windows[k], bounds[k], wakes[k])
			_, wakes[k] = signal.DetectFor(d, party, windows[k], tp.OccurredAt)
		}
	}
}

// evening returns how many encoded bytes of marks a customer's state holds after these touchpoints.
func evening(detectors []signal.Detector, points []touchpoint.Touchpoint) (bytes int) {
	for _, d := range detectors {
		var marks []signal.Mark
		for i := range points {
			for _, m := range d.Observe(nil, &points[i]) {
				marks, _ = signal.Insert(marks, m)
			}
			marks, _ = signal.Prune(marks, d.Bounds(), 0)
		}
		for i := range marks {
			b, err := marks[i].MarshalMsg(nil)
			if err != nil {
				panic(err)
			}
			bytes += len(b)
		}
	}
	return bytes
}

// BenchmarkNothingToSee is a touchpoint that no family cares for, past all detectors.
func BenchmarkNothingToSee(b *testing.B) {
	detectors := New(settings.Default())
	tp := touchpoint.Touchpoint{
		ID: "kiosk:1", Kind: "kiosk.opened", Channel: "kiosk", OccurredAt: start, Place: touchpoint.Place{Page: "/start", Thread: "k-1"},
	}
	var scratch [4]signal.Mark
	b.ReportAllocs()
	for b.Loop() {
		for _, d := range detectors {
			if marks := d.Observe(scratch[:0], &tp); len(marks) > 0 {
				b.Fatal(d.Family(), marks)
			}
		}
	}
}
