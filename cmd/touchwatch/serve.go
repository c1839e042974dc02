package main

import (
	"slices"

	"github.com/spf13/cobra"

	"touchwatch/cmd/app"
)

func serveCommand() *cobra.Command {
	var path, listen string
	var roles []string
	cmd := &cobra.Command{
		Use: "serve", Short: "Run on real Kafka, Redis and ClickHouse servers", Args: takes(),
		Long: `Run on real servers. Without --roles one process plays all roles; start more processes to share the load.
A server that cannot be reached is waited for: /-/ready says which.`,
		Example: "  touchwatch serve --config touchwatch.yaml --roles ingest,customers",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(path)
			if err != nil {
				return err
			}
			if listen != "" {
				c.Listen = listen
			}
			if len(roles) > 0 {
				c.Roles = nil
				for _, r := range roles {
					if !slices.Contains(app.Roles, app.Role(r)) {
						return &usageError{errUnknownRole(r)}
					}
					c.Roles = append(c.Roles, app.Role(r))
				}
			}
			app.TuneMemory()
			log := newLog(c.Log.Level, c.Log.Format)
			a, err := app.New(c, version(), log)
			if err != nil {
				return taken(err, "--listen")
			}
			log.Info("touchwatch serves", "address", "http://"+a.Addr(), "roles", c.Roles)
			return a.Run(cmd.Context())
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().StringVar(&listen, "listen", "", "address of boards, API and metrics (overrides the configuration)")
	cmd.Flags().StringSliceVar(&roles, "roles", nil, "roles of this process: ingest, customers, archive, web (overrides the configuration)")
	return cmd
}
