package rule

import (
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"touchwatch/processors/signal/settings"
)

func parse(t testing.TB, content string) *Set {
	t.Helper()
	set, err := Parse("test.yaml", []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// oneRule is a good rule about a customer, with the given condition and more fields.
func oneRule(when string, more ...string) string {
	lines := []string{"rules:", "  - name: r", "    title: R", "    subject: customer", "    when: " + when, "    severity: high", "    text: it happened"}
	for _, m := range more {
		lines = append(lines, "    "+m)
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestShippedRulesAreGood(t *testing.T) {
	set, err := Parse("default.yaml", DefaultYAML())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range set.Rules() {
		names = append(names, r.Name)
		if !r.Restful() {
			t.Errorf("%s is looked at even when nothing bad is known of the subject", r.Name)
		}
		if r.rises && r.Name != "raged_at_element" { // which has to hear that the page's requests no longer fail
			t.Errorf("%s could come true by time alone", r.Name)
		}
	}
	want := "answer_due broken_page call_waiting chat_unanswered churn_threat queue_unanswered raged_at_element score_low silent_customer spreading_complaint " +
		"third_contact two_bad_channels unhappy_loyal valued_customer_upset valued_detractor"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("rules %s, want %s", got, want)
	}
	if l := set.Limits(); !slices.Equal(l, []float64{40, 50, 60, 70, 75, 85, 86}) {
		t.Errorf("limits %v", l)
	}
}

func TestEverySignalOfTheSettingsMayBeNamed(t *testing.T) {
	var file struct {
		Signals map[string]any `yaml:"signals"`
	}
	if err := yaml.Unmarshal(settings.DefaultYAML, &file); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"caps", "ignore", "service"} { // no signals
		delete(file.Signals, name)
	}
	for _, name := range SignalNames {
		if _, ok := file.Signals[name]; !ok {
			t.Errorf("rules may name the signal %s, which the settings do not know", name)
		}
		delete(file.Signals, name)
	}
	for name := range file.Signals {
		t.Errorf("rules cannot name the signal %s", name)
	}
	if same := settings.Default().RepeatContact.SameContact; same != sameContact {
		t.Errorf("contacts(hours) joins contacts within %v, the signal within %v", sameContact, same)
	}
}

func TestVersionFollowsTheText(t *testing.T) {
	hash := func(content string) string { return parse(t, content).Rules()[0].Hash }
	base := hash(oneRule("score < 40"))
	if again := hash(oneRule("score < 40")); again != base {
		t.Errorf("the same text gave versions %s and %s", base, again)
	}
	for _, other := range []string{oneRule("score < 41"), oneRule("score < 40", "for: 1m"), oneRule("score < 40", "route: oncall"), oneRule("score < 40", "labels: {a: b}")} {
		if hash(other) == base {
			t.Errorf("version did not change with\n%s", other)
		}
	}
}

func TestFileWithoutRulesIsEmpty(t *testing.T) {
	for _, content := range []string{"", "# nothing\n", "signals:\n  rage_click: {weight: -1}\n", "rules:\n", "rules: []\n"} {
		if set := parse(t, content); len(set.Rules()) != 0 {
			t.Errorf("%q gave rules", content)
		}
	}
}

func TestEveryProblemIsReportedAtOnceWithItsPlace(t *testing.T) {
	_, err := Parse("my.yaml", []byte(`rules:
  - name: one
    title: One
    subject: customer
    when: scroe < 40 and activ("rage_click")
    severity: hihg
    text: "{{ nmae }} is in trouble"
  - name: one
    title: Two
    subject: customers
    when: score < 40
    severity: high
    text: x
    wehn: y
  - title: Three
    subject: place
    when: |
      kind == "page" and
      customers(0) > 5
    severity: high
    text: x
`))
	want := []string{
		`my.yaml:5:11: rule one: when: unknown name "scroe": did you mean "score"?`,
		`my.yaml:5:26: rule one: when: unknown function "activ": did you mean "active"?`,
		`my.yaml:6: rule one: severity: unknown severity "hihg": did you mean "high"?`,
		`my.yaml:7:15: rule one: text: unknown name "nmae": did you mean "name"?`,
		`my.yaml:8: rule one: a rule of this name exists already, at line 2: names must differ`,
		`my.yaml:10: rule one: subject: unknown subject "customers": did you mean "customer"?`,
		`my.yaml:14: rule one: unknown field "wehn": did you mean "when"?`,
		`my.yaml:15: rule 3: name is missing`,
		`my.yaml:19: rule 3: when: minutes of customers must be a whole number from 1 to 60, not 0`,
	}
	if err == nil {
		t.Fatal("accepted")
	}
	if got := err.Error(); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestBadConditionIsRefused(t *testing.T) {
	cases := map[string]string{
		`score`:                         "score must be compared with a plain number",
		`score - 10 < 30`:               "score must be compared with a plain number",
		`score < value`:                 "score must be compared with a plain number, such as score < 40, not score < value",
		`score < 400`:                   "score is between 0 and 100",
		`value`:                         "a condition must be true or false, this is a number",
		`value > "high"`:                "> cannot stand between a number and a text",
		`active("rage_clik")`:           `unknown signal "rage_clik": did you mean "rage_click"?`,
		`active(segment)`:               "must be the name of a signal in quotes",
		`active`:                        "active needs arguments: active(signal)",
		`value() > 3`:                   "value takes no arguments",
		`count("rage_click") > 1`:       "count takes 2 arguments, not 1: count(signal, hours)",
		`count("rage_click", 100) > 1`:  "hours of count must be a whole number from 1 to 72, not 100",
		`contacts(value) > 1`:           "hours of contacts must be a whole number from 1 to 168, not value",
		`known and`:                     "the expression ends too early",
		`""`:                            "a condition must be true or false, this is a text",
		`customers(10) > 5`:             `unknown function "customers"`,
		`segment matches "("`:           "error parsing regexp",
		`segment matches owner`:         "matches needs a pattern in quotes",
		`value % 2 == 0`:                "operator % is not part of the rule language",
		`value in 1..1000000`:           "operator .. is not part of the rule language",
		`bad_channels[0] == "call"`:     "is not part of the rule language",
		`segment.x`:                     "is not part of the rule language",
		`let x = value; x > 1`:          "is not part of the rule language",
		`now() > 1`:                     `unknown function "now"`,
		`len(map(bad_channels, #)) > 1`: `unknown function "map"`,
		`known and nil`:                 "is not part of the rule language",
		`known and known and knwon`:     `did you mean "known"?`,
		strings.Repeat("known and ", 200) + "known": "",
	}
	for when, want := range cases {
		_, err := Parse("t.yaml", []byte(oneRule("'"+strings.ReplaceAll(when, "'", "''")+"'")))
		if err == nil {
			t.Errorf("%s: accepted", when)
		} else if !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "t.yaml:5") {
			t.Errorf("%s: got %q, want t.yaml:5 … %q", when, err, want)
		}
	}
}

func TestBadFieldIsRefused(t *testing.T) {
	cases := map[string]string{
		"for: soon":           `"soon" is no length of time`,
		"for: 40d":            "between 0s and 7d",
		"for: -1m":            "between 0s and 7d",
		"cooldown: 1500ms":    "whole seconds",
		"cooldown: 31d":       "between 0s and 30d",
		"labels: team":        "labels must be a mapping",
		"labels: {Team: x}":   `label "Team"`,
		"labels: {team: [x]}": `label "team"`,
		"resolve: scor > 3":   `did you mean "score"?`,
		"resolve: ''":         "the condition is empty",
		"route: ''":           "must not be empty",
		"for: [1m]":           "for must be a single value",
		"silence: 3m":         `unknown field "silence"`,
	}
	for field, want := range cases {
		_, err := Parse("t.yaml", []byte(oneRule("score < 40", field)))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "t.yaml:8") {
			t.Errorf("%s: got %v, want t.yaml:8 … %q", field, err, want)
		}
	}
}

func TestBadFileIsRefused(t *testing.T) {
	cases := map[string]string{
		"rules: 3":                          "t.yaml:1: rules must be a list",
		"rule:\n  - name: x":                `t.yaml:1: unknown key "rule": did you mean "rules"?`,
		"- name: x":                         "the file must be a mapping",
		"rules:\n  - x":                     "t.yaml:2: rule 1: a rule must be a mapping of fields",
		"rules:\n  - name: x\n  name":       "not valid YAML",
		"rules:\n\t- name: x":               "not valid YAML",
		oneRule("known", "when: anonymous"): "t.yaml:8",
		strings.Replace(oneRule("known"), "it happened", `"{{ name"`, 1):  "t.yaml:7:12: rule r: text: {{ without }}",
		strings.Replace(oneRule("known"), "it happened", `"a {{ }}"`, 1):  "empty placeholder",
		strings.Replace(oneRule("known"), "name: r", "name: Bad Name", 1): `"Bad Name" must be lower-case letters`,
	}
	for content, want := range cases {
		_, err := Parse("t.yaml", []byte(content))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngot %v\nwant %q", content, err, want)
		}
	}
}

