package calibrate

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"touchwatch/alerts/rule"
	"touchwatch/processors/signal/detectors"
	"touchwatch/processors/signal/settings"
	"touchwatch/processors/signal/text"
)

// engine judges texts in all tests: making one takes longer than some of the worlds.
var engine = sync.OnceValue(text.Default)

// small is a world that is lived through within a second or two, with the shipped rules and settings.
func small(t *testing.T, seed uint64, share float64) Options {
	t.Helper()
	set, err := rule.Parse("default.yaml", rule.DefaultYAML())
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Seed: seed, Customers: 220, Share: share, Length: 12 * time.Hour, Rate: 25,
		Rules: set, Detectors: detectors.New(settings.Default()), Annotate: engine().Annotate,
	}
}

// TestShippedRulesCanBeTrusted fails when a change makes alerts clearly worse. The figures of docs/calibration.md are
// higher; a small world leaves more to chance.
func TestShippedRulesCanBeTrusted(t *testing.T) {
	t.Parallel()
	r := report(t, small(t, 5, 0.2))
	if r.LetDown < 8 || r.Overall.Alerts < 15 || r.Overall.Precision < 0.85 || r.Overall.Recall < 0.75 {
		t.Errorf("with every fifth customer in trouble:\n%s", written(t, r))
	}
	calm := report(t, small(t, 6, 0))
	if calm.Troubles != 0 || calm.Overall.FalsePerDay > 15 {
		t.Errorf("with nobody in trouble:\n%s", written(t, calm))
	}
}

func report(t *testing.T, o Options) *Report {
	t.Helper()
	r, err := people(o, 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func written(t *testing.T, r *Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTheSameSeedGivesTheSameReport(t *testing.T) {
	t.Parallel()
	o := small(t, 3, 0.1)
	o.Customers, o.Length = 40, 2*time.Hour
	var all [2][]byte
	for i := range all {
		r, err := Run(o, 20)
		if err != nil {
			t.Fatal(err)
		}
		if all[i], err = json.Marshal(r); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(all[0], all[1]) {
		t.Errorf("%s\n%s", all[0], all[1])
	}
}

func TestARuleThatCriesWolfIsFoundOut(t *testing.T) {
	t.Parallel()
	o := small(t, 3, 0.1)
	o.Customers, o.Length = 120, 6*time.Hour
	set, err := rule.Parse("own.yaml", []byte(`rules:
  - {name: anything, title: T, subject: customer, when: negatives_24h >= 1, severity: high, text: "{{ story }}"}
  - {name: nothing, title: T, subject: customer, when: score < 40 and value > 1e12, severity: high, text: "{{ story }}"}
  - {name: crowd, title: T, subject: place, when: customers(60) >= 1, severity: high, text: "{{ latest }}"}
`))
	if err != nil {
		t.Fatal(err)
	}
	o.Rules = set
	r, err := Run(o, 1000)
	if err != nil {
		t.Fatal(err)
	}
	anything, nothing, crowd := r.Rules[0], r.Rules[1], r.Places[0]
	if anything.Precision > 0.7 || anything.Recall < 0.7 || anything.False == 0 || anything.FalsePerDay < 10 {
		t.Errorf("a rule that fires at everything: %+v", anything)
	}
	if nothing.Recall > 0 || crowd.Precision > 0.7 {
		t.Errorf("a rule that hardly ever fires: %+v; one that fires at any place: %+v", nothing, crowd)
	}
	var out bytes.Buffer
	if err := r.Write(&out); err != nil || !strings.Contains(out.String(), "FALSE ALARM") || !strings.Contains(out.String(), "[true: ") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// A product that turns out faulty is told by a rule that counts those who complain about it; one that fires at whatever many
// people post about is found out, because as many post about products that are fine.
func TestComplaintsThatSpreadAreMeasured(t *testing.T) {
	t.Parallel()
	o := small(t, 2, 0)
	o.Customers, o.Length, o.Rate = 400, 24*time.Hour, 4
	set, err := rule.Parse("own.yaml", []byte(`rules:
  - {name: spreading, title: T, subject: place, when: 'kind == "product" and customers_with("public_complaint", 60) >= 3', severity: high, text: "{{ latest }}"}
  - {name: grumble, title: T, subject: place, when: 'kind == "platform" and customers_with("public_complaint", 60) >= 1', severity: high, text: "{{ latest }}"}
`))
	if err != nil {
		t.Fatal(err)
	}
	o.Rules = set
	r := &Report{}
	if err := r.breakPlaces(o, 0); err != nil {
		t.Fatal(err)
	}
	grumble, spreading := r.Places[0], r.Places[1] // by name
	if r.Defects < 3 || spreading.Alerts == 0 || spreading.Precision < 0.75 || spreading.Recall < 0.3 {
		t.Errorf("%d products turned out faulty; a rule that counts complaints about each: %+v", r.Defects, spreading)
	}
	if grumble.Alerts == 0 || grumble.Precision > 0.5 {
		t.Errorf("a rule that fires at anything on a platform: %+v", grumble)
	}
}
