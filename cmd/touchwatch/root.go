package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"touchwatch/cmd/app"
	"touchwatch/deploy/connect"
)

// rootCommand builds the command tree.
func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "touchwatch",
		Short: "Watches every touchpoint a customer has with a company, and tells the right person when it turns bad",
		Long: `touchwatch watches every touchpoint a customer has with a company: website, chat, social media and calls.
It keeps one live picture per customer, and alerts the right person the moment that customer's experience turns bad.

Start with:  touchwatch dev`,
		SilenceUsage: true, SilenceErrors: true,
		Version: version().String(),
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(devCommand(), serveCommand(), simulateCommand(), rulesCommand(), signalsCommand(), textCommand(), stateCommand(), explainCommand(),
		deadCommand(), topicsCommand(), migrateCommand(), rebuildCommand(), doctorCommand(), configCommand(), faultsCommand(), benchCommand(), benchChildCommand(), versionCommand(), frontCommand())
	root.SetHelpCommand(helpCommand())
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		var value *pflag.InvalidValueError
		if errors.As(err, &value) {
			err = wrongValue(value)
		}
		return &usageError{fmt.Errorf("%w%s (see '%s --help')", err, suggestFlag(cmd, err), cmd.CommandPath())}
	})
	usageErrors(root)
	return root
}

// wrongValue says what a flag takes, in place of which function could not read it.
func wrongValue(err *pflag.InvalidValueError) error {
	wanted := ""
	switch kind := err.GetFlag().Value.Type(); kind {
	case "uint64":
		wanted = "a whole number, 0 or more"
	case "int", "int64":
		wanted = "a whole number"
	case "float64":
		wanted = "a number"
	case "duration":
		wanted = "a duration such as 90s or 24h"
	case "bool":
		wanted = "true or false"
	case "intSlice":
		wanted = "whole numbers, with commas between them"
	default:
		return err
	}
	return fmt.Errorf("--%s: want %s, got %q", err.GetFlag().Name, wanted, err.GetValue())
}

// suggestFlag names the flag that an unknown one is nearest to.
func suggestFlag(cmd *cobra.Command, err error) string {
	_, got, ok := strings.Cut(err.Error(), "unknown flag: ")
	if !ok {
		return ""
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	return app.Suggest(got, names)
}

// newLog builds the program's log on standard error: text on a terminal, JSON elsewhere, unless format says which. Level and
// format have been checked.
func newLog(level, format string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	opt := &slog.HandlerOptions{Level: l}
	var h slog.Handler = slog.NewJSONHandler(os.Stderr, opt)
	if format == "text" || (format == "" && terminal(os.Stderr)) {
		h = slog.NewTextHandler(os.Stderr, opt)
	}
	log := slog.New(h)
	connect.LogRedis(log)
	return log
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// loadConfig reads the file that --config names and the environment.
func loadConfig(path string) (app.Config, error) { return app.Load(path, os.Environ()) }

// configFlag adds --config to a command.
func configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "config", "c", "", "configuration file (YAML); without it the defaults: servers on this machine")
}

// printf writes to a command's output; a closed pipe ends the program by its signal, other errors have no better place.
func printf(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

// errUnknownRole names a role that there is not.
func errUnknownRole(role string) error {
	var names []string
	for _, r := range app.Roles {
		names = append(names, string(r))
	}
	return fmt.Errorf("unknown role %q, want some of %s%s", role, strings.Join(names, ", "), app.Suggest(role, names))
}
