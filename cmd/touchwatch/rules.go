package main

import (
	"os"

	"github.com/spf13/cobra"

	"touchwatch/alerts/rule"
)

func rulesCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "Check, test and calibrate alert rules"}
	cmd.AddCommand(rulesCheckCommand(), rulesPrintCommand(), rulesTestCommand(), rulesCalibrateCommand())
	return cmd
}

func rulesCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE", Short: "Check a rules file and report every problem with its line", Args: takes("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			set, err := rule.Parse(args[0], b)
			if err != nil {
				return err
			}
			printf(cmd.OutOrStdout(), "%s: %d rules, all fine\n", args[0], len(set.Rules()))
			return nil
		},
	}
}

func rulesPrintCommand() *cobra.Command {
	return &cobra.Command{
		Use: "print", Short: "Print the shipped rules, to start your own from", Args: takes(),
		Run: func(cmd *cobra.Command, _ []string) { printf(cmd.OutOrStdout(), "%s", rule.DefaultYAML()) },
	}
}
