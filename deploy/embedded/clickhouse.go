package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// ClickHouseOptions are what StartClickHouse needs.
type ClickHouseOptions struct {
	// Listen is the host:port for HTTP; port 0 picks a free one.
	Listen string
	// Library is the path of libchdb; empty calls FindLibchdb.
	Library string
	// Data is the folder for the tables; empty means a temporary one that Close removes.
	Data string
	// Deadline is how long one query may take; 0 means 30 s. A query that goes on much longer makes the child be started anew.
	Deadline time.Duration
	// Command starts the child: the program and what stands before the flags of RunClickHouseFront. Empty means this
	// program with the subcommand "clickhouse-front".
	Command []string
	// Log gets a line for each change of the child's state and for each slow query; nil means none.
	Log *slog.Logger

	health health
}

// ClickHouse is the engine in a child process, kept running: a child that crashes or hangs is replaced. The address
// stays open meanwhile, so clients wait rather than fail.
type ClickHouse struct {
	options  ClickHouseOptions
	listener *net.TCPListener
	cancel   context.CancelFunc
	done     chan struct{} // closed when the keeper has ended
	close    sync.Once
	remove   string // folder to remove at the end
}

const (
	clickHouseReady   = 20 * time.Second // from start to the first answer; a cold disk reads half a gigabyte
	clickHouseStopped = 3 * time.Second  // from asking to killing
)

// StartClickHouse starts the child and returns when it answers. Without the library the error wraps ErrNoLibrary.
func StartClickHouse(ctx context.Context, options ClickHouseOptions) (*ClickHouse, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	listener, err := listenTCP("ClickHouse", options.Listen)
	if err != nil {
		return nil, err
	}
	c := &ClickHouse{options: options, listener: listener, done: make(chan struct{})}
	if options.Data == "" {
		if c.remove, err = os.MkdirTemp("", "touchwatch-clickhouse-"); err != nil {
			_ = listener.Close()
			return nil, fmt.Errorf("embedded ClickHouse: %w", err)
		}
		c.options.Data = c.remove
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.cancel = cancel
	k := &keeper{options: c.options, listener: listener, address: c.Addr(), failed: make(chan error, 1)}
	go func() {
		defer close(c.done)
		k.run(run)
	}()
	if err := c.waitReady(ctx, k.failed); err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("embedded ClickHouse on %s: %w", options.Listen, err)
	}
	return c, nil
}

func (o ClickHouseOptions) complete() (ClickHouseOptions, error) {
	if o.Library == "" {
		path, err := FindLibchdb()
		if err != nil {
			return o, err
		}
		o.Library = path
	}
	if len(o.Command) == 0 {
		program, err := os.Executable()
		if err != nil {
			return o, fmt.Errorf("embedded ClickHouse: find this program: %w", err)
		}
		o.Command = []string{program, FrontCommand}
	}
	if o.Deadline == 0 {
		o.Deadline = 30 * time.Second
	}
	if o.health == (health{}) {
		o.health = health{every: 2 * time.Second, patience: 5 * time.Second, failures: 3}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// Addr is the host:port that answers HTTP.
func (c *ClickHouse) Addr() string { return c.listener.Addr().String() }

// Close stops the child and waits for its end, a few seconds at most. A temporary data folder is removed.
func (c *ClickHouse) Close() error {
	var err error
	c.close.Do(func() {
		c.cancel()
		<-c.done
		err = c.listener.Close()
		if c.remove != "" {
			err = errors.Join(err, os.RemoveAll(c.remove))
		}
	})
	<-c.done
	return err
}

func (c *ClickHouse) waitReady(ctx context.Context, failed <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, clickHouseReady)
	defer cancel()
	pinged := make(chan error, 1)
	go func() { pinged <- ping(ctx, c.Addr()) }()
	select {
	case err := <-failed:
		cancel()
		<-pinged
		return err
	case err := <-pinged:
		return err
	}
}

// ping asks once and waits for the answer: the listener is open, so the question waits until a child takes it.
func ping(ctx context.Context, address string) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, Proxy: nil}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/ping", nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("answers %s", response.Status)
	}
	return nil
}
