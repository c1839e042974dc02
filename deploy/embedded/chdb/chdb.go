//go:build !nochdb && (linux || darwin)

// Package chdb binds libchdb, the ClickHouse engine as a shared library, without cgo.
//
// It owns the calls over the C interface and the memory that crosses it: everything handed in or out is copied, so
// callers never see engine memory. It leaves to its callers what a query may contain, how many connections there are,
// deadlines (a call cannot be interrupted), and the process: an engine that crashes takes the process with it, so it
// belongs into a child process. Data must never travel inside the text of an INSERT: the engine ends it at the first
// empty line and runs the rest as SQL.
//
// An Engine is safe for concurrent use; a Conn runs one query at a time and belongs to one goroutine. One data folder per process.
package chdb

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Engine is the loaded library.
type Engine struct {
	connect       func(argc int32, argv unsafe.Pointer) uintptr
	closeConn     func(conn uintptr)
	signals       func(enabled int32)
	query         callFunc
	stream        callFunc
	fetch         func(conn, stream uintptr) uintptr
	cancel        func(conn, stream uintptr)
	destroy       func(result uintptr)
	resultBuffer  func(result uintptr) uintptr
	resultLength  func(result uintptr) uintptr
	resultError   func(result uintptr) uintptr
	resultRows    func(result uintptr) uint64
	resultWritten func(result uintptr) uint64
}

// callFunc is the shape of the calls that take a query with bound parameters.
type callFunc func(conn uintptr, query unsafe.Pointer, queryLen uintptr, format unsafe.Pointer, formatLen uintptr,
	names, nameLens, values, valueLens unsafe.Pointer, count uintptr) uintptr

// Load maps the library of that path into this process. A library that lacks a function we need is an error.
func Load(path string) (*Engine, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	e := &Engine{}
	for name, target := range map[string]any{
		"chdb_connect": &e.connect, "chdb_close_conn": &e.closeConn, "chdb_set_signal_handlers_enabled": &e.signals,
		"chdb_query_with_params_n": &e.query, "chdb_stream_query_with_params_n": &e.stream,
		"chdb_stream_fetch_result": &e.fetch, "chdb_stream_cancel_query": &e.cancel, "chdb_destroy_query_result": &e.destroy,
		"chdb_result_buffer": &e.resultBuffer, "chdb_result_length": &e.resultLength, "chdb_result_error": &e.resultError,
		"chdb_result_rows_read": &e.resultRows, "chdb_result_rows_written": &e.resultWritten,
	} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("load %s: it lacks %s, so it is another version than this program needs: %w", path, name, err)
		}
		purego.RegisterFunc(target, symbol)
	}
	return e, nil
}

// Conn is one connection to the engine of this process.
type Conn struct {
	engine *Engine
	handle uintptr // what chdb_close_conn takes
	conn   uintptr // what queries take
}

// Connect opens a connection; the first one starts the engine on that data folder, with the given settings as
// command line options (e.g. "--max_threads=2"). Later ones must name the same folder.
func (e *Engine) Connect(folder string, options ...string) (*Conn, error) {
	e.signals(0)
	argv := []*byte{cString("clickhouse"), cString("--path=" + folder)}
	for _, option := range options {
		argv = append(argv, cString(option))
	}
	argv = append(argv, nil)
	handle := e.connect(int32(len(argv)-1), unsafe.Pointer(&argv[0]))
	runtime.KeepAlive(argv)
	if handle == 0 {
		return nil, fmt.Errorf("start engine on %s: refused; is the folder in use by another process?", folder)
	}
	c := &Conn{engine: e, handle: handle, conn: *(*uintptr)(pointer(handle))}
	if c.conn == 0 {
		return nil, fmt.Errorf("start engine on %s: no connection", folder)
	}
	return c, nil
}

// Close ends the connection; the last one stops the engine, which flushes its tables.
func (c *Conn) Close() {
	if c.handle != 0 {
		c.engine.closeConn(c.handle)
		c.handle, c.conn = 0, 0
	}
}

