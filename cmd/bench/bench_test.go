package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"touchwatch/cmd/app"
	"touchwatch/deploy/embedded"
)

// small are options whose parts take a second or two each.
func small(t *testing.T) Options {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := Defaults()
	o.Program, o.Dir, o.Progress = program, t.TempDir(), testWriter{t}
	o.Records, o.Customers, o.ScaleRecords, o.trouble, o.pace = 1200, 60, 300, 0.8, 10
	o.shrink = func(c *app.Config) {
		c.Topics.TimelinePartitions, c.Topics.PlacePartitions = 2, 1
		for i := range c.Topics.Raw {
			c.Topics.Raw[i].Partitions = 1
		}
	}
	o.NaiveFor, o.Hold, o.warmUp = 300*time.Millisecond, time.Second, 200*time.Millisecond
	o.Rates, o.Window, o.Sockets = []int{100}, 200, []int{20}
	o.Stored, o.RecoverRate, o.Session = 300, 100, 6*time.Second
	o.Partitions, o.Processes, o.States = []int{1}, nil, []int{100}
	return o
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(string(bytes.TrimSpace(p)))
	return len(p), nil
}

// Each part runs by itself, all at the same moment: they mostly wait for time-outs and for processes to start.
func TestEveryPartMeasuresSomethingOnEmbeddedServers(t *testing.T) {
	for name, parts := range map[string][]string{
		caseAlone: {PartThroughput, PartLimit}, caseArchive: {PartThroughput, PartLimit, PartNaive}, "": {PartLatency, PartFanout}, "crash": {PartRecovery}, "scale": {PartScale},
	} {
		t.Run(parts[0]+" "+name, func(t *testing.T) {
			t.Parallel()
			o := small(t)
			o.Parts, o.only = parts, name
			if name != caseArchive {
				noArchive(&o)
			} else if _, err := embedded.FindLibchdb(); err != nil {
				t.Skipf("the archive is not measured: %v", err)
			}
			report, err := Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range parts {
				if !slices.ContainsFunc(report.Rows, func(r Row) bool { return r.Part == part }) {
					t.Errorf("part %s measured nothing", part)
				}
			}
			for _, row := range report.Rows {
				mustBeSane(t, &row)
			}
			if report.Machine.Cores == 0 || report.Versions["go"] == "" || report.Servers != "embedded" {
				t.Errorf("the report does not say on what: %+v", report)
			}
		})
	}
}

// noArchive takes the archive from a run, which saves a process and its start.
func noArchive(o *Options) {
	shrink := o.shrink
	o.shrink = func(c *app.Config) {
		shrink(c)
		c.ClickHouse.Addrs = nil
	}
}

func mustBeSane(t *testing.T, row *Row) {
	t.Helper()
	for _, v := range row.Values {
		if strings.HasSuffix(v.Unit, "events/s") && v.Value <= 0 {
			t.Errorf("%s, %s: %s is %v", row.Part, row.Case, v.Name, v.Value)
		}
		if (v.Name == "missing" || v.Name == "sockets lost") && v.Value != 0 {
			t.Errorf("%s, %s: %s is %v", row.Part, row.Case, v.Name, v.Value)
		}
	}
	if row.Part == PartThroughput && !strings.Contains(row.Note, "equal") {
		t.Errorf("the throughput was not compared: %q", row.Note)
	}
}

func TestARunThatIsCutShortEndsItsProcessesAndKeepsItsRows(t *testing.T) {
	o := small(t)
	o.Dir = ""
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = onLine{"alert path alone: 1,200", cancel}
	report, err := Run(ctx, o)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the context", err)
	}
	if report.Servers != "embedded" {
		t.Errorf("the report is of %q servers", report.Servers)
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// onLine calls do when a line holds some text.
type onLine struct {
	text string
	do   func()
}

func (w onLine) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(w.text)) {
		w.do()
	}
	return len(p), nil
}

func TestOptionsNameEveryFlagThatIsWrong(t *testing.T) {
	o := Defaults()
	if err := o.Validate(); err != nil {
		t.Fatalf("the defaults are refused: %v", err)
	}
	o.Parts, o.Records, o.Session, o.Sockets = []string{"speed"}, 0, time.Second, []int{0}
	err := o.Validate()
	for _, flag := range []string{"--parts", "--records", "--session", "--sockets"} {
		if err == nil || !strings.Contains(err.Error(), flag+":") {
			t.Errorf("%s is not named: %v", flag, err)
		}
	}
}

func TestTheTableHasOneLineForEachRowAndSaysWhatMissedItsTarget(t *testing.T) {
	r := Report{Servers: "real"}
	for i, rate := range []float64{123456.7, 0.0123} {
		row := Row{Part: PartLimit, Case: []string{"fast", "slow"}[i]}
		row.add("rate", rate, "events/s")
		row.atLeast("share", rate, "", 0.65)
		r.Rows = append(r.Rows, row)
	}
	other := Row{Part: PartThroughput, Case: "first, though it comes last"}
	other.atMost("late", 1, "ms", 2)
	r.Rows = append(r.Rows, other)
	var out bytes.Buffer
	if err := r.Table(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	for _, want := range []string{
		"| limit | rate, events/s | share                  |", "| fast  | 123,457        | 123,457 (≥ 0.65)       |", "| slow  | 0.0123         | 0.0123 (≥ 0.65: missed) |",
	} {
		if !slices.ContainsFunc(lines, func(l string) bool {
			return strings.Join(strings.Fields(l), " ") == strings.Join(strings.Fields(want), " ")
		}) {
			t.Errorf("no line %q in\n%s", want, out.String())
		}
	}
	if strings.Index(out.String(), "though it comes last") > strings.Index(out.String(), "fast") {
		t.Errorf("the parts are out of order:\n%s", out.String())
	}
	var text bytes.Buffer
	if err := r.JSON(&text); err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(text.Bytes(), &back); err != nil || len(back.Rows) != 3 || back.Rows[1].Values[1].Met == nil || *back.Rows[1].Values[1].Met {
		t.Errorf("the JSON reads back as %+v, %v", back, err)
	}
}
