package app

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"touchwatch/alerts/feed"
	"touchwatch/alerts/hub"
	"touchwatch/dashboards/api"
	"touchwatch/ingest/intake"
	"touchwatch/ingest/silence"
	"touchwatch/processors/archive"
	"touchwatch/processors/keyed"
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

func TestEveryMetricIsHelpful(t *testing.T) {
	for name, help := range metricHelp(t) {
		if strings.HasPrefix(name, "touchwatch_") && len(help) < 20 {
			t.Errorf("%s: the help %q does not say what it means", name, help)
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
