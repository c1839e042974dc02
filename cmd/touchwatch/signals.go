package main

import (
	"os"

	"github.com/spf13/cobra"

	"touchwatch/processors/signal/settings"
)

func signalsCommand() *cobra.Command {
	var path string
	var ignored []string
	cmd := &cobra.Command{
		Use: "signals", Short: "Print weights, half-lives and thresholds of all signals, with their reasons", Args: takes(),
		Example: `  touchwatch signals > my-signals.yaml    # change what you like; keys you leave out keep their defaults
  touchwatch signals -f my-signals.yaml --not-frustration 'element:/seats button#seat' > next.yaml`,
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
			for _, place := range ignored {
				next, err := s.NotFrustration(place)
				if err != nil {
					return err
				}
				s = next
			}
			printf(cmd.OutOrStdout(), "%s", s.YAML())
			return nil
		},
	}
	cmd.Flags().StringVarP(&path, "file", "f", "", "print them as this file overrides them")
	cmd.Flags().StringArrayVar(&ignored, "not-frustration", nil, "add a place of an alert to what is ignored: element:/seats button#seat, page:/admin/* or release:2.3.*")
	return cmd
}
