package calibrate

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Write prints the report for people.
func (r *Report) Write(w io.Writer) error {
	fmt.Fprintf(w, "seed %d, %d customers over %.4g days, %.3g %% get into trouble a day, %d touchpoints\n", r.Seed, r.Customers, r.Days, r.Share*100, r.Touchpoints)
	fmt.Fprintf(w, "%d troubles, in %d of them the company let the customer down: these must be told (recall); of all: the others included\n\n", r.Troubles, r.LetDown)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "rule\talerts\tfalse\tprecision\trecall\tof all\tmedian\t90 %%\tfalse/1000/day\t\n")
	for i := range r.Rules {
		r.Rules[i].row(table, "")
	}
	r.Overall.row(table, "all about customers")
	if len(r.Places) > 0 {
		fmt.Fprintf(table, "\t\t\t\t\t\t\t\t\t\n")
	}
	for i := range r.Places {
		r.Places[i].row(table, "all about places")
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(r.Places) > 0 {
		fmt.Fprintf(w, "\nThe last lines are of worlds in which %d pages break for at least %d customers, and %d products turn out faulty for as many.\n", r.Breakages, many, r.Defects)
	}
	list(w, "customers", r.Alerts)
	list(w, "places", r.PlaceAlerts)
	return nil
}

func list(w io.Writer, about string, alerts []Told) {
	for i := range alerts {
		if i == 0 {
			fmt.Fprintf(w, "\nThe first %d alerts about %s:\n", len(alerts), about)
		}
		alerts[i].line(w)
	}
}

func (f *Figures) row(w io.Writer, all string) {
	name := f.Rule
	if name == "" {
		name = all
	}
	fmt.Fprintf(w, "%s\t%d\t%d\t%.3f\t%.3f\t%.3f\t%s\t%s\t%.2f\t\n", name, f.Alerts, f.False, f.Precision, f.Recall, f.RecallAll, span(f.Median), span(f.P90), f.FalsePerDay)
}

func span(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}

// line prints an alert as a board shows it, and what the world knows.
func (a *Told) line(w io.Writer) {
	who := a.Subject.Name
	if who == "" {
		who = a.Subject.ID
	}
	var reach []string
	for _, way := range a.Subject.Reach {
		reach = append(reach, way.Value)
	}
	truth := "FALSE ALARM"
	if a.True {
		truth = "true: " + a.Because
	}
	fmt.Fprintf(w, "%s %-8s %s: %s\n", a.UpdatedAt.At().Format("Mon 15:04:05"), a.Severity, a.Title, a.Reason)
	fmt.Fprintf(w, "             %s, score %.0f, %s [%s] [%s]\n", who, a.Score, strings.Join(reach, " "), a.Rule, truth)
}
