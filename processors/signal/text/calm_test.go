package text

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Limits that flag a text, as the signals have them by default.
const flaggedProblem = 0.5

// Ordinary service talk: requests, bookings, small talk, apologies, illness as a reason, long-time customers. None of it is
// an unhappy customer, and none tells of a fault.
const (
	calmFlagged  = 1    // texts a language that may count as displeasure
	calmProblems = 1    // and as a problem
	faultsFound  = 0.93 // of plain problem reports, at least
	faultsRight  = 0.95 // of what counts as a problem among them and their look-alikes, at least
)

func TestOrdinaryServiceTalkIsNotFlagged(t *testing.T) {
	e := shippedEngine()
	for _, language := range []string{"en", "de", "nl", "ru"} {
		rows := labelledRows(t, "calm/"+language)
		if len(rows) < 60 {
			t.Errorf("%s: %d texts, want at least 60", language, len(rows))
		}
		flagged, problems := 0, 0
		for _, row := range rows {
			m, _ := e.Judge(row[2], row[1])
			if m.Displeasure >= unhappy {
				flagged++
				t.Logf("%s displeasure %.2f: %s %q", language, m.Displeasure, row[2], m.Words)
			}
			if m.Problem >= flaggedProblem {
				problems++
				t.Logf("%s problem %.2f: %s %q", language, m.Problem, row[2], m.Words)
			}
		}
		if flagged > calmFlagged || problems > calmProblems {
			t.Errorf("%s: %d flagged as displeasure and %d as problems, want at most %d and %d", language, flagged, problems, calmFlagged, calmProblems)
		}
	}
}

func TestPlainProblemReportsAreProblems(t *testing.T) {
	e := shippedEngine()
	for _, language := range []string{"en", "de", "nl", "ru"} {
		reports, found, wrong := 0, 0, 0
		for _, row := range labelledRows(t, "problems/"+language) {
			m, _ := e.Judge(row[2], row[1])
			is, told := row[0] == "problem", m.Problem >= flaggedProblem
			if is {
				reports++
			}
			switch {
			case is && told:
				found++
			case told:
				wrong++
			}
		}
		recall, precision := float64(found)/float64(reports), float64(found)/float64(found+wrong)
		t.Logf("%s: %d reports, recall %.2f, precision %.2f", language, reports, recall, precision)
		if reports < 80 || recall < faultsFound || precision < faultsRight {
			t.Errorf("%s: %d reports, recall %.2f and precision %.2f, want 80, %.2f and %.2f", language, reports, recall, precision, faultsFound, faultsRight)
		}
	}
}

// labelledRows reads a file of testdata/texts: label, language, text.
func labelledRows(t *testing.T, name string) [][]string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", "texts", name+".tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(file)) {
		row := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		if len(row) != 3 {
			t.Fatalf("%s: %q", name, line)
		}
		rows = append(rows, row)
	}
	return rows
}
