package desk

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"touchwatch/alerts/alert"
	"touchwatch/alerts/rule"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/episode"
	"touchwatch/processors/place"
	"touchwatch/processors/signal"
)

// start is an arbitrary moment.
const start touchpoint.Millis = 1_800_000_000_000

// shipped are the shipped rules, each on its own: none is part of another.
func shipped(t testing.TB) *rule.Set {
	return rules(t, regexp.MustCompile(`(?m)^ *part_of:.*\n`).ReplaceAllString(string(rule.DefaultYAML()), ""))
}

func rules(t testing.TB, content string) *rule.Set {
	t.Helper()
	set, err := rule.Parse("test.yaml", []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func bad(name string, channel touchpoint.Channel, points int, at touchpoint.Millis) signal.Signal {
	id := touchpoint.ID(fmt.Sprintf("%s:%s-%d", channel, name, at))
	return signal.Signal{
		Name: name, Family: name, Episode: string(id), First: at, At: at, Weight: int32(-points * 100), Half: 6 * 3600, Channel: channel,
		Evidence: []touchpoint.ID{id}, Reason: "the line of " + name,
	}
}

// jane is known, valued, and has had trouble on two channels.
func jane() *customer.State {
	return &customer.State{
		ID: "cus/1", Now: start, Language: "nl",
		Profile: touchpoint.Profile{Name: "Jane Roe", Segment: "vip", Value: 7000, Owner: "kim", Relationship: "customer"},
		Aliases: []touchpoint.Alias{{Kind: "id", Value: "cus/1"}, {Kind: "email", Value: "j@x.org"}, {Kind: "phone", Value: "+4912345678"}, {Kind: "cookie", Value: "c"}},
		Signals: []signal.Signal{bad("checkout_failed", "website", 25, start-60_000), bad("long_wait", "call", 50, start-1000)},
	}
}

func read(t *testing.T, changes []episode.Change) []alert.Alert {
	t.Helper()
	var all []alert.Alert
	for _, c := range changes {
		var a alert.Alert
		if err := json.Unmarshal(c.Body, &a); err != nil {
			t.Fatal(err)
		}
		if a.ID != c.Alert || a.UpdatedAt != c.At || (a.Phase == episode.Resolved) != c.Over {
			t.Errorf("envelope %s %v %v around %s %v %v", c.Alert, c.At, c.Over, a.ID, a.UpdatedAt, a.Phase)
		}
		all = append(all, a)
	}
	return all
}

func phases(all []alert.Alert) string {
	var b strings.Builder
	for _, a := range all {
		fmt.Fprintf(&b, "%s=%s ", a.Rule, a.Phase)
	}
	return strings.TrimSpace(b.String())
}

func TestAlertSaysWhomItIsAboutAndWhy(t *testing.T) {
	s := jane()
	changes, wake := Customers(shipped(t)).Watch(s, nil)
	all := read(t, changes)
	if got := phases(all); got != "score_low=firing two_bad_channels=firing valued_customer_upset=firing" {
		t.Fatalf("alerts %s", got)
	}
	if want := (start - 60_000).Add(4 * time.Hour); wake != want {
		t.Errorf("wakes at %v, want when the first evidence leaves the first window, %v", wake, want)
	}
	a := all[1]
	evidence := []alert.Evidence{
		{Touchpoint: "website:checkout_failed-1799999940000", Channel: "website", At: start - 60_000, Signal: "checkout_failed", Reason: "the line of checkout_failed"},
		{Touchpoint: "call:long_wait-1799999999000", Channel: "call", At: start - 1000, Signal: "long_wait", Reason: "the line of long_wait"},
	}
	if !slices.Equal(a.Evidence, evidence) {
		t.Errorf("evidence %+v", a.Evidence)
	}
	want := alert.Subject{
		Kind: "customer", ID: "cus/1", Name: "Jane Roe", Segment: "vip", Value: 7000, Owner: "kim", Language: "nl", Relationship: "customer",
		Reach: []touchpoint.Alias{{Kind: "email", Value: "j@x.org"}, {Kind: "phone", Value: "+4912345678"}}, Link: "/customers/cus%2F1",
	}
	if fmt.Sprint(a.Subject) != fmt.Sprint(want) {
		t.Errorf("subject %+v, want %+v", a.Subject, want)
	}
	if a.Reason != "Jane Roe, score 25, has had trouble on call and website. call: the line of long_wait; website: the line of checkout_failed" {
		t.Errorf("reason %q", a.Reason)
	}
	if a.Version != 1 || a.Score != 25.05 || len(a.Channels) != 2 || a.Severity != "high" || a.Title != "Trouble on several channels" ||
		a.Labels["team"] != "support" || a.RuleVersion == "" || a.Since != start || a.Late || a.Affected != 0 {
		t.Errorf("alert %+v", a)
	}
	if len(s.Episodes) != 3 || s.Episodes[0].Rule != "score_low" || s.Episodes[2].Rule != "valued_customer_upset" {
		t.Errorf("episodes %+v", s.Episodes)
	}
}

func TestOneCustomersTroubleIsOneAlert(t *testing.T) {
	w := Customers(rules(t, string(rule.DefaultYAML())))
	s := jane()
	s.Signals[1].Weight = -900 // a score of 66
	tell := func(at touchpoint.Millis, act *timeline.ActionBody) string {
		s.Now = at
		changes, _ := w.Watch(s, act)
		var all []string
		for _, a := range read(t, changes) {
			all = append(all, strings.TrimRight(a.Rule+"="+string(a.Phase)+" "+a.Outcome, " "))
		}
		return strings.Join(all, ", ")
	}
	if got := tell(start, nil); got != "valued_customer_upset=firing" {
		t.Errorf("at first: %s", got)
	}
	s.Signals = append(s.Signals, bad("churn_threat", "chat", 40, start+1000))
	if got := tell(start+1000, nil); got != "churn_threat=firing, valued_customer_upset=resolved merged" {
		t.Errorf("when it gets worse: %s", got)
	}
	threat := episode.Find(s.Episodes, "churn_threat").Alert
	if got := tell(start+2000, &timeline.ActionBody{Verb: "resolve", Alert: threat, By: "kim"}); got != "churn_threat=resolved handled" {
		t.Errorf("when somebody has dealt with it: %s", got)
	}
	if got := tell(start+3000, nil); got != "" {
		t.Errorf("what was dealt with comes back as %s", got)
	}
	s.Signals = append(s.Signals, bad("hang_up_on_hold", "call", 16, start+10_000))
	if got := tell(start+10_000, nil); got != "valued_customer_upset=firing" {
		t.Errorf("when something new happens within the cool-down of the other: %s", got)
	}
}

func TestWhatSomebodyHasTakenStaysTheirs(t *testing.T) {
	w := Customers(rules(t, string(rule.DefaultYAML())))
	s := jane()
	s.Profile.Value, s.Signals[1].Weight = 0, -900
	w.Watch(s, nil)
	two := episode.Find(s.Episodes, "two_bad_channels").Alert
	w.Watch(s, &timeline.ActionBody{Verb: "acknowledge", Alert: two, By: "kim"})
	s.Now = start + 1000
	s.Signals = append(s.Signals, bad("negative_text", "chat", 40, s.Now))
	changes, _ := w.Watch(s, nil)
	if got := phases(read(t, changes)); got != "two_bad_channels=acknowledged" {
		t.Errorf("told %s", got)
	}
}

func TestNothingIsToldTwice(t *testing.T) {
	w := Customers(shipped(t))
	s := jane()
	w.Watch(s, nil)
	if again, _ := w.Watch(s, nil); len(again) != 0 {
		t.Errorf("told again: %s", phases(read(t, again)))
	}
}

func TestAlertKeepsItsReasonAndEvidenceWhenItEnds(t *testing.T) {
	w := Customers(shipped(t))
	s := jane()
	changes, _ := w.Watch(s, nil)
	fired := read(t, changes)[1]
	s.Now = start.Add(25 * time.Hour)
	changes, _ = w.Watch(s, nil)
	all := read(t, changes)
	if got := phases(all); got != "score_low=resolved two_bad_channels=resolved valued_customer_upset=resolved" {
		t.Fatalf("alerts %s", got)
	}
	ended := all[1]
	if ended.Reason != fired.Reason || ended.Outcome != "recovered" || ended.Version != 2 || len(ended.Evidence) != 2 || ended.Evidence[0].Signal == "" {
		t.Errorf("ended as %+v", ended)
	}
	s.Signals = nil
	if s.Episodes[1].Phase = episode.Firing; true {
		changes, _ = w.Watch(s, nil)
	}
	if bare := read(t, changes)[0]; len(bare.Evidence) != 2 || bare.Evidence[1].Touchpoint != fired.Evidence[1].Touchpoint {
		t.Errorf("without its signals the alert shows %+v", bare.Evidence)
	}
}

func TestPersonsActionReachesItsAlertOnly(t *testing.T) {
	w := Customers(shipped(t))
	s := jane()
	changes, _ := w.Watch(s, nil)
	id := changes[1].Alert
	s.Now = start.Add(time.Second)
	changes, _ = w.Watch(s, &timeline.ActionBody{Verb: "acknowledge", Alert: id, By: "kim", Note: "calling"})
	all := read(t, changes)
	if phases(all) != "two_bad_channels=acknowledged" || all[0].AcknowledgedBy != "kim" || all[0].Note != "calling" || all[0].Version != 2 || all[0].Reason == "" {
		t.Errorf("acknowledged as %+v", all)
	}
	changes, _ = w.Watch(s, &timeline.ActionBody{Verb: "resolve", Alert: id, By: "kim", Outcome: "false_alarm"})
	if all = read(t, changes); phases(all) != "two_bad_channels=resolved" || all[0].Outcome != "false_alarm" || len(all[0].Evidence) == 0 {
		t.Errorf("resolved as %+v", all)
	}
}

func TestQuietCustomerCostsNothing(t *testing.T) {
	w := Customers(shipped(t))
	s := &customer.State{ID: "cus_1", Now: start, Profile: touchpoint.Profile{Value: 1e6}}
	if changes, wake := w.Watch(s, nil); len(changes) != 0 || wake != 0 {
		t.Errorf("%v %v", changes, wake)
	}
	if n := testing.AllocsPerRun(100, func() { w.Watch(s, nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestRuleThatNeedsNoTroubleIsJudgedOnQuietCustomersToo(t *testing.T) {
	w := Customers(rules(t, `
rules:
  - {name: big, title: Big, subject: customer, when: value > 100, severity: info, text: "{{ value }}"}
  - {name: low, title: Low, subject: customer, when: score < 20, severity: info, text: "{{ score }}"}
`))
	s := &customer.State{ID: "cus_1", Now: start, Profile: touchpoint.Profile{Value: 200}}
	changes, _ := w.Watch(s, nil)
	if all := read(t, changes); phases(all) != "big=firing" || all[0].Evidence == nil {
		t.Errorf("alerts %+v", all)
	}
}

func TestAlertOfARemovedRuleEnds(t *testing.T) {
	s := jane()
	Customers(shipped(t)).Watch(s, nil)
	w := Customers(rules(t, "rules:\n  - {name: score_low, title: Low, subject: customer, when: score < 40, severity: info, text: x}"))
	changes, _ := w.Watch(s, nil)
	all := read(t, changes)
	if phases(all) != "two_bad_channels=resolved valued_customer_upset=resolved" || all[0].Outcome != rule.RuleRemoved || all[0].Version != 2 {
		t.Errorf("alerts %+v", all)
	}
	if len(s.Episodes) != 1 || s.Episodes[0].Phase != episode.Firing {
		t.Errorf("episodes %+v", s.Episodes)
	}
}

func TestStateThatWasStoredAndReadGivesTheSameAlerts(t *testing.T) {
	w := Customers(shipped(t))
	live, stored := jane(), jane()
	for _, after := range []time.Duration{0, time.Hour, 24 * time.Hour, 49 * time.Hour} {
		b, err := stored.MarshalMsg(nil)
		if err != nil {
			t.Fatal(err)
		}
		stored = new(customer.State)
		if _, err := stored.UnmarshalMsg(b); err != nil {
			t.Fatal(err)
		}
		live.Now, stored.Now = start.Add(after), start.Add(after)
		a, wakeA := w.Watch(live, nil)
		b2, wakeB := w.Watch(stored, nil)
		if fmt.Sprint(a) != fmt.Sprint(b2) || wakeA != wakeB {
			t.Errorf("after %v: %s and %s", after, phases(read(t, a)), phases(read(t, b2)))
		}
	}
}

func TestManyCustomersAtOnePageAreOneAlert(t *testing.T) {
	w := Places(shipped(t))
	s := &place.State{ID: "page:/checkout", Now: start}
	var told []alert.Alert
	for i := range 8 {
		s.Now = start.Add(time.Duration(i) * time.Second)
		s.Hits = append(s.Hits, place.Hit{
			Customer: touchpoint.CustomerID(fmt.Sprint("cus_", i)), Signal: "failed_request", Channel: "website", At: s.Now, Reason: "the server failed (503)",
		})
		changes, _ := w.Watch(s, nil)
		told = append(told, read(t, changes)...)
	}
	if phases(told) != "broken_page=firing broken_page=firing" {
		t.Fatalf("alerts %s", phases(told))
	}
	a := told[1]
	if a.Affected != 7 || a.Score != -1 || a.Subject.Link != "/places/page:%2Fcheckout" || a.Subject.Name != "/checkout" || len(a.Evidence) != 7 ||
		a.Evidence[0].Customer != "cus_0" || len(a.Channels) != 1 || a.Version != 2 || a.Route != "oncall" {
		t.Errorf("alert %+v", a)
	}
	if a.Reason != "7 customers failed on /checkout within 10 minutes, the latest: the server failed (503)" {
		t.Errorf("reason %q", a.Reason)
	}
	_, wake := w.Watch(s, nil)
	for range 20 {
		if wake == 0 {
			break
		}
		s.Now = wake
		var changes []episode.Change
		changes, wake = w.Watch(s, nil)
		told = append(told, read(t, changes)...)
	}
	last := told[len(told)-1]
	if len(told) != 3 || last.Phase != episode.Resolved || last.UpdatedAt != start.Add(10*time.Minute+6*time.Second) || last.Affected != 7 || len(last.Evidence) == 0 {
		t.Errorf("ended as %+v", last)
	}
}

func BenchmarkWatchQuietCustomer(b *testing.B) {
	w := Customers(shipped(b))
	s := &customer.State{ID: "cus_1", Now: start}
	b.ReportAllocs()
	for b.Loop() {
		w.Watch(s, nil)
	}
}

func BenchmarkWatchCustomerWithOpenAlerts(b *testing.B) {
	w := Customers(shipped(b))
	s := jane()
	w.Watch(s, nil)
	b.ReportAllocs()
	for b.Loop() {
		w.Watch(s, nil)
	}
}
