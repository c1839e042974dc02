package customer

import (
	"math"
	"strconv"
	"testing"
	"time"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
	"touchwatch/processors/keyed"
	"touchwatch/processors/signal"
)

const start touchpoint.Millis = 1_762_160_000_000

// grumble is a detector of the tests: every touchpoint with a text is worth −10 points, halved in an hour; a text "wait"
// is worth −40 more when a minute has passed.
type grumble struct{}

func (grumble) Family() string { return "grumble" }
func (grumble) Bounds() signal.Bounds {
	return signal.Bounds{Keep: time.Hour, Gap: time.Minute, Most: 20}
}

func (grumble) Observe(dst []signal.Mark, t *touchpoint.Touchpoint) []signal.Mark {
	if t.Text == "" {
		return dst
	}
	return append(dst, signal.Mark{At: t.OccurredAt, ID: t.ID, Channel: t.Channel, Note: t.Text})
}

func (grumble) Detect(marks []signal.Mark, now touchpoint.Millis) (found []signal.Signal, wake touchpoint.Millis) {
	for _, m := range marks {
		found = append(found, signal.Signal{
			Name: "grumble", Family: "grumble", Episode: string(m.ID), First: m.At, At: m.At, Weight: -1000, Half: 3600,
			Channel: m.Channel, Places: []string{"page:/x"}, Evidence: []touchpoint.ID{m.ID}, Reason: "said " + m.Note,
		})
		due := m.At.Add(time.Minute)
		if m.Note != "wait" {
			continue
		}
		if now >= due {
			found = append(found, signal.Signal{Name: "waited", Family: "grumble", Episode: string(m.ID), First: m.At, At: due, Weight: -4000, Half: 3600, Channel: m.Channel, Reason: "waited a minute"})
		} else {
			wake = soonest(wake, due)
		}
	}
	return found, wake
}

// lowScore is a watcher that fires below 50 and resolves above.
type lowScore struct{}

func (lowScore) Limits() []float64 { return []float64{50} }
func (lowScore) Watch(s *State, _ *timeline.ActionBody) ([]episode.Change, touchpoint.Millis) {
	low := s.Score(s.Now) < 50
	if low == (len(s.Episodes) == 1) {
		return nil, 0
	}
	if low {
		s.Episodes = []episode.Episode{{Rule: "low", Phase: episode.Firing}}
	} else {
		s.Episodes = nil
	}
	return []episode.Change{{Alert: "low", Over: !low, At: s.Now, Body: []byte(`{}`)}}, 0
}

// bench is one customer under a fold, with the timers that a runtime would fire.
type bench struct {
	t     *testing.T
	fold  *Fold
	state *State
	fx    *keyed.Effects
}

func newBench(t *testing.T) *bench {
	return &bench{t: t, fold: NewFold([]signal.Detector{grumble{}}, lowScore{}, DefaultRetention), state: &State{ID: "cus_1"}, fx: keyed.NewEffects()}
}

func (b *bench) say(id, text string, occurred, received touchpoint.Millis) {
	b.fx.Begin("cus_1", 0)
	b.fold.Fold(b.state, &timeline.Entry{Kind: timeline.Touchpoint, Subject: "cus_1", At: received, Touchpoint: &touchpoint.Touchpoint{
		ID: touchpoint.ID(id), Channel: touchpoint.Chat, Kind: touchpoint.ChatCustomerMessage, Text: text, OccurredAt: occurred, ReceivedAt: received,
	}}, b.fx)
}

// ring fires the armed wake timer.
func (b *bench) ring() {
	b.t.Helper()
	if b.state.WakeAt == 0 {
		b.t.Fatal("no timer is armed")
	}
	b.fire(timerWake, b.state.WakeAt)
}

func (b *bench) fire(name string, due touchpoint.Millis) {
	b.fx.Begin("cus_1", 0)
	b.fold.Fold(b.state, &timeline.Entry{Kind: timeline.Timer, Subject: "cus_1", At: due, Timer: &timeline.TimerBody{Name: name, Due: due}}, b.fx)
}

func TestContributionsAddUpToTheScore(t *testing.T) {
	b := newBench(t)
	for i := range 14 {
		b.say("m"+strconv.Itoa(i), "bad", start, start)
	}
	b.say("late", "bad", start.Add(time.Hour), start.Add(time.Hour))
	for _, at := range []touchpoint.Millis{start, start.Add(time.Hour), start.Add(5 * time.Hour), start.Add(100 * time.Hour)} {
		e := b.state.Explain(at)
		sum := e.Baseline
		for _, c := range e.Contributions {
			sum += c.Points
		}
		if math.Abs(sum-e.Score) > 1e-9 || e.Score != b.state.Score(at) {
			t.Errorf("at +%s: contributions add up to %v, score is %v", at.Sub(start), sum, e.Score)
		}
	}
	if s := b.state.Score(start); s != 0 {
		t.Errorf("14 grumbles: score %v, want 0", s)
	}
}

