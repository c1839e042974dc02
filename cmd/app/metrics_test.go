package app

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"touchwatch/alerts/feed"
	"touchwatch/alerts/hub"
	"touchwatch/dashboards/api"
	"touchwatch/ingest/intake"
	"touchwatch/ingest/silence"
	"touchwatch/processors/archive"
	"touchwatch/processors/keyed"
	"touchwatch/processors/signal/text/opinion"
)

// everyMetric registers what a process with all roles registers.
func everyMetric(t *testing.T) *prometheus.Registry {
	t.Helper()
	cfg := DevConfig(DevAddrs{Listen: "127.0.0.1:0", Kafka: "127.0.0.1:1", Redis: "127.0.0.1:1"})
	a, err := New(cfg, Version{Version: "test"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.listener.Close(); a.close() })
	intake.NewMetrics(a.reg)
	keyed.NewMetrics(a.reg)
	archive.NewMetrics(a.reg)
	silence.NewMetrics(a.reg)
	hub.NewMetrics(a.reg)
	feed.NewMetrics(a.reg)
	api.NewMetrics(a.reg)
	opinion.NewMetrics(a.reg)
	return a.reg
}

func TestMetricsFollowTheConventions(t *testing.T) {
	problems, err := testutil.GatherAndLint(everyMetric(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// described are the names and Help texts of all metrics; metrics with labels that have no value yet are not gathered.
var described = regexp.MustCompile(`fqName: "([^"]+)", help: "((?:[^"\\]|\\.)*)"`)

func metricHelp(t *testing.T) map[string]string {
	t.Helper()
	descriptions := make(chan *prometheus.Desc, 1000)
	everyMetric(t).Describe(descriptions)
	close(descriptions)
	help := map[string]string{}
	for d := range descriptions {
		if found := described.FindStringSubmatch(d.String()); found != nil {
			help[found[1]] = found[2]
		}
	}
	return help
}

// ofChange are the words with which a sentence tells of a change or of a limit.
var ofChange = regexp.MustCompile(`(?i)\b(ris(es|ing)|fall(ing)?|jump|standing still|above zero|close to|each|any|needs a person|is broken|0:|for long)`)

func TestEveryMetricIsHelpful(t *testing.T) {
	for name, help := range metricHelp(t) {
		if !strings.HasPrefix(name, "touchwatch_") {
			continue
		}
		_, change, _ := strings.Cut(help, ". ") // behind what it counts
		if !ofChange.MatchString(change) || !strings.HasSuffix(change, ".") {
			t.Errorf("%s: the help %q does not say in a sentence of its own what a change means, or what to do", name, help)
		}
	}
}

func TestRulesAndDashboardUseMetricsThatExist(t *testing.T) {
	known := metricHelp(t)
	named := regexp.MustCompile(`touchwatch_[a-z_]+`)
	suffixes := regexp.MustCompile(`_(bucket|sum|count)$`)
	for _, path := range []string{"../../deploy/prometheus/touchwatch.rules.yaml", "../../deploy/prometheus/touchwatch.tests.yaml", "../../deploy/grafana/touchwatch.json"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all := named.FindAllString(string(text), -1)
		if len(all) == 0 {
			t.Errorf("%s uses no metric", path)
		}
		for _, name := range all {
			if known[name] == "" && known[suffixes.ReplaceAllString(name, "")] == "" {
				t.Errorf("%s uses %s, which no stage registers", filepath.Base(path), name)
			}
		}
	}
}

// offTheBoard are metrics that the dashboard leaves out, each with the reason.
var offTheBoard = map[string]string{
	"touchwatch_build_info":                            "says which program runs, and never changes; it is for joins",
	"touchwatch_channel_last_record_timestamp_seconds": "what it means depends on the hour: the board has missing events and silence, which know what is usual",
	"touchwatch_ingest_skipped_total":                  "harmless by itself; it is for those who look at one source",
	"touchwatch_live_views":                            "a matter of cost, not of health",
}

func TestEveryMetricIsOnTheDashboardOrSaysWhyNot(t *testing.T) {
	text, err := os.ReadFile("../../deploy/grafana/touchwatch.json")
	if err != nil {
		t.Fatal(err)
	}
	known := metricHelp(t)
	for name := range known {
		if !strings.HasPrefix(name, "touchwatch_") {
			continue
		}
		shown := regexp.MustCompile(`\b` + name + `(_bucket)?\b`).Match(text)
		if _, left := offTheBoard[name]; shown == left {
			t.Errorf("%s: on the dashboard %t, in the list of those that are not %t; want one of the two", name, shown, left)
		}
	}
	for name := range offTheBoard {
		if known[name] == "" {
			t.Errorf("%s is left off the dashboard, and no stage registers it", name)
		}
	}
}

// alarms are the names of all alerts in the rules file, and of those that a test expects to fire.
func alarms(t *testing.T) (ruled, tested []string) {
	t.Helper()
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert string }
		}
	}
	readYAML(t, "../../deploy/prometheus/touchwatch.rules.yaml", &rules)
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			ruled = append(ruled, r.Alert)
		}
	}
	var tests struct {
		Tests []struct {
			Checks []struct {
				Alert  string `yaml:"alertname"`
				Expect []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	readYAML(t, "../../deploy/prometheus/touchwatch.tests.yaml", &tests)
	for _, test := range tests.Tests {
		for _, check := range test.Checks {
			if len(check.Expect) > 0 {
				tested = append(tested, check.Alert)
			}
		}
	}
	return ruled, tested
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func TestEveryAlarmHasATestThatFiresItAndAnAnswerToIt(t *testing.T) {
	operations, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	ruled, tested := alarms(t)
	if len(ruled) == 0 {
		t.Fatal("the rules file has no alert")
	}
	for _, name := range ruled {
		if !slices.Contains(tested, name) {
			t.Errorf("%s fires in no test of touchwatch.tests.yaml", name)
		}
		if !regexp.MustCompile(`(?m)^\|.*\b` + name + `\b`).Match(operations) {
			t.Errorf("the table of alarms in docs/operations.md does not say what to do about %s", name)
		}
	}
}

func TestPrometheusRules(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed (Debian: package prometheus): the rules' own tests are left out")
	}
	for _, arguments := range [][]string{{"check", "rules", "touchwatch.rules.yaml"}, {"test", "rules", "touchwatch.tests.yaml"}} {
		cmd := exec.Command(promtool, arguments...)
		cmd.Dir = "../../deploy/prometheus"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(arguments, " "), err, out)
		}
	}
}
