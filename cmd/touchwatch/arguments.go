package main

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"touchwatch/cmd/app"
)

// usageError is a wrong command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usageErrors makes wrong arguments, unknown commands and groups without a verb usage errors; the root alone prints its help.
func usageErrors(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return &usageError{fmt.Errorf("%w (see '%s --help')", err, c.CommandPath())}
			}
			return nil
		}
	}
	if cmd.HasSubCommands() && cmd.Run == nil && cmd.RunE == nil {
		cmd.RunE = func(c *cobra.Command, args []string) error {
			if len(args) == 0 && !c.HasParent() {
				return c.Help()
			}
			if len(args) == 0 {
				return &usageError{fmt.Errorf("a command of %q is missing: want %s (see '%s --help')", c.CommandPath(), strings.Join(verbs(c), " or "), c.CommandPath())}
			}
			return unknownCommand(c, args[0])
		}
		cmd.Args = cobra.ArbitraryArgs
	}
	for _, sub := range cmd.Commands() {
		usageErrors(sub)
	}
}

// verbs are the names of a group's commands that people may use.
func verbs(group *cobra.Command) (names []string) {
	for _, sub := range group.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	return names
}

// unknownCommand names a command that a group has not, and the nearest one that it has.
func unknownCommand(group *cobra.Command, name string) error {
	return &usageError{fmt.Errorf("unknown command %q for %q%s (see '%s --help')", name, group.CommandPath(), app.Suggest(name, verbs(group)), group.CommandPath())}
}

// helpCommand is `help [COMMAND]`, which knows when there is no such command.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			topic, rest, err := cmd.Root().Find(args)
			if err != nil {
				return &usageError{err}
			}
			if len(rest) > 0 {
				return unknownCommand(topic, rest[0])
			}
			return topic.Help()
		},
	}
}

// takes checks that a command got exactly these arguments, by their names in its usage line.
func takes(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			missing := names[len(args):]
			verb := "is"
			if len(missing) > 1 {
				verb = "are"
			}
			return fmt.Errorf("%s %s missing", strings.Join(missing, " and "), verb)
		case len(args) > len(names):
			return fmt.Errorf("unexpected argument %q", args[len(names)])
		}
		return nil
	}
}

// flagProblems collects what is wrong with a command's flags; the zero value is empty.
type flagProblems struct{ all []error }

// want notes a problem with a flag unless ok.
func (p *flagProblems) want(ok bool, flag, wanted string, got any) {
	if !ok {
		p.all = append(p.all, fmt.Errorf("--%s: want %s, got %v", flag, wanted, got))
	}
}

// err returns everything noted as one usage error, or nil.
func (p *flagProblems) err() error {
	if len(p.all) == 0 {
		return nil
	}
	return &usageError{errors.Join(p.all...)}
}

// finite reports whether a number given on the command line is one to count with: strconv takes "NaN" and "Inf" as well.
func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
