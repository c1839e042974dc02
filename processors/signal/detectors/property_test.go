package detectors

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/settings"
)

// kinds are all kinds of touchpoints that leave marks, and some that do not.
var kinds = []touchpoint.Kind{
	touchpoint.PageView, touchpoint.ClickKind, touchpoint.ClickKind, touchpoint.ClickKind, touchpoint.FormStart, touchpoint.FormField,
	touchpoint.FormError, touchpoint.FormSubmit, touchpoint.PageLeave, touchpoint.ScriptError, touchpoint.RequestFailed,
	touchpoint.CheckoutFailed, touchpoint.Purchase, touchpoint.Search, touchpoint.PageSpeed, touchpoint.WebSurveyAnswer, touchpoint.ChatOpened,
	touchpoint.ChatCustomerMessage, touchpoint.ChatAgentMessage, touchpoint.ChatClosed, touchpoint.ChatHandover, touchpoint.ChatRating, touchpoint.SocialPost,
	touchpoint.SocialReview, touchpoint.SocialReply, touchpoint.SocialMention, touchpoint.SocialDirect, touchpoint.CallQueued, touchpoint.CallAnswered, touchpoint.CallHoldStart,
	touchpoint.CallHoldEnd, touchpoint.CallTransferred, touchpoint.CallTurn, touchpoint.CallEnded, touchpoint.CallSurvey, touchpoint.CallRecord,
}

// anything draws a touchpoint with few places, so that things meet, and with whatever a field may hold.
func anything(t *rapid.T, i int, span time.Duration) touchpoint.Touchpoint {
	word := func(label string, words ...string) string { return rapid.SampledFrom(words).Draw(t, label) }
	kind := rapid.SampledFrom(kinds).Draw(t, "kind")
	channel, _, _ := strings.Cut(string(kind), ".")
	tp := touchpoint.Touchpoint{
		ID: touchpoint.ID(fmt.Sprintf("t%03d", i)), Kind: kind, Channel: touchpoint.Channel(channel),
		OccurredAt: start + touchpoint.Millis(rapid.Int64Range(0, span.Milliseconds()/100).Draw(t, "at")*100),
		Place: touchpoint.Place{
			Page: word("page", "/cart", "/search", ""), Element: word("element", "button#pay", "a.next", ""), Form: word("form", "f", ""),
			Field: word("field", "name", "mail", ""), Queue: word("queue", "Billing", ""), Thread: word("thread", "1", "2", ""),
			Product: word("product", "", "", "order 1", "order 2"),
		},
		Duration: touchpoint.Millis(rapid.SampledFrom([]int64{0, 5000, 200_000, -7}).Draw(t, "duration")),
		Status:   rapid.SampledFrom([]int32{0, 404, 500}).Draw(t, "status"),
		Attrs: map[string]string{
			"outcome": word("outcome", "", "ok", "error", "resolved", "declined"), "reason": word("reason", "", "completed", "abandoned_queue", "abandoned_hold"),
			"role": word("role", "customer", "agent"), "wait_ms": word("wait", "", "400000", "x"), "holds": word("holds", "", "4"),
			"lcp_ms": word("lcp", "", "3000", "5000", "9000", "x"), "results": word("results", "", "0", "7"),
			"author": word("author", "", "bot"), "longest_silence_ms": word("silence", "", "25000"), "interruptions": word("interruptions", "", "9"),
			"reposts":   word("reposts", "", "400", "-1"),
			"direction": word("direction", "", "", "outbound"),
			"transfers": word("transfers", "", "3"), "previous_contact": word("previous", "", "1", "2"),
		},
	}
	if kind == touchpoint.ChatAgentMessage {
		tp.Text = word("said", "One moment please.", "You find that under My Account.", "")
	}
	if kind == touchpoint.Search {
		tp.Text = word("query", "boots", "boots red", "coats", "")
	}
	if kind == touchpoint.ClickKind {
		tp.Click = &touchpoint.Click{Outcome: word("click", "", "none", "mutation", "request", "navigation"), X: int32(rapid.IntRange(0, 60).Draw(t, "x"))}
	}
	if tp.FromCustomer() {
		tp.Mood = &touchpoint.Mood{
			Displeasure: float32(rapid.Float64Range(-1, 1).Draw(t, "displeasure")), Problem: float32(rapid.Float64Range(0, 1).Draw(t, "problem")),
			Intents: rapid.SampledFrom([][]string{nil, {"cancel"}, {"solved", "thanks"}, {"human", "urgent"}}).Draw(t, "intents"), Words: []string{"words"},
		}
		tp.Rating = rapid.SampledFrom([]*touchpoint.Rating{nil, {Metric: "nps", Score: 3, Max: 10}, {Metric: "stars", Score: 5, Min: 1, Max: 5}, {Metric: "csat", Score: 9, Min: 1, Max: 5}, {Metric: "stars", Score: 1, Min: 0, Max: 10}}).Draw(t, "rating")
	}
	return tp
}

