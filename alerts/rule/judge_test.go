package rule

import (
	"strings"
	"testing"
	"time"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
)

// start is an arbitrary moment.
const start touchpoint.Millis = 1_800_000_000_000

// bench judges one rule step by step, as a subject's state would.
type bench struct {
	t    *testing.T
	rule Rule
	ep   *episode.Episode
}

func (b *bench) at(after time.Duration, c Case) Verdict {
	c.Subject, c.Now = "cus_1", start.Add(after)
	if c.Holds == c.Over && !c.Holds {
		c.Over = true
	}
	v := b.rule.Judge(b.ep, c)
	if b.ep = nil; v.Keep {
		e := v.Episode
		b.ep = &e
	}
	return v
}

// want checks the step and phase that a judgement led to.
func (b *bench) want(v Verdict, step Step, phase episode.Phase, wake time.Duration) {
	b.t.Helper()
	var due touchpoint.Millis
	if wake != 0 {
		due = start.Add(wake)
	}
	if v.Step != step || (v.Keep && v.Episode.Phase != phase) || v.Wake != due {
		b.t.Errorf("step %q phase %q wake %v (%s), want %q %q %v", v.Step, v.Episode.Phase, v.Wake.Sub(start), v.Why, step, phase, wake)
	}
}

func holding(at ...time.Duration) Case {
	c := Case{Finding: Finding{Holds: true}}
	for _, a := range at {
		e := Evidence{Touchpoints: []touchpoint.ID{touchpoint.ID("t" + a.String())}}
		e.At = start.Add(a)
		c.Evidence = append(c.Evidence, e)
	}
	return c
}

func acted(c Case, verb, alert, outcome string) Case {
	c.Act = &timeline.ActionBody{Verb: verb, Alert: alert, By: "kim", Note: "on it", Outcome: outcome}
	return c
}

func TestAlertFiresAtOnceAndRecovers(t *testing.T) {
	b := &bench{t: t, rule: Rule{Name: "r", Cooldown: 30 * time.Minute, Severity: "high", Hash: "h1"}}
	b.want(b.at(0, Case{}), Stay, "", 0)
	fired := b.at(time.Second, holding(time.Second))
	b.want(fired, Fire, episode.Firing, 0)
	if e := fired.Episode; e.Version != 1 || e.Since != start.Add(time.Second) || e.RuleHash != "h1" || e.Severity != "high" || e.Late || e.Alert == "" {
		t.Errorf("fired as %+v", e)
	}
	b.want(b.at(2*time.Second, holding(time.Second)), Stay, episode.Firing, 0)
	over := b.at(time.Minute, Case{})
	b.want(over, Resolve, episode.Resolved, 0)
	if e := over.Episode; e.Version != 2 || e.Outcome != Recovered || e.Alert != fired.Episode.Alert {
		t.Errorf("ended as %+v", e)
	}
	b.want(b.at(2*time.Minute, Case{}), Rest, episode.Idle, 0)
	b.want(b.at(3*time.Minute, holding(3*time.Minute)), Stay, episode.Idle, 31*time.Minute)
	again := b.at(31*time.Minute, holding(3*time.Minute))
	b.want(again, Fire, episode.Firing, 0)
	if again.Episode.Alert == fired.Episode.Alert || again.Episode.Version != 1 || again.Episode.Late {
		t.Errorf("fired again as %+v", again.Episode)
	}
}

func TestEndedEpisodeIsForgottenAfterItsCooldown(t *testing.T) {
	b := &bench{t: t, rule: Rule{Name: "r", Cooldown: 30 * time.Minute}}
	b.at(0, holding(0))
	b.at(time.Minute, Case{})
	b.want(b.at(31*time.Minute, Case{}), Rest, episode.Idle, 0)
	v := b.at(36*time.Minute, Case{})
	b.want(v, Drop, "", 0)
	if v.Keep {
		t.Error("kept")
	}
}

func TestForMustPassWithoutABreak(t *testing.T) {
	b := &bench{t: t, rule: Rule{Name: "r", For: 2 * time.Minute}}
	b.want(b.at(0, holding(0)), Begin, episode.Pending, 2*time.Minute)
	b.want(b.at(time.Minute, Case{}), Drop, "", 0)
	b.want(b.at(2*time.Minute, holding(0)), Begin, episode.Pending, 4*time.Minute)
	b.want(b.at(3*time.Minute, holding(0)), Stay, episode.Pending, 4*time.Minute)
	fired := b.at(4*time.Minute, holding(0))
	b.want(fired, Fire, episode.Firing, 0)
	if fired.Episode.Since != start.Add(2*time.Minute) || fired.Episode.Version != 1 {
		t.Errorf("fired as %+v", fired.Episode)
	}
}

