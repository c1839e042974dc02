//go:build nochdb || !(linux || darwin)

// Package chdb stands in for the engine in builds without it: see the package's documentation on Linux or macOS.
package chdb

import "errors"

// Engine is the loaded library; in this build there is none.
type Engine struct{}

// Conn is one connection to the engine; in this build there is none.
type Conn struct{}

// Param is a value for {name:Type} in a query.
type Param struct{ Name, Value string }

// Result is the outcome of a query.
type Result struct {
	Data        []byte
	RowsRead    uint64
	RowsWritten uint64
}

var errNone = errors.New("this build has no embedded ClickHouse engine (it was built with the tag nochdb, or for a system other than Linux and macOS)")

// Load always fails.
func Load(string) (*Engine, error) { return nil, errNone }

// Connect always fails.
func (*Engine) Connect(string, ...string) (*Conn, error) { return nil, errNone }

// Close does nothing.
func (*Conn) Close() {}

// Query always fails.
func (*Conn) Query(string, string, []Param) (Result, error) { return Result{}, errNone }

// Stream always fails.
func (*Conn) Stream(string, string, []Param, func(Result) error) error { return errNone }
