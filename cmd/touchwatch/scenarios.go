package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"touchwatch/alerts/rule"
	"touchwatch/alerts/rule/scenario"
	"touchwatch/processors/signal/detectors"
	"touchwatch/processors/signal/settings"
	"touchwatch/processors/signal/text"
)

func rulesTestCommand() *cobra.Command {
	var rulesFile, signalsFile string
	cmd := &cobra.Command{
		Use: "test DIR", Short: "Play the scenarios in a folder and report every expectation that was not met", Args: takes("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if info, err := os.Stat(args[0]); err != nil {
				return fmt.Errorf("scenarios: %w", err)
			} else if !info.IsDir() {
				return &usageError{fmt.Errorf("%s is a file; name the folder that holds the scenarios (files that end in .txt)", args[0])}
			}
			world, err := scenarioWorld(rulesFile, signalsFile)
			if err != nil {
				return err
			}
			results, err := scenario.RunAll(os.DirFS(args[0]), args[0], world)
			if err != nil {
				return err
			}
			return summarize(cmd, results)
		},
	}
	cmd.Flags().StringVar(&rulesFile, "rules", "", "rules file (default: the shipped rules)")
	cmd.Flags().StringVar(&signalsFile, "signals", "", "signals file (default: the shipped settings)")
	return cmd
}

// scenarioWorld returns a maker of empty worlds under the rules and signals of these files.
func scenarioWorld(rulesFile, signalsFile string) (func() scenario.World, error) {
	signals, set, err := rulesAndSignals(rulesFile, signalsFile)
	if err != nil {
		return nil, err
	}
	all, engine := detectors.New(signals), text.Default()
	return func() scenario.World { return scenario.NewMemory(set, all, engine.Annotate) }, nil
}

// rulesAndSignals reads the files that flags name; "" stands for what is shipped.
func rulesAndSignals(rulesFile, signalsFile string) (*settings.Settings, *rule.Set, error) {
	rules, signals := rule.DefaultYAML(), settings.Default()
	if rulesFile != "" {
		b, err := os.ReadFile(rulesFile)
		if err != nil {
			return nil, nil, err
		}
		rules = b
	}
	if signalsFile != "" {
		b, err := os.ReadFile(signalsFile)
		if err != nil {
			return nil, nil, err
		}
		if signals, err = settings.Parse(signalsFile, b); err != nil {
			return nil, nil, err
		}
	}
	set, err := rule.Parse(rulesFile, rules)
	if err != nil {
		return nil, nil, err
	}
	return signals, set, nil
}

// summarize prints what failed and a last line that sums up.
func summarize(cmd *cobra.Command, results []scenario.Result) error {
	failed, checks := 0, 0
	for i := range results {
		checks += results[i].Checks
		if !results[i].OK() {
			failed++
		}
		for _, f := range results[i].Failures {
			printf(cmd.OutOrStdout(), "%s\n", f)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d scenarios failed", failed, len(results))
	}
	printf(cmd.OutOrStdout(), "%d scenarios, %d expectations, all met\n", len(results), checks)
	return nil
}
