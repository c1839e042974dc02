package customer_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/detectors"
	"touchwatch/processors/signal/settings"
)

// begin is when the histories of the tests begin.
const begin touchpoint.Millis = 1_762_160_000_000

// Kinds of touchpoint: of a page, whose detectors look back a minute or so, and of conversations, which last longer.
var (
	onPages = []touchpoint.Kind{
		touchpoint.ClickKind, touchpoint.ClickKind, touchpoint.ScriptError, touchpoint.RequestFailed, touchpoint.CheckoutFailed, touchpoint.FormStart, touchpoint.FormField,
		touchpoint.FormError, touchpoint.FormSubmit, touchpoint.PageLeave,
	}
	inTalks = []touchpoint.Kind{
		touchpoint.ChatCustomerMessage, touchpoint.ChatAgentMessage, touchpoint.ChatClosed, touchpoint.ChatRating, touchpoint.CallQueued, touchpoint.CallAnswered, touchpoint.CallHoldStart,
		touchpoint.CallHoldEnd, touchpoint.CallTransferred, touchpoint.CallEnded, touchpoint.SocialPost, touchpoint.SocialReview, touchpoint.Purchase,
	}
)

// happening draws one touchpoint of the kinds, within the first span.
func happening(t *rapid.T, i int, kinds []touchpoint.Kind, span time.Duration) touchpoint.Touchpoint {
	tp := touchpoint.Touchpoint{ID: touchpoint.ID(fmt.Sprintf("t%d", i)), Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
	tp.OccurredAt = begin + touchpoint.Millis(rapid.IntRange(0, int(span.Milliseconds())).Draw(t, "ms"))
	thread := fmt.Sprintf("th%d", rapid.IntRange(0, 2).Draw(t, "thread"))
	switch tp.Kind {
	case touchpoint.ClickKind:
		tp.Channel, tp.Click = touchpoint.Website, &touchpoint.Click{X: 10, Y: 20, Outcome: "none"}
		tp.Place = touchpoint.Place{Page: "/checkout", Element: "button#pay", ViewID: "v1"}
	case touchpoint.ScriptError, touchpoint.RequestFailed, touchpoint.CheckoutFailed, touchpoint.Purchase, touchpoint.FormStart, touchpoint.FormField, touchpoint.FormError, touchpoint.FormSubmit, touchpoint.PageLeave:
		tp.Channel, tp.Status, tp.Amount = touchpoint.Website, 502, 10
		tp.Place = touchpoint.Place{Page: "/checkout", Form: "pay", Field: "iban", ViewID: "v1"}
	case touchpoint.ChatCustomerMessage, touchpoint.ChatAgentMessage, touchpoint.ChatClosed:
		tp.Channel, tp.Place.Thread, tp.Text = touchpoint.Chat, thread, "hello"
	case touchpoint.SocialPost:
		tp.Channel, tp.Text = touchpoint.Social, "bad"
	case touchpoint.ChatRating, touchpoint.SocialReview:
		tp.Channel = touchpoint.Chat
		tp.Rating = &touchpoint.Rating{Metric: "csat", Score: float64(rapid.IntRange(1, 5).Draw(t, "rating")), Min: 1, Max: 5}
	default:
		tp.Channel, tp.Place.Thread = touchpoint.Call, thread
		tp.Duration = touchpoint.Millis(1000 * rapid.IntRange(0, 400).Draw(t, "duration"))
		tp.Attrs = map[string]string{"reason": rapid.SampledFrom([]string{"completed", "abandoned_queue", "abandoned_hold"}).Draw(t, "reason")}
	}
	if tp.FromCustomer() && tp.Text != "" {
		tp.Mood = &touchpoint.Mood{Displeasure: 0.8, Confidence: 1, Words: []string{"bad"}}
	}
	return tp
}

// live folds touchpoints in an order, and fires every timer that is due at the end.
func live(fold *customer.Fold, all []touchpoint.Touchpoint, order []int) *customer.State {
	s, fx := fold.New("cus_1"), keyed.NewEffects()
	received := begin + 6_300_000
	for _, i := range order {
		t := all[i]
		received++
		t.ReceivedAt = received
		fold.Fold(s, &timeline.Entry{Kind: timeline.Touchpoint, Subject: "cus_1", At: received, Touchpoint: &t}, fx)
	}
	end := begin + 7_200_000
	for s.WakeAt != 0 && s.WakeAt <= end {
		fold.Fold(s, &timeline.Entry{Kind: timeline.Timer, Subject: "cus_1", At: s.WakeAt, Timer: &timeline.TimerBody{Name: "wake", Due: s.WakeAt}}, fx)
	}
	return s
}

// prompt folds touchpoints in their order, and fires every timer before what happened after it was due, as when nothing is late.
func prompt(fold *customer.Fold, all []touchpoint.Touchpoint) *customer.State {
	s, fx := fold.New("cus_1"), keyed.NewEffects()
	fire := func(until touchpoint.Millis) {
		for s.WakeAt != 0 && s.WakeAt <= until {
			fold.Fold(s, &timeline.Entry{Kind: timeline.Timer, Subject: "cus_1", At: s.WakeAt, Timer: &timeline.TimerBody{Name: "wake", Due: s.WakeAt}}, fx)
		}
	}
	for i := range all {
		t := all[i]
		fire(t.OccurredAt - 1)
		t.ReceivedAt = t.OccurredAt
		fold.Fold(s, &timeline.Entry{Kind: timeline.Touchpoint, Subject: "cus_1", At: t.ReceivedAt, Touchpoint: &t}, fx)
	}
	fire(begin + 7_200_000)
	return s
}

// keepOf is the shortest window of the families.
func keepOf(all []signal.Detector, families ...string) time.Duration {
	least := time.Duration(math.MaxInt64)
	for _, d := range all {
		if len(families) == 0 || slices.Contains(families, d.Family()) {
			least = min(least, d.Bounds().Keep)
		}
	}
	return least
}

func TestTheOrderOfArrivalDoesNotChangeTheScore(t *testing.T) {
	all := detectors.New(settings.Default())
	fold := customer.NewFold(all, nil, customer.DefaultRetention)
	for name, scene := range map[string]struct {
		kinds []touchpoint.Kind
		span  time.Duration
	}{
		"everything within the shortest window": {append(slices.Clone(onPages), inTalks...), keepOf(all)},
		"conversations within their windows":    {inTalks, keepOf(all, "waiting", "mood", "repeat", "feedback", "recovery")},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { anyOrder(t, fold, scene.kinds, min(scene.span, 100*time.Minute)) })
		})
	}
}

