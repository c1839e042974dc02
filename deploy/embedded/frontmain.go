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
	until                 string
}

// RunClickHouseFront is the main function of the child process: an HTTP server on the ClickHouse engine. It returns nil
// when ctx ends, and an error when it cannot start or a query hangs; the process must then end, since a hung query cannot be stopped.
// Slow queries are logged to standard output.
// Flags: --listen host:port (or fd:N, an inherited listener), --data folder, --library path, --deadline per query,
// --until-closed fd:N, an inherited pipe, to stop when its other end is closed, as when the parent is gone.
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
	if err := giveUpStdin(); err != nil {
		return err
	}
	if o.until != "" {
		fd, err := descriptor("--until-closed", o.until)
		if err != nil {
			return err
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		go func() { // ends with the process at the latest: the read cannot be interrupted
			_, _ = io.Copy(io.Discard, os.NewFile(fd, "parent"))
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
	flags.StringVar(&o.until, "until-closed", "", "fd:N, an inherited pipe: stop when its other end is closed")
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
	if !strings.HasPrefix(listen, "fd:") {
		listener, err := net.Listen("tcp", listen)
		if err != nil {
			return nil, fmt.Errorf("ClickHouse front cannot listen on %s: %w", listen, err)
		}
		return listener, nil
	}
	fd, err := descriptor("--listen", listen)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(fd, "listener")
	defer func() { _ = file.Close() }()
	listener, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("inherited listener %s: %w", listen, err)
	}
	return listener, nil
}

// descriptor reads fd:N.
func descriptor(flag, value string) (uintptr, error) {
	number, named := strings.CutPrefix(value, "fd:")
	fd, err := strconv.ParseUint(number, 10, 16)
	if !named || err != nil {
		return 0, fmt.Errorf("%s %q: fd: and a number expected", flag, value)
	}
	return uintptr(fd), nil
}

// giveUpStdin makes standard input empty. The engine looks there for data at each INSERT: it makes it non-blocking, reads, and makes it blocking
// again, so that of two at the same time one may read for ever from a pipe on which nothing comes (ClickHouse pull request 96494).
func giveUpStdin() error {
	_ = os.Stdin.Close() // its number is the next that is given out
	null, err := os.Open(os.DevNull)
	if err != nil {
		return fmt.Errorf("give up standard input: %w", err)
	}
	if fd := null.Fd(); fd != 0 {
		return fmt.Errorf("give up standard input: another file took its place, %s is file %d", os.DevNull, fd)
	}
	os.Stdin = null // or it would be closed one day
	return nil
}

// frontShutdown bounds how long running queries may go on after the end was asked for.
const frontShutdown = time.Second

func serveFront(ctx context.Context, listener net.Listener, server *front.Server) error {
	h := &http.Server{Handler: server, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 2 * time.Minute, IdleTimeout: 5 * time.Minute}
	served := make(chan error, 1)
	go func() { served <- h.Serve(listener) }()
	select {
	case query := <-server.Hung():
		return fmt.Errorf("the engine does not end this query and has to be started anew: %.200s", query)
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
