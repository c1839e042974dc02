package main

import (
	"os"

	"github.com/spf13/cobra"

	"touchwatch/processors/signal/settings"
)

func signalsCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use: "signals", Short: "Print weights, half-lives and thresholds of all signals, with their reasons", Args: takes(),
		Example: "  touchwatch signals > my-signals.yaml    # change what you like; keys you leave out keep their defaults",
		RunE: func(cmd *cobra.Command, _ []string) error {
			s := settings.Default()
			if path != "" {
				b, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				if s, err = settings.Parse(path, b); err != nil {
					return err
				}
			}
			printf(cmd.OutOrStdout(), "%s", s.YAML())
			return nil
		},
	}
	cmd.Flags().StringVarP(&path, "file", "f", "", "print them as this file overrides them")
	return cmd
}