// Param is a value for {name:Type} in a query, in the engine's escaped text form (as in tab separated values).
type Param struct{ Name, Value string }

// Result is the outcome of a query.
type Result struct {
	Data        []byte // in the format asked for
	RowsRead    uint64
	RowsWritten uint64
}

// Query runs one statement and returns its whole result. An error of the engine is returned with the engine's text,
// which begins with "Code: ".
func (c *Conn) Query(query, format string, params []Param) (Result, error) {
	handle := c.call(c.engine.query, query, format, params)
	if handle == 0 {
		return Result{}, errNoAnswer
	}
	defer c.engine.destroy(handle)
	return c.engine.take(handle)
}

// Stream runs one SELECT and hands its result to emit piece by piece, each complete in the format asked for (so only
// formats without head and tail make sense). What emit gets is its own to keep. An error of emit cancels the query and is returned.
func (c *Conn) Stream(query, format string, params []Param, emit func(Result) error) error {
	stream := c.call(c.engine.stream, query, format, params)
	if stream == 0 {
		return errNoAnswer
	}
	defer c.engine.destroy(stream)
	if text := cText(c.engine.resultError(stream)); text != "" {
		return errors.New(text)
	}
	for {
		handle := c.engine.fetch(c.conn, stream)
		if handle == 0 {
			return errNoAnswer
		}
		piece, err := c.engine.take(handle)
		c.engine.destroy(handle)
		if err != nil || len(piece.Data) == 0 {
			return err
		}
		if err := emit(piece); err != nil {
			c.engine.cancel(c.conn, stream)
			return err
		}
	}
}

var errNoAnswer = errors.New("the engine gave no answer")

// call marshals the arguments. Everything the engine sees stays referenced until it has returned.
func (c *Conn) call(f callFunc, query, format string, params []Param) uintptr {
	q, form := append([]byte(query), 0), append([]byte(format), 0)
	n := len(params)
	names, values := make([]*byte, n+1), make([]*byte, n+1)
	nameLens, valueLens := make([]uintptr, n+1), make([]uintptr, n+1)
	for i, p := range params {
		names[i], nameLens[i] = cString(p.Name), uintptr(len(p.Name))
		values[i], valueLens[i] = cString(p.Value), uintptr(len(p.Value))
	}
	handle := f(c.conn, unsafe.Pointer(&q[0]), uintptr(len(query)), unsafe.Pointer(&form[0]), uintptr(len(format)),
		unsafe.Pointer(&names[0]), unsafe.Pointer(&nameLens[0]), unsafe.Pointer(&values[0]), unsafe.Pointer(&valueLens[0]), uintptr(n))
	runtime.KeepAlive(q)
	runtime.KeepAlive(form)
	runtime.KeepAlive(names)
	runtime.KeepAlive(nameLens)
	runtime.KeepAlive(values)
	runtime.KeepAlive(valueLens)
	return handle
}

// take copies a result out of engine memory.
func (e *Engine) take(handle uintptr) (Result, error) {
	if text := cText(e.resultError(handle)); text != "" {
		return Result{}, errors.New(text)
	}
	r := Result{RowsRead: e.resultRows(handle), RowsWritten: e.resultWritten(handle)}
	if n, buffer := e.resultLength(handle), e.resultBuffer(handle); n > 0 && buffer != 0 {
		r.Data = append([]byte(nil), unsafe.Slice((*byte)(pointer(buffer)), n)...)
	}
	return r, nil
}

// pointer turns an address of engine memory, which the garbage collector neither moves nor frees, into a pointer.
func pointer(address uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }

func cString(s string) *byte {
	b := append([]byte(s), 0)
	return &b[0]
}

// cText copies a text that ends with a zero byte.
func cText(address uintptr) string {
	if address == 0 {
		return ""
	}
	n := 0
	for *(*byte)(pointer(address + uintptr(n))) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(pointer(address)), n))
}
