// Package front is an HTTP server that speaks what ClickHouse clients need, on an engine inside the same process.
//
// It owns the HTTP protocol: queries, parameters, settings, inserts, compression, formats, error codes, streaming. It
// keeps the engine from what harms it: data never travels in the text of a statement but through a file in memory,
// statements come one by one, a DROP does not wait. It leaves the engine to whoever passes Options.Open, and the
// process to its caller: a query that does not end cannot be interrupted, so Hung tells the caller to give up the process.
//
// Each request has a connection to the engine of its own, so no setting survives it. Safe for concurrent use.
// It listens to people on the same machine: it knows no users, and refuses what a web page in a browser could send.
package front

import (
	"log/slog"
	"time"

	"touchwatch/deploy/embedded/chdb"
)

// Conn is one connection to the engine. It runs one query at a time.
type Conn interface {
	Query(query, format string, params []chdb.Param) (chdb.Result, error)
	Stream(query, format string, params []chdb.Param, emit func(chdb.Result) error) error
	Close()
}

// Options are what a Server needs.
type Options struct {
	// Open opens a connection to the engine. It is called for each request, from its goroutine.
	Open func() (Conn, error)
	// Deadline is how long the engine may take for a query before it ends it with an error; 0 means 30 s.
	Deadline time.Duration
	// Patience is how long after Deadline a query may still not have ended before the engine counts as hung; 0 means 15 s.
	Patience time.Duration
	// Slow is after how long a query is logged, once; 0 means 5 s.
	Slow time.Duration
	// Log gets a line for each slow query; nil means none.
	Log *slog.Logger
	// Concurrent is how many queries may run at once; others wait. 0 means 4.
	Concurrent int
	// MaxBody bounds a request's body in bytes, after decompression; 0 means 256 MiB.
	MaxBody int64
}

func (o Options) withDefaults() Options {
	if o.Deadline == 0 {
		o.Deadline = 30 * time.Second
	}
	if o.Patience == 0 {
		o.Patience = 15 * time.Second
	}
	if o.Slow == 0 {
		o.Slow = 5 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Concurrent == 0 {
		o.Concurrent = 4
	}
	if o.MaxBody == 0 {
		o.MaxBody = 256 << 20
	}
	return o
}