func TestWindowThatEndsBeforeForWakesEarlier(t *testing.T) {
	b := &bench{t: t, rule: Rule{Name: "r", For: 10 * time.Minute}}
	c := holding(0)
	c.Changes = start.Add(4 * time.Minute)
	b.want(b.at(0, c), Begin, episode.Pending, 4*time.Minute)
}

func TestResolveConditionDecidesWhileOpen(t *testing.T) {
	b := &bench{t: t, rule: Rule{Name: "r"}}
	b.at(0, holding(0))
	b.want(b.at(time.Minute, Case{Finding: Finding{Holds: false, Over: false, Changes: start.Add(time.Hour)}, ByTimer: true}), Resolve, episode.Resolved, time.Hour)

	b = &bench{t: t, rule: Rule{Name: "r"}}
	b.at(0, holding(0))
	v := b.rule.Judge(b.ep, Case{Subject: "cus_1", Now: start.Add(time.Minute), Finding: Finding{Holds: false, Over: false}})
	if v.Step != Stay || v.Episode.Phase != episode.Firing {
		t.Errorf("neither holds nor over: %+v", v)
	}
}

func TestPersonAcknowledgesAndResolves(t *testing.T) {
	b := &bench{t: t, rule: Rule{Name: "r", Cooldown: 30 * time.Minute}}
	id := b.at(0, holding(0)).Episode.Alert
	b.want(b.at(time.Second, acted(holding(0), "acknowledge", "alert_other", "")), Stay, episode.Firing, 0)
	b.want(b.at(time.Second, acted(holding(0), "dance", id, "")), Stay, episode.Firing, 0)
	ack := b.at(2*time.Second, acted(holding(0), "acknowledge", id, ""))
	b.want(ack, Acknowledge, episode.Acknowledged, 0)
	if ack.Episode.By != "kim" || ack.Episode.Note != "on it" || ack.Episode.Version != 2 {
		t.Errorf("acknowledged as %+v", ack.Episode)
	}
	b.want(b.at(3*time.Second, acted(holding(0), "acknowledge", id, "")), Stay, episode.Acknowledged, 0)
	done := b.at(time.Minute, acted(holding(0), "resolve", id, ""))
	b.want(done, Resolve, episode.Resolved, 0)
	if done.Episode.Outcome != Handled || done.Episode.Version != 3 {
		t.Errorf("resolved as %+v", done.Episode)
	}
	b.want(b.at(2*time.Minute, acted(holding(0), "resolve", id, "")), Stay, episode.Resolved, 0)
}

func TestOldTroubleStaysAwayAfterAPersonResolvedIt(t *testing.T) {
	b := &bench{t: t, rule: Rule{Name: "r", Cooldown: 30 * time.Minute}}
	id := b.at(0, holding(0)).Episode.Alert
	b.at(time.Minute, acted(holding(0), "resolve", id, FalseAlarm))
	b.want(b.at(2*time.Hour, holding(0)), Stay, episode.Resolved, 0)
	b.want(b.at(3*time.Hour, holding(0, 3*time.Hour)), Fire, episode.Firing, 0)
}

func TestNewTroubleInTheCooldownWaitsForItsEnd(t *testing.T) {
	b := &bench{t: t, rule: Rule{Name: "r", Cooldown: 30 * time.Minute}}
	id := b.at(0, holding(0)).Episode.Alert
	b.at(time.Minute, acted(holding(0), "resolve", id, ""))
	b.want(b.at(10*time.Minute, holding(0, 10*time.Minute)), Stay, episode.Resolved, 31*time.Minute)
	v := b.at(31*time.Minute, holding(0, 10*time.Minute))
	b.want(v, Fire, episode.Firing, 0)
	if v.Episode.Late {
		t.Error("late because of a cool-down")
	}
}

