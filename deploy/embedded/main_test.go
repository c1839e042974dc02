package embedded

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// parentCommand makes the test binary play a program that starts the child and is killed.
const parentCommand = "parent-of-clickhouse"

// TestMain plays the child when the test binary is started as one, as cmd does for the program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == FrontCommand {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		if err := RunClickHouseFront(ctx, os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 1 && os.Args[1] == parentCommand {
		c, err := StartClickHouse(context.Background(), ClickHouseOptions{Listen: "127.0.0.1:0", Data: os.Args[2]})
		fmt.Println(c != nil, err)
		select {}
	}
	goleak.VerifyTestMain(m)
}