// customer is what the fold keeps of one: windows and contributions.
type customer struct {
	detectors []signal.Detector
	windows   [][]signal.Mark
	signals   []signal.Signal
}

func newCustomer() *customer {
	all := shipped()
	return &customer{detectors: all, windows: make([][]signal.Mark, len(all))}
}

// see applies a touchpoint as the fold does.
func (c *customer) see(tp *touchpoint.Touchpoint, now touchpoint.Millis) {
	for i, d := range c.detectors {
		fresh := false
		for _, m := range d.Observe(nil, tp) {
			var added bool
			c.windows[i], added = signal.Insert(c.windows[i], m)
			fresh = fresh || added
		}
		if fresh {
			c.judge(i, now)
		}
	}
}

func (c *customer) judge(i int, now touchpoint.Millis) (wake touchpoint.Millis) {
	d := c.detectors[i]
	var floor touchpoint.Millis
	c.windows[i], floor = signal.Prune(c.windows[i], d.Bounds(), 0)
	found, wake := d.Detect(c.windows[i], now)
	c.signals = slices.DeleteFunc(c.signals, func(g signal.Signal) bool { return g.Family == d.Family() && g.First >= floor })
	c.signals = append(c.signals, found...)
	slices.SortFunc(c.signals, func(a, b signal.Signal) int { return strings.Compare(a.ID(), b.ID()) })
	return wake
}

// finish lets time pass until now.
func (c *customer) finish(now touchpoint.Millis) []signal.Signal {
	for i := range c.detectors {
		if len(c.windows[i]) > 0 {
			c.judge(i, now)
		}
	}
	return c.signals
}

func orderDoesNotMatter(t *rapid.T) {
	var points []touchpoint.Touchpoint
	for i := range rapid.IntRange(1, 40).Draw(t, "n") {
		points = append(points, anything(t, i, 3*time.Minute))
	}
	now := start + touchpoint.Millis(rapid.Int64Range(0, 3_600_000).Draw(t, "now"))
	first := newCustomer()
	for i := range points {
		first.see(&points[i], 0)
	}
	second := newCustomer()
	again := append(slices.Clone(points), points[:len(points)/2]...)
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	r.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
	for i := range again {
		second.see(&again[i], now)
	}
	a, b := first.finish(now), second.finish(now)
	if len(a)+len(b) > 0 && !reflect.DeepEqual(a, b) {
		t.Fatalf("in order: %+v\nshuffled: %+v", a, b)
	}
}

func TestTheOrderOfArrivalDoesNotMatter(t *testing.T) { rapid.Check(t, orderDoesNotMatter) }

func FuzzOrder(f *testing.F) { f.Fuzz(rapid.MakeFuzz(orderDoesNotMatter)) }