func TestLimitsAreWhereComparisonsTurn(t *testing.T) {
	cases := map[string][]float64{
		"score < 40": {40}, "score >= 40": {40}, "40 > score": {40}, "score <= 40": {40.01}, "score > 40": {40.01}, "40 <= score": {40},
		"score == 40": {40, 40.01}, "score < 39.995": {40}, "score <= 39.995": {40}, "score < 40.5": {40.5},
		"not (score < 20) and score < 40": {20, 40}, "known": {},
	}
	for when, want := range cases {
		got := parse(t, oneRule(when)).Limits()
		if len(got) != len(want) {
			t.Errorf("%s: %v, want %v", when, got, want)
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %v, want %v", when, got, want)
			}
		}
	}
}

func TestWhatCanBeForeseen(t *testing.T) {
	cases := []struct {
		when           string
		rises, restful bool
	}{
		{"channels_bad_24h >= 2", false, true},
		{"channels_bad_24h < 2", true, false},
		{"not active('rage_click')", true, false},
		{"known and active('rage_click')", false, true},
		{"known or active('rage_click')", false, false},
		{"known and not negative_contact", true, false},
		{"score < 40", false, true},
		{"score > 40", false, false},
		{"2 <= negatives(5)", false, true},
		{"-negatives(5) < -2", false, true},
		{"'call' in bad_channels", true, false},
		{"negatives_24h == 2", true, true},
		{"(known ? negatives_24h : 3) > 2", true, false},
		{"value > 1000 and segment == 'vip'", false, false},
	}
	for _, c := range cases {
		r := parse(t, oneRule(`"`+c.when+`"`)).Rules()[0]
		if r.rises != c.rises || r.restful != c.restful {
			t.Errorf("%s: rises %v restful %v, want %v %v", c.when, r.rises, r.restful, c.rises, c.restful)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(string(DefaultYAML()))
	f.Add(oneRule("score < 40 and active('rage_click')", "for: 3m", "labels: {a: b}"))
	f.Add(strings.Replace(oneRule("known"), "it happened", "'{{ name }} {{ {{'", 1))
	f.Add("rules:\n- &a {name: x}\n- *a\n- <<: *a\n")
	f.Add("rules: !!binary x\n---\nrules: |\n  x")
	f.Fuzz(func(t *testing.T, content string) {
		set, err := Parse("f.yaml", []byte(content))
		if (set == nil) == (err == nil) {
			t.Fatalf("set %v, error %v", set, err)
		}
	})
}
