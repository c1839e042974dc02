package main

import (
	"github.com/spf13/cobra"

	"touchwatch/deploy/embedded"
)

// frontCommand is the child process that holds the ClickHouse engine; `dev` and `make servers` start it.
func frontCommand() *cobra.Command {
	return &cobra.Command{
		Use: "clickhouse-front", Short: "Serve the embedded ClickHouse engine over HTTP", Hidden: true, DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error { return embedded.RunClickHouseFront(cmd.Context(), args) },
	}
}