// names are all signals there are.
var names = []string{
	"rage_click", "dead_click", "error_click", "failed_request", "checkout_failed", "form_struggle", "form_abandoned",
	"negative_text", "problem_report", "churn_threat", "mood_turn", "calmed_down", "long_wait", "long_hold", "many_transfers", "abandoned_call", "hang_up_on_hold",
	"failure_exit", "script_error", "u_turn", "page_loop", "payment_declined", "slow_page", "fruitless_search",
	"bot_loop", "handed_over", "dead_air", "interrupted",
	"unhappy_loyal", "silent_customer", "public_complaint", "unanswered_mention", "company_replied", "called_back", "short_call", "closed_unanswered", "agent_silence", "answer_due",
	"unanswered_call", "asks_for_human", "urgent_request",
	"unanswered_chat", "repeat_contact", "detractor", "low_csat", "low_ces", "low_stars", "good_rating", "problem_solved", "purchase",
}

func TestEverySignalIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/signals.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.Contains(string(doc), "\n### "+name+" ·") && !strings.Contains(string(doc), "\n| "+name+" |") {
			t.Errorf("docs/signals.md says nothing about %s", name)
		}
		if !strings.Contains(string(settings.DefaultYAML), "\n  "+name+":\n") {
			t.Errorf("signals.yaml has no %s", name)
		}
	}
}

func signalsAreWellFormed(t *rapid.T) {
	var points []touchpoint.Touchpoint
	span := rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, 10 * 24 * time.Hour}).Draw(t, "span")
	for i := range rapid.IntRange(1, 150).Draw(t, "n") {
		points = append(points, anything(t, i, span))
	}
	now := start + touchpoint.Millis(rapid.Int64Range(0, 20*24*3_600_000).Draw(t, "now"))
	for _, d := range shipped() {
		var marks []signal.Mark
		for i := range points {
			for _, m := range d.Observe(nil, &points[i]) {
				marks, _ = signal.Insert(marks, m)
			}
			marks, _ = signal.Prune(marks, d.Bounds(), 0)
			if most := d.Bounds().Most; len(marks) > most {
				t.Fatalf("%s: %d marks, at most %d are wanted", d.Family(), len(marks), most)
			}
		}
		before := slices.Clone(marks)
		found, wake := d.Detect(marks, now)
		if !reflect.DeepEqual(before, marks) {
			t.Fatalf("%s changes the marks", d.Family())
		}
		if wake != 0 && wake <= now {
			t.Fatalf("%s wants to be woken at %d, which is not after %d", d.Family(), wake, now)
		}
		seen := map[string]bool{}
		for i := range found {
			check(t, d, &found[i], marks, seen)
		}
	}
}

func check(t *rapid.T, d signal.Detector, g *signal.Signal, marks []signal.Mark, seen map[string]bool) {
	begins := slices.ContainsFunc(marks, func(m signal.Mark) bool { return m.At == g.First })
	switch {
	case !slices.Contains(names, g.Name):
		t.Fatalf("%s: an unknown name: %+v", d.Family(), g)
	case g.Family != d.Family() || g.Channel == "" || g.Episode == "" || g.Reason == "" || (g.Weight == 0) != (g.Name == "answer_due" || g.Name == "urgent_request") || g.Half <= 0:
		t.Fatalf("%s: something is missing: %+v", d.Family(), g)
	case !begins || g.At < g.First:
		t.Fatalf("%s: begins at no mark, or ends before it begins: %+v", d.Family(), g)
	case len(g.Evidence) == 0 || len(g.Evidence) > signal.MaxEvidence || len(g.Places) > signal.MaxPlaces:
		t.Fatalf("%s: too much or too little evidence: %+v", d.Family(), g)
	case seen[g.ID()]:
		t.Fatalf("%s: twice: %+v", d.Family(), g)
	}
	seen[g.ID()] = true
}

func TestSignalsAreWellFormed(t *testing.T) { rapid.Check(t, signalsAreWellFormed) }

func TestFamiliesAreSortedAndDifferent(t *testing.T) {
	all := shipped()
	for i := 1; i < len(all); i++ {
		if all[i-1].Family() >= all[i].Family() {
			t.Errorf("%s before %s", all[i-1].Family(), all[i].Family())
		}
	}
}
