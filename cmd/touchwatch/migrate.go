package main

import (
	"github.com/spf13/cobra"

	"touchwatch/cmd/app"
)

func migrateCommand() *cobra.Command {
	var from source
	cmd := &cobra.Command{
		Use: "migrate", Short: "Create topics and tables that are missing, and bring tables up to date", Args: cobra.NoArgs,
		Long: `Create the topics and tables that are missing and apply the numbered migrations. Running it again changes nothing.
'touchwatch serve' does the same at its start; this command is for those who grant the running program fewer rights.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := from.config()
			if err != nil {
				return err
			}
			return app.Migrate(cmd.Context(), c, newLog(c.Log.Level, c.Log.Format))
		},
	}
	from.flags(cmd)
	return cmd
}
