package embedded

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"touchwatch/deploy/embedded/chdb"
	"touchwatch/deploy/embedded/front"
)

// FrontCommand is the hidden subcommand under which cmd runs RunClickHouseFront; StartClickHouse starts the child with it.
const FrontCommand = "clickhouse-front"

// frontOptions are the flags of the front.
type frontOptions struct {
	listen, data, library string
	deadline              time.Duration
	untilStdinEnds        bool
}

// RunClickHouseFront is the main function of the child process: an HTTP server on the ClickHouse engine. It returns nil
// when ctx ends, and an error when it cannot start or a query hangs; the process must then end, since a hung query cannot be stopped.
// Slow queries are logged to standard output.
// Flags: --listen host:port (or fd:N, an inherited listener), --data folder, --library path, --deadline per query,
// --until-stdin-ends to stop when the parent is gone.
func RunClickHouseFront(ctx context.Context, args []string) error {
	o, err := parseFrontFlags(args)
	if err != nil {
		return err
	}
	listener, err := frontListener(o.listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if o.untilStdinEnds {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		go func() { // ends with the process at the latest: reading stdin cannot be interrupted
			_, _ = io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
	}
	engine, err := chdb.Load(o.library)
	if err != nil {
		return err
	}
	keep, err := engine.Connect(o.data)
	if err != nil {
		return err
	}
	server := front.New(front.Options{
		Open:     func() (front.Conn, error) { return engine.Connect(o.data) },
		Deadline: o.deadline,
		Patience: max(o.deadline/2, time.Second),
		Log:      slog.New(slog.NewTextHandler(os.Stdout, nil)),
	})
	if err := serveFront(ctx, listener, server); err != nil {
		return err
	}
	keep.Close() // the last connection: the engine writes what it holds
	return nil
}

func parseFrontFlags(args []string) (frontOptions, error) {
	var o frontOptions
	flags := flag.NewFlagSet(FrontCommand, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the error says it once
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8223", "address for HTTP, or fd:N for an inherited listener")
	flags.StringVar(&o.data, "data", "", "folder for the tables; made when missing")
	flags.StringVar(&o.library, "library", "", "path of libchdb; empty searches where `make chdb` puts it")
	flags.DurationVar(&o.deadline, "deadline", 30*time.Second, "how long one query may take")
	flags.BoolVar(&o.untilStdinEnds, "until-stdin-ends", false, "stop when standard input ends")
	if err := flags.Parse(args); err != nil {
		return o, fmt.Errorf("%s: %w", FrontCommand, err)
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%s: unexpected argument %q", FrontCommand, flags.Arg(0))
	}
	if o.data == "" {
		return o, fmt.Errorf("%s: --data is missing: name a folder for the tables", FrontCommand)
	}
	if err := os.MkdirAll(o.data, 0o700); err != nil {
		return o, fmt.Errorf("%s: --data: %w", FrontCommand, err)
	}
	if o.library == "" {
		var err error
		if o.library, err = FindLibchdb(); err != nil {
			return o, err
		}
	}
	return o, nil
}

func frontListener(listen string) (net.Listener, error) {
	number, inherited := strings.CutPrefix(listen, "fd:")
	if !inherited {
		listener, err := net.Listen("tcp", listen)
		if err != nil {
			return nil, fmt.Errorf("ClickHouse front cannot listen on %s: %w", listen, err)
		}
		return listener, nil
	}
	fd, err := strconv.Atoi(number)
	if err != nil {
		return nil, fmt.Errorf("--listen %q: fd: and a number expected", listen)
	}
	file := os.NewFile(uintptr(fd), "listener")
	defer func() { _ = file.Close() }()
	listener, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("inherited listener %s: %w", listen, err)
	}
	return listener, nil
}

// frontShutdown bounds how long running queries may go on after the end was asked for.
const frontShutdown = time.Second

func serveFront(ctx context.Context, listener net.Listener, server *front.Server) error {
	h := &http.Server{Handler: server, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 2 * time.Minute, IdleTimeout: 5 * time.Minute}
	served := make(chan error, 1)
	go func() { served <- h.Serve(listener) }()
	select {
	case query := <-server.Hung():
		return fmt.Errorf("the engine does not end this query and has to be started anew: %s", query)
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), frontShutdown)
	defer cancel()
	err := h.Shutdown(stop)
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("stopped while a query was running")
	}
	<-served
	return err
}
