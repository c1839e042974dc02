// Touchwatch is the one binary: every part of the product is a subcommand. This package parses flags, handles signals and
// sets the exit code; what runs is built by cmd/app.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"touchwatch/deploy/connect"
)

// Exit codes.
const (
	exitFailed      = 1   // something went wrong
	exitUsage       = 2   // the command line was wrong
	exitInterrupted = 130 // a signal came before the work was done
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
	}()
	connect.LogRedis(slog.New(slog.DiscardHandler)) // commands with a log of their own say where it goes
	err := rootCommand().ExecuteContext(ctx)
	if err == nil {
		return
	}
	os.Exit(report(ctx, err))
}

// report says what went wrong and returns the exit code.
func report(ctx context.Context, err error) int {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	fmt.Fprintln(os.Stderr, "touchwatch:", err)
	var usage *usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}
