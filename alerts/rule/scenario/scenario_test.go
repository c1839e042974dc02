package scenario

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"touchwatch/alerts/rule"
	"touchwatch/processors/signal/detectors"
	"touchwatch/processors/signal/settings"
)

func world(t testing.TB) *Memory {
	t.Helper()
	set, err := rule.Parse("default.yaml", rule.DefaultYAML())
	if err != nil {
		t.Fatal(err)
	}
	return NewMemory(set, detectors.New(settings.Default()), nil)
}

func TestShippedRulesPassTheirScenarios(t *testing.T) {
	files, err := filepath.Glob("../testdata/scenarios/*.txt")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d scenarios, %v", len(files), err)
	}
	told := ""
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		told += string(content)
		r := Run(filepath.Base(file), content, world(t))
		for _, f := range r.Failures {
			t.Error(f)
		}
	}
	set, _ := rule.Parse("default.yaml", rule.DefaultYAML())
	for _, r := range set.Rules() {
		if !strings.Contains(told, "expect firing "+r.Name) {
			t.Errorf("no scenario shows how %s fires", r.Name)
		}
	}
}

// failure plays a scenario and returns what went wrong, one a line.
func failure(t *testing.T, content string) string {
	t.Helper()
	r := Run("s.txt", []byte(content), world(t))
	var all []string
	for _, f := range r.Failures {
		all = append(all, f.String())
	}
	return strings.Join(all, "\n")
}

func TestUnmetExpectationShowsWhatWasToldInstead(t *testing.T) {
	got := failure(t, `
customer cus_1 name="J. Weber" value=9000
at 08:59 website.checkout_failed page=/checkout
at 09:00 call.ended call=c1 attr.reason=abandoned_hold
expect firing churn_threat cus_1
expect firing valued_customer_upset cus_1 severity=warning
expect none two_bad_channels
expect none
`)
	want := []string{
		`s.txt:5: expected firing churn_threat cus_1, but was told:`, `s.txt:6: expected firing valued_customer_upset cus_1 severity="warning", but was told:`,
		`s.txt:8: expected none, but was told:`, `firing valued_customer_upset cus_1 severity=high score=`, `evidence=checkout_failed,hang_up_on_hold`,
	}
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("got\n%s\nwithout %q", got, w)
		}
	}
	if strings.Contains(got, "s.txt:7") {
		t.Errorf("line 7 was met, got\n%s", got)
	}
}

func TestLineThatMakesNoSenseIsNamed(t *testing.T) {
	for content, want := range map[string]string{
		"":                                         "s.txt:1: the scenario expects nothing",
		"wait 3m":                                  `s.txt:1: unknown word "wait"`,
		"customer":                                 "customer needs an id",
		"customer c colour=red":                    `a customer has no "colour"`,
		"customer c phone=12":                      `phone: "12" cannot be one`,
		"customer c value=much":                    "must be a number",
		"customer anon_1 name=x":                   "is anonymous",
		"website.page_view":                        "nobody is there",
		"customer c\nwebsite.blink":                `s.txt:2: unknown kind of touchpoint "website.blink"`,
		"customer c\nwebsite.click z=1":            "z: no such key",
		"customer c\nwebsite.click x=left":         `x: "left" must be a whole number`,
		"customer c\nwebsite.click here":           `"here" makes no sense`,
		"customer c\nwebsite.survey rating=nps:11": "must be nps:0",
		"customer c\nchat.rating displeasure=3":    "must be a number from -1 to 1",
		"customer c\nwebsite.click crowd=3 by=c":   "crowd= goes without by=",
		`customer c name="x`:                       "no closing quote",
		"advance":                                  "advance needs a length of time",
		"advance soon":                             `"soon" is no length of time`,
		"at noon":                                  `"noon" is no time of day`,
		"at 09:00\nat 08:59":                       "s.txt:2: it is 09:00:00 already",
		"start tomorrow":                           "start needs a day",
		"advance 1m\nstart 2026-03-02 08:00":       "start must come first",
		"acknowledge score_low c":                  "no alert score_low was told about c",
		"resolve score_low":                        "write resolve RULE SUBJECT",
		"expect":                                   "write expect none",
		"expect pending score_low c":               `unknown phase "pending"`,
		"expect firing score_low c mood=bad":       `an alert has no "mood"`,
		"expect none a b":                          "expect none takes nothing but",
	} {
		if got := failure(t, content); !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", content, got, want)
		}
	}
}

func TestStartCommentsAndTextsAreRead(t *testing.T) {
	words, err := split(`chat.customer_message conversation=c1 "a \"b\" # c" element=button#pay reason~"x y" # the rest is silence`)
	if err != nil {
		t.Fatal(err)
	}
	want := []word{
		{value: "chat.customer_message"},
		{key: "conversation", sign: '=', value: "c1"},
		{value: `a "b" # c`, quoted: true},
		{key: "element", sign: '=', value: "button#pay"},
		{key: "reason", sign: '~', value: "x y"},
	}
	if len(words) != len(want) {
		t.Fatalf("%+v", words)
	}
	for i := range want {
		if words[i] != want[i] {
			t.Errorf("word %d is %+v, want %+v", i, words[i], want[i])
		}
	}
	if got := failure(t, "start 2026-03-02 23:50\r\ncustomer anon_1\r\nadvance 20m\r\nat 00:10 website.page_view\r\nexpect none\r\n"); got != "" {
		t.Error(got)
	}
}

func TestScenariosOfAFolderAreRun(t *testing.T) {
	dir := fstest.MapFS{
		"a.txt": {Data: []byte("expect none")}, "b/c.txt": {Data: []byte("expect firing x y")}, "README.md": {Data: []byte("no scenario")},
	}
	results, err := RunAll(dir, "my", func() World { return world(t) })
	if err != nil || len(results) != 2 || !results[0].OK() || results[1].OK() || results[1].Failures[0].File != "my/b/c.txt" {
		t.Errorf("%+v, %v", results, err)
	}
	if _, err := RunAll(fstest.MapFS{}, "my", nil); err == nil || !strings.Contains(err.Error(), "no scenario in my") {
		t.Errorf("empty folder: %v", err)
	}
}

func FuzzRun(f *testing.F) {
	f.Add("customer c name=\"x\"\nat 09:00 website.click x=1 times=3\nadvance 2d\nexpect none")
	f.Add("website.request_failed crowd=6 status=500 page=/a\nexpect firing broken_page page:/a\nresolve broken_page page:/a")
	f.Fuzz(func(t *testing.T, content string) {
		if len(content) > 2000 {
			return
		}
		Run("f.txt", []byte(content), world(t))
	})
}

func TestScenarioOfTheDocumentationPasses(t *testing.T) {
	b, err := os.ReadFile("../../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(b), "```\n# A wait in the chat")
	if !found {
		t.Fatal("docs/rules.md has no scenario")
	}
	example, _, _ := strings.Cut(after, "```")
	if got := failure(t, "#"+example); got != "" {
		t.Error(got)
	}
}