func TestConditionThatWasFalseOnceFiresAnewAfterAPersonResolved(t *testing.T) {
	b := &bench{t: t, rule: Rule{Name: "r", Cooldown: time.Minute}}
	id := b.at(0, holding(0)).Episode.Alert
	b.at(time.Second, acted(holding(0), "resolve", id, ""))
	b.want(b.at(2*time.Second, Case{}), Rest, episode.Idle, 0)
	b.want(b.at(2*time.Minute, holding(0)), Fire, episode.Firing, 0)
}

func TestActionAtTheMomentOfRecovery(t *testing.T) {
	b := &bench{t: t, rule: Rule{Name: "r"}}
	id := b.at(0, holding(0)).Episode.Alert
	v := b.at(time.Second, acted(Case{}, "acknowledge", id, ""))
	b.want(v, Resolve, episode.Resolved, 0)
	if v.Episode.Outcome != Recovered {
		t.Errorf("outcome %s", v.Episode.Outcome)
	}
}

func TestOpenAlertIsToldAgainWithNewEvidenceOnly(t *testing.T) {
	b := &bench{t: t, rule: Rule{Name: "r"}}
	first := b.at(0, holding(0))
	b.want(b.at(time.Second, holding(0)), Stay, episode.Firing, 0)
	grown := b.at(time.Minute, holding(0, time.Minute))
	b.want(grown, Grow, episode.Firing, 0)
	if grown.Episode.Version != 2 || grown.Episode.Alert != first.Episode.Alert || len(grown.Episode.Evidence) != 2 {
		t.Errorf("grown to %+v", grown.Episode)
	}
	b.want(b.at(2*time.Minute, holding(time.Minute)), Stay, episode.Firing, 0)
	longer := holding(time.Minute)
	longer.Evidence[0].Touchpoints = append(longer.Evidence[0].Touchpoints, "later")
	b.want(b.at(3*time.Minute, longer), Stay, episode.Firing, 0)
}

func TestCrowdIsToldAgainWhenItHasGrownByHalf(t *testing.T) {
	crowd := func(n int) Case { return Case{Finding: Finding{Holds: true}, Evidence: make([]Evidence, n)} }
	b := &bench{t: t, rule: Rule{Name: "r"}}
	told := []int{}
	for n := 5; n <= 40; n++ {
		if v := b.at(time.Duration(n)*time.Second, crowd(n)); v.Step.Told() {
			told = append(told, n)
		}
	}
	if len(told) != 6 || told[0] != 5 || told[1] != 7 || told[2] != 10 || told[5] != 33 {
		t.Errorf("told at %v", told)
	}
}

func TestLateMeansFoundInABacklog(t *testing.T) {
	late := func(r Rule, c Case) bool {
		b := &bench{t: t, rule: r}
		return b.at(time.Hour, c).Episode.Late
	}
	r := Rule{Name: "r"}
	if late(r, holding(0, 56*time.Minute)) {
		t.Error("late though the newest evidence is 4 minutes old")
	}
	if !late(r, holding(0, 54*time.Minute)) {
		t.Error("not late though the newest evidence is 6 minutes old")
	}
	timed := holding(0)
	timed.ByTimer = true
	if late(r, timed) {
		t.Error("late though a timer brought it about")
	}
	b := &bench{t: t, rule: Rule{Name: "r", For: 10 * time.Minute}}
	b.at(0, holding(0))
	if b.at(10*time.Minute, holding(0)).Episode.Late {
		t.Error("late because of the rule's own for")
	}
}

func TestSameMomentReopensTheSameAlertWithANewerVersion(t *testing.T) {
	b := &bench{t: t, rule: Rule{Name: "r"}}
	first := b.at(0, holding(0))
	b.at(0, Case{})
	again := b.at(0, holding(0))
	if again.Episode.Alert != first.Episode.Alert || again.Episode.Version != 3 {
		t.Errorf("again as %+v", again.Episode)
	}
}

func TestAlertIDsTellRulesSubjectsAndMomentsApart(t *testing.T) {
	ids := map[string]bool{
		alertID("a", "b", 1): true, alertID("b", "a", 1): true, alertID("a", "b", 2): true, alertID("ab", "", 1): true,
	}
	if len(ids) != 4 {
		t.Error("ids collide")
	}
	if id := alertID("a", "b", 1); id != alertID("a", "b", 1) || !strings.HasPrefix(id, "alert_") {
		t.Errorf("id %s", id)
	}
}
