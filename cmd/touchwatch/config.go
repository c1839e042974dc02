package main

import (
	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"touchwatch/cmd/app"
)

func configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Check or print the configuration"}
	cmd.AddCommand(configCheckCommand(), configPrintCommand())
	return cmd
}

func configCheckCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use: "check", Short: "Check configuration, signals, rules, and the files they name", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(path)
			if err != nil {
				return err
			}
			if err := app.Check(&c); err != nil {
				return err
			}
			printf(cmd.OutOrStdout(), "configuration, signals and rules are fine\n")
			return nil
		},
	}
	configFlag(cmd, &path)
	return cmd
}

func configPrintCommand() *cobra.Command {
	var path string
	var defaults bool
	cmd := &cobra.Command{
		Use: "print", Short: "Print the configuration in effect, passwords left out", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c := app.Default()
			if !defaults {
				var err error
				if c, err = loadConfig(path); err != nil {
					return err
				}
			}
			b, err := yaml.Marshal(c.Redacted())
			if err != nil {
				return err
			}
			printf(cmd.OutOrStdout(), "%s", b)
			return nil
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().BoolVar(&defaults, "defaults", false, "print the defaults, whatever file and environment say")
	return cmd
}
