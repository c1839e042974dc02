package front

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Server answers requests. Make one with New; it holds no goroutine of its own.
type Server struct {
	options Options
	slots   chan struct{}
	hung    chan string
}

// New makes a server.
func New(options Options) *Server {
	options = options.withDefaults()
	return &Server{options: options, slots: make(chan struct{}, options.Concurrent), hung: make(chan string, 1)}
}

// Hung yields where a query stands that the engine does not end, and its text. The engine cannot be saved then: end the process
// without closing connections.
func (s *Server) Hung() <-chan string { return s.hung }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // a result before on this connection has set one
	if err := checkCaller(r); err != nil {
		asFailure(err).write(w)
		return
	}
	switch {
	case r.URL.Path == "/ping":
		_, _ = io.WriteString(w, "Ok.\n")
	case r.URL.Path != "/":
		http.NotFound(w, r)
	case r.Method == http.MethodGet && r.URL.Query().Get("query") == "":
		_, _ = io.WriteString(w, "Ok.\n")
	case !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost}, r.Method):
		http.Error(w, "only GET and POST", http.StatusMethodNotAllowed)
	default:
		if err := s.serve(w, r); err != nil {
			asFailure(err).write(w)
		}
	}
}

// checkCaller refuses what a page in somebody's browser could send: it knows no passwords, so any site could ask.
func checkCaller(r *http.Request) error {
	if r.Header.Get("Origin") != "" {
		return refuse(codeAccess, "requests from web pages are refused")
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host != "localhost" && net.ParseIP((&url.URL{Host: host}).Hostname()) == nil && net.ParseIP(host) == nil {
		return refuse(codeAccess, fmt.Sprintf("host %q: use the address or localhost", host))
	}
	return nil
}

// serve runs one request. An error means that nothing was answered yet.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) error {
	q, err := parseRequest(r, s.options.Deadline)
	if err != nil {
		return err
	}
	body, err := openBody(w, r, q, s.options.MaxBody)
	if err != nil {
		return err
	}
	st, data, err := readStatement(q, body)
	if err != nil {
		return err
	}
	if q.readonly && !slices.Contains([]string{"SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "("}, st.first) {
		return refuse(codeReadonly, "GET only reads: send "+st.first+" by POST")
	}
	if data != nil {
		file, path, err := newSpool()
		if err != nil {
			return err
		}
		defer closeSpool(file)
		if n, err := io.Copy(file, data); err != nil || n == 0 {
			return err
		}
		st.text = st.insert.from(path)
	}
	if err := s.acquire(r.Context()); err != nil {
		return err
	}
	defer func() { <-s.slots }()
	return s.run(w, q, st)
}

// acquire waits for one of the places.
func (s *Server) acquire(ctx context.Context) error {
	timer := time.NewTimer(s.options.Deadline)
	defer timer.Stop()
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return refuse(codeTooMany, "the client went away")
	case <-timer.C:
		return refuse(codeTooMany, "too many queries at once")
	}
}

// run sends the statement to the engine and its result to the client.
func (s *Server) run(w http.ResponseWriter, q request, st statement) error {
	p := s.follow(st.text)
	defer p.end()
	conn, err := s.options.Open()
	if err != nil {
		return err
	}
	defer func() {
		p.at("gives its connection back")
		conn.Close()
	}()
	p.at("sets its settings")
	for _, statement := range q.prepare() {
		if _, err := conn.Query(statement, "Null", nil); err != nil {
			return err
		}
	}
	format := st.format
	if format == "" {
		format = q.format
	}
	a := newAnswer(w, q, format)
	p.at("runs")
	if st.streams && format == "Native" {
		err = conn.Stream(st.text, format, q.params, a.piece)
	} else {
		err = s.whole(conn, q, st, a)
	}
	if err != nil {
		a.fail(asFailure(err))
	}
	return nil
}

func (s *Server) whole(conn Conn, q request, st statement, a *answer) error {
	result, err := conn.Query(st.text, q.format, q.params)
	if err != nil {
		return err
	}
	a.w.Header().Set("X-ClickHouse-Summary", fmt.Sprintf(`{"read_rows":"%d","written_rows":"%d"}`, result.RowsRead, result.RowsWritten))
	return a.piece(result)
}