// anyOrder folds a history in order and shuffled, and compares.
func anyOrder(t *rapid.T, fold *customer.Fold, kinds []touchpoint.Kind, span time.Duration) {
	n := rapid.IntRange(1, 20).Draw(t, "touchpoints")
	history := make([]touchpoint.Touchpoint, n)
	order := make([]int, n)
	for i := range history {
		history[i], order[i] = happening(t, i, kinds, span), i
	}
	want := live(fold, history, order)
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "shuffle"), 0))
	random.Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
	got := live(fold, history, order)
	at := begin + 7_200_000
	if got.Score(at) != want.Score(at) || (len(got.Signals)+len(want.Signals) > 0 && !reflect.DeepEqual(got.Signals, want.Signals)) {
		t.Fatalf("in order: %v\n%+v\nshuffled %v: %v\n%+v", want.Score(at), want.Signals, order, got.Score(at), got.Signals)
	}
}

func TestATimerFindsWhatItWasArmedForAfterALongBacklog(t *testing.T) {
	fold := customer.NewFold(detectors.New(settings.Default()), nil, customer.DefaultRetention)
	var history []touchpoint.Touchpoint
	for i, kind := range []touchpoint.Kind{touchpoint.RequestFailed, touchpoint.PageLeave, touchpoint.ClickKind} {
		history = append(history, touchpoint.Touchpoint{
			ID: touchpoint.ID(kind), Kind: kind, Channel: touchpoint.Website, Status: 502, OccurredAt: begin + touchpoint.Millis([]int{0, 2000, 6_000_000}[i]),
			Place: touchpoint.Place{Page: "/checkout", Element: "a#help", ViewID: "v1"}, Click: &touchpoint.Click{Outcome: "none"},
		})
	}
	got := live(fold, history, []int{0, 1, 2})
	if !slices.ContainsFunc(got.Signals, func(g signal.Signal) bool { return g.Name == "failure_exit" }) {
		t.Errorf("no failure_exit among %+v", got.Signals)
	}
}

func TestABacklogWhoseTimersFireAtItsEndGivesTheSameScore(t *testing.T) {
	fold := customer.NewFold(detectors.New(settings.Default()), nil, customer.DefaultRetention)
	rapid.Check(t, func(t *rapid.T) {
		history := make([]touchpoint.Touchpoint, rapid.IntRange(1, 20).Draw(t, "touchpoints"))
		order := make([]int, len(history))
		for i := range history {
			history[i], order[i] = happening(t, i, append(slices.Clone(onPages), inTalks...), 100*time.Minute), i
		}
		slices.SortFunc(history, func(a, b touchpoint.Touchpoint) int { return int(a.OccurredAt - b.OccurredAt) })
		want, got := prompt(fold, history), live(fold, history, order)
		at := begin + 7_200_000
		if got.Score(at) != want.Score(at) || (len(got.Signals)+len(want.Signals) > 0 && !reflect.DeepEqual(got.Signals, want.Signals)) {
			t.Fatalf("timers in between: %v\n%+v\nat the end: %v\n%+v", want.Score(at), want.Signals, got.Score(at), got.Signals)
		}
	})
}
