package rule

import (
	"strings"
	"testing"
	"time"

	"touchwatch/processors/signal"
)

func TestASeverityMayBeAChoiceAndOnlyRises(t *testing.T) {
	b := parse(t, strings.Replace(oneRule(`active("rage_click")`), "severity: high", `severity: 'score < 75 ? "high" : lasts("rage_click", 30) ? "warning" : "info"'`, 1)).Customers()
	r := b.Rules[0]
	if r.Severity != "info" {
		t.Errorf("the least is %s", r.Severity)
	}
	at := func(signals ...signal.Signal) Finding {
		look := b.Look(person(signals...), start)
		defer look.Close()
		f, err := look.Find(r, false)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if f := at(sig("rage_click", "website", -12, 10*time.Minute)); f.Severity != "info" || f.Changes != start.Add(20*time.Minute) {
		t.Errorf("at first %+v", f)
	}
	if f := at(sig("rage_click", "website", -12, 31*time.Minute)); f.Severity != "warning" {
		t.Errorf("after half an hour %+v", f)
	}
	worse := Case{Subject: "cus_1", Now: start, Finding: at(sig("rage_click", "website", -40, time.Minute))}
	if worse.Severity != "high" {
		t.Errorf("a score of 60: %+v", worse.Finding)
	}
	mild := worse
	mild.Severity = "info"
	v := r.Judge(nil, mild)
	if v.Step != Fire || v.Episode.Severity != "info" {
		t.Fatalf("fires %+v", v)
	}
	if v = r.Judge(&v.Episode, worse); v.Step != Grow || v.Episode.Severity != "high" || v.Episode.Version != 2 {
		t.Errorf("worse: %+v", v)
	}
	if v = r.Judge(&v.Episode, mild); v.Step != Stay || v.Episode.Severity != "high" {
		t.Errorf("better again: %+v", v)
	}
}

func TestASeverityThatIsNoneIsRefused(t *testing.T) {
	for severity, want := range map[string]string{
		`score < 75 ? "hihg" : "warning"`: `unknown severity "hihg": did you mean "high"?`,
		`score < 75 ? segment : "high"`:   "a severity is one of the words",
		`score < value ? "high" : "info"`: "score must be compared with a plain number",
		`scroe < 75 ? "high" : "info"`:    `unknown name "scroe"`,
	} {
		_, err := Parse("my.yaml", []byte(strings.Replace(oneRule("known"), "severity: high", "severity: '"+severity+"'", 1)))
		if err == nil || !strings.Contains(err.Error(), "rule r: severity: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", severity, err)
		}
	}
}
