package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"touchwatch/cmd/app"
	"touchwatch/deploy/doctor"
)

func doctorCommand() *cobra.Command {
	var from source
	var asJSON, quiet bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "Look at Kafka, Redis and ClickHouse, and say what they are not fit for", Args: takes(),
		Long: `Look at the brokers, the topics and their settings, Redis and ClickHouse, and compare them with what the product needs. Each finding
says what is so, how much it matters and what to do. Nothing is changed.

The exit code is 0 without an error (warnings are none), 1 with one.`,
		Example: "  touchwatch doctor --config touchwatch.yaml\n  touchwatch doctor --json | jq '.[] | select(.severity != \"ok\")'",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := from.config()
			if err != nil {
				return err
			}
			newLog(c.Log.Level, c.Log.Format) // clients' complaints go to the log, not between the findings
			all, err := app.Doctor(cmd.Context(), &c)
			if err != nil {
				return err
			}
			if err := printFindings(cmd.OutOrStdout(), all, asJSON, quiet); err != nil {
				return err
			}
			if n := doctor.Count(all, doctor.Error); n > 0 {
				return fmt.Errorf("%d of %d findings are errors, %d are warnings", n, len(all), doctor.Count(all, doctor.Warning))
			}
			return nil
		},
	}
	from.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an array of findings")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "leave out what is as it should be")
	return cmd
}

// printFindings writes one line per finding, with the advice below it.
func printFindings(w io.Writer, all []doctor.Finding, asJSON, quiet bool) error {
	shown := make([]doctor.Finding, 0, len(all))
	for _, f := range all {
		if !quiet || f.Severity != doctor.OK {
			shown = append(shown, f)
		}
	}
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(shown)
	}
	for _, f := range shown {
		printf(w, "%-8s %-11s %s: %s\n", f.Severity, f.Server, f.Check, f.Found)
		if f.Advice != "" {
			printf(w, "%20s → %s\n", "", f.Advice)
		}
	}
	return nil
}
