package main

import (
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"touchwatch/alerts/calibrate"
	"touchwatch/processors/signal/detectors"
	"touchwatch/processors/signal/text"
)

func rulesCalibrateCommand() *cobra.Command {
	o := calibrate.Options{Seed: 1, Customers: calibrate.Customers, Share: 0.1, Length: calibrate.Length, Rate: calibrate.Rate}
	var rulesFile, signalsFile string
	var keep int
	var asJSON bool
	cmd := &cobra.Command{
		Use: "calibrate", Short: "Measure how far the alerts can be trusted, in a simulated world that knows the truth", Args: takes(),
		Example: "  touchwatch rules calibrate --seed 7 --trouble 0.01 --rules my-rules.yaml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var p flagProblems
			p.want(o.Share >= 0 && o.Share <= 1, "trouble", "a share from 0 to 1", o.Share)
			p.want(o.Customers >= 10 && o.Customers <= 1_000_000, "customers", "10 to 1000000", o.Customers)
			p.want(o.Length >= time.Hour && o.Length <= 30*24*time.Hour, "for", "1h to 720h", o.Length)
			p.want(o.Rate >= 1 && o.Rate <= 10_000, "rate", "1 to 10000", o.Rate)
			p.want(keep >= 0, "alerts", "no negative number", keep)
			if err := p.err(); err != nil {
				return err
			}
			signals, rules, err := rulesAndSignals(rulesFile, signalsFile)
			if err != nil {
				return err
			}
			o.Rules, o.Detectors, o.Annotate = rules, detectors.New(signals), text.Default().Annotate
			report, err := calibrate.Run(o, keep)
			if err != nil {
				return err
			}
			if !asJSON {
				return report.Write(cmd.OutOrStdout())
			}
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetIndent("", "  ")
			return out.Encode(report)
		},
	}
	f := cmd.Flags()
	f.Uint64Var(&o.Seed, "seed", o.Seed, "of the world")
	f.Float64Var(&o.Share, "trouble", o.Share, "share (0 to 1) of customers that get into trouble a day")
	f.IntVar(&o.Customers, "customers", o.Customers, "known to the CRM; a third as many visitors come on top")
	f.DurationVar(&o.Length, "for", o.Length, "world time")
	f.Float64Var(&o.Rate, "rate", o.Rate, "touchpoints per customer and day")
	f.IntVar(&keep, "alerts", 0, "print this many alerts as well, in the order in which they fired")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.StringVar(&rulesFile, "rules", "", "rules file (default: the shipped rules)")
	f.StringVar(&signalsFile, "signals", "", "signals file (default: the shipped settings)")
	return cmd
}
