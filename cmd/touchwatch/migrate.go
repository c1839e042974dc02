package main

import (
	"github.com/spf13/cobra"

	"touchwatch/cmd/app"
)

func migrateCommand() *cobra.Command {
	var from source
	cmd := &cobra.Command{
		Use: "migrate", Short: "Create topics and tables that are missing, and bring tables up to date", Args: takes(),
		Long: `Create the topics and tables that are missing and apply the numbered migrations. Running it again changes nothing.
'touchwatch serve' does the same at its start; this command is for those who grant the running program fewer rights.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := from.config()
			if err != nil {
				return err
			}
			log := newLog(c.Log.Level, c.Log.Format)
			if err := app.MigrateTopics(cmd.Context(), c, log); err != nil {
				return from.kafkaFailed(err, &c)
			}
			if err := app.MigrateTables(cmd.Context(), c, log); err != nil {
				return from.houseFailed(err, &c)
			}
			return nil
		},
	}
	from.flags(cmd)
	return cmd
}