func TestHalfOfAContributionIsLeftAfterItsHalfLife(t *testing.T) {
	b := newBench(t)
	b.say("m1", "bad", start, start)
	for hours, want := range map[int]float64{0: 90, 1: 95, 2: 97.5, 3: 98.75} {
		if got := b.state.Score(start.Add(time.Duration(hours) * time.Hour)); got != want {
			t.Errorf("after %d h: got %v, want %v", hours, got, want)
		}
	}
}

func TestASendersRepeatCountsOnce(t *testing.T) {
	b := newBench(t)
	b.say("m1", "bad", start, start)
	b.say("m1", "bad", start, start.Add(time.Second))
	if b.state.Total != 1 || len(b.state.Signals) != 1 {
		t.Errorf("got %d touchpoints and %d signals, want one of each", b.state.Total, len(b.state.Signals))
	}
}

func TestATimerActsOnlyWhileItsArmingStands(t *testing.T) {
	b := newBench(t)
	b.say("m1", "wait", start, start)
	due := b.state.WakeAt
	if due != start.Add(time.Minute) {
		t.Fatalf("wake at %d, want a minute after the message", due)
	}
	b.fire(timerWake, due-1)
	if len(b.state.Signals) != 1 {
		t.Fatal("a timer that was never armed acted")
	}
	b.fire(timerWake, due)
	b.fire(timerWake, due)
	if len(b.state.Signals) != 2 {
		t.Fatalf("got %d signals, want grumble and waited once each", len(b.state.Signals))
	}
}

func TestAnotherChannelBeingAheadIsNoLackOfAnAnswer(t *testing.T) {
	b := newBench(t)
	b.say("m1", "wait", start, start)
	b.say("m2", "bad", start.Add(10*time.Minute), start.Add(10*time.Minute))
	if len(b.state.Signals) != 2 {
		t.Errorf("the minute was counted by a newer touchpoint instead of the timer: %d signals", len(b.state.Signals))
	}
}

func TestDecayResolvesAnAlertByATimer(t *testing.T) {
	b := newBench(t)
	for i := range 6 {
		b.say("m"+strconv.Itoa(i), "bad", start, start)
	}
	if len(b.state.Episodes) != 1 || !b.state.Ranked {
		t.Fatalf("score %v: want an alert and a place among those at risk", b.state.Score(start))
	}
	b.ring()
	if got := b.state.Score(b.state.Now); got < 50 || got > 50.1 || len(b.state.Episodes) != 0 {
		t.Errorf("first wake at score %v with %d episodes, want just above 50 and resolved", got, len(b.state.Episodes))
	}
	b.ring()
	if got := b.state.Score(b.state.Now); got < RiskLimit || got > RiskLimit+0.1 || b.state.Ranked {
		t.Errorf("second wake at score %v, ranked %v, want just above %d and off the list", got, b.state.Ranked, RiskLimit)
	}
	if b.state.WakeAt != 0 {
		t.Errorf("nothing is left to wait for, yet a timer stands at +%s", b.state.WakeAt.Sub(b.state.Now))
	}
}

func TestARecoveryThatWearsOffWakesBeforeTheScoreFalls(t *testing.T) {
	s := &State{Now: start, Signals: []signal.Signal{
		{Name: "detractor", At: start, Weight: -6000, Half: 30 * 24 * 3600},
		{Name: "purchase", At: start, Weight: 2000, Half: 3600},
	}}
	at := s.nextCrossing(start, []float64{50})
	if at == 0 || s.Score(at) >= 50 || s.Score(at-2000) < 50 {
		t.Errorf("crossing at +%s: score %v before, %v there", at.Sub(start), s.Score(at-2000), s.Score(at))
	}
}

func TestAPartyIsForgottenAfterItsRetention(t *testing.T) {
	b := newBench(t)
	b.state.ID = "anon_1"
	b.say("m1", "", start, start)
	due := b.state.ForgetAt
	if due != start.Add(DefaultRetention.Anonymous) {
		t.Fatalf("forget at +%s", due.Sub(start))
	}
	b.say("m2", "", start.Add(24*time.Hour), start.Add(24*time.Hour))
	b.fire(timerForget, due)
	if b.fx.Forgotten("cus_1") || b.state.ForgetAt != due.Add(24*time.Hour) {
		t.Fatalf("want another day for a party that came back, got forgotten=%v, forget at +%s", b.fx.Forgotten("cus_1"), b.state.ForgetAt.Sub(start))
	}
	b.fire(timerForget, b.state.ForgetAt)
	if !b.fx.Forgotten("cus_1") {
		t.Error("a party that stayed away is still known")
	}
}

func TestTheStoredFormKeepsEverything(t *testing.T) {
	b := newBench(t)
	b.say("m1", "wait", start, start)
	stored, err := Encode(nil, b.state)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(stored)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Encode(nil, back)
	if err != nil || string(again) != string(stored) {
		t.Errorf("a state changes when it is stored and read: %v", err)
	}
	if _, err := Decode([]byte{99}); err == nil {
		t.Error("a state of another version was read")
	}
}
