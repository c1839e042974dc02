package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
)

// explained is what `touchwatch explain --json` prints.
type explained struct {
	Customer touchpoint.CustomerID `json:"customer"`
	Name     string                `json:"name,omitempty"`
	Reach    []touchpoint.Alias    `json:"reach"`
	Alerts   []openAlert           `json:"alerts"` // open ones
	customer.Explanation
	AsOf time.Time `json:"as_of"`
}

type openAlert struct {
	Rule     string            `json:"rule"`
	Severity string            `json:"severity"`
	Phase    string            `json:"phase"`
	Since    touchpoint.Millis `json:"since"`
	Reason   string            `json:"reason"`
	By       string            `json:"by,omitempty"`
}

func explainCommand() *cobra.Command {
	var s source
	var asJSON bool
	cmd := &cobra.Command{
		Use: "explain CUSTOMER", Short: "Say why a customer's score is what it is, line by line", Args: takes("CUSTOMER"),
		Example: "  touchwatch explain --dev cus_0000001ba4\n  touchwatch explain --dev jana.weber@example.com",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.config()
			if err != nil {
				return err
			}
			client, err := c.Redis.Client()
			if err != nil {
				return err
			}
			defer client.Close()
			ctx, cancel := context.WithTimeout(cmd.Context(), answerWithin)
			defer cancel()
			view, err := readWhom(ctx, client, &c, args[0], time.Now())
			if err != nil {
				return s.redisFailed(err, &c)
			}
			e := explain(view)
			if !asJSON {
				return e.write(cmd.OutOrStdout(), view.State)
			}
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetIndent("", "  ")
			return out.Encode(e)
		},
	}
	s.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func explain(v *stateView) *explained {
	e := &explained{
		Customer: v.State.ID, Name: v.State.Profile.Name, Reach: []touchpoint.Alias{}, Alerts: []openAlert{},
		Explanation: v.Explanation, AsOf: v.AsOf,
	}
	for _, a := range v.State.Aliases {
		if a.Kind == touchpoint.AliasEmail || a.Kind == touchpoint.AliasPhone || a.Kind == touchpoint.AliasHandle {
			e.Reach = append(e.Reach, a)
		}
	}
	for _, p := range v.State.Episodes {
		if p.Phase.Open() {
			e.Alerts = append(e.Alerts, openAlert{Rule: p.Rule, Severity: p.Severity, Phase: string(p.Phase), Since: p.Since, Reason: p.Reason, By: p.By})
		}
	}
	return e
}

// write prints the explanation for people: the lines add up, to the hundredth.
func (e *explained) write(w io.Writer, s *customer.State) error {
	printf(w, "%s\n", who(s))
	if len(e.Reach) > 0 {
		var ways []string
		for _, a := range e.Reach {
			ways = append(ways, fmt.Sprintf("%s %s", a.Kind, a.Value))
		}
		printf(w, "reach by  %s\n", strings.Join(ways, ", "))
	}
	printf(w, "as of     %s\n\n", e.AsOf.Format("2006-01-02 15:04:05 MST"))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	printf(table, "%.2f\t  baseline\n", e.Baseline)
	faded := 0
	for i := range e.Contributions {
		if c := &e.Contributions[i]; c.Points == 0 {
			faded++
		} else {
			printf(table, "%s\t  %s\n", signed(c.Points), line(c))
		}
	}
	printf(table, "%.2f\t  score\n", e.Score)
	if err := table.Flush(); err != nil {
		return err
	}
	if faded > 0 {
		printf(w, "\n%d more have faded to nothing.\n", faded)
	}
	for _, a := range e.Alerts {
		printf(w, "\n%s alert %s since %s: %s\n", a.Severity, a.Rule, clock(a.Since), a.Reason)
		if a.By != "" {
			printf(w, "taken care of by %s\n", a.By)
		}
	}
	return nil
}

// who names a customer by what is known.
func who(s *customer.State) string {
	parts := []string{string(s.ID)}
	if s.Profile.Name != "" {
		parts[0] = s.Profile.Name + " (" + string(s.ID) + ")"
	}
	for _, fact := range []string{s.Profile.Relationship, s.Profile.Segment} {
		if fact != "" {
			parts = append(parts, fact)
		}
	}
	if s.Profile.Value != 0 {
		parts = append(parts, "worth "+strconv.FormatFloat(s.Profile.Value, 'f', -1, 64)+" a year")
	}
	if s.Profile.Owner != "" {
		parts = append(parts, "owner "+s.Profile.Owner)
	}
	return strings.Join(parts, ", ")
}

// line says what a contribution is, where it comes from, and how fast it fades.
func line(c *customer.Contribution) string {
	switch {
	case c.Name == customer.LimitName && c.Family != "":
		return "limit of " + c.Family + ": " + c.Reason
	case c.Name == customer.LimitName:
		return "limit: " + c.Reason
	}
	half := time.Duration(c.HalfLife) * time.Second
	was := ""
	if c.Points != c.Weight {
		was = "was " + signed(c.Weight) + ", "
	}
	return fmt.Sprintf("%s %s %s: %s (%shalves every %s)", clock(c.At), c.Channel, c.Name, c.Reason, was, short(half))
}

func signed(points float64) string { return fmt.Sprintf("%+.2f", points) }

func clock(m touchpoint.Millis) string { return m.At().UTC().Format("2006-01-02 15:04:05") }

// short writes a half-life in hours or days.
func short(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return strconv.Itoa(int(d/(24*time.Hour))) + " d"
	}
	if d%time.Hour == 0 {
		return strconv.Itoa(int(d/time.Hour)) + " h"
	}
	return d.String()
}
