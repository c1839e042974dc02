package front

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/compress"

	"touchwatch/deploy/embedded/chdb"
)

// engine is a stand-in that notes what it is asked and answers what it is told.
type engine struct {
	mu     sync.Mutex
	asked  []string
	params []chdb.Param
	open   int

	answer  string
	err     error
	pieces  []string
	infile  string        // content of the file an INSERT named
	holding chan struct{} // not nil: queries other than SET wait for it
}

func (e *engine) Open() (Conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open++
	return e, nil
}

func (e *engine) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open--
}

func (e *engine) note(query string, params []chdb.Param) {
	e.mu.Lock()
	e.asked = append(e.asked, query)
	e.params = params
	if _, rest, ok := strings.Cut(query, "INFILE '"); ok {
		path, _, _ := strings.Cut(rest, "'")
		data, _ := os.ReadFile(path)
		e.infile = string(data)
	}
	e.mu.Unlock()
	if e.holding != nil && !strings.HasPrefix(query, "SET") {
		<-e.holding
	}
}

func (e *engine) Query(query, _ string, params []chdb.Param) (chdb.Result, error) {
	e.note(query, params)
	if strings.HasPrefix(query, "SET") {
		return chdb.Result{}, nil
	}
	return chdb.Result{Data: []byte(e.answer), RowsWritten: 2}, e.err
}

func (e *engine) Stream(query, _ string, params []chdb.Param, emit func(chdb.Result) error) error {
	e.note(query, params)
	for _, p := range e.pieces {
		if err := emit(chdb.Result{Data: []byte(p)}); err != nil {
			return err
		}
	}
	return e.err
}

// ask sends a request and returns the answer with its body.
func ask(t *testing.T, e *engine, method, target, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	server := httptest.NewServer(New(Options{Open: e.Open}))
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil && len(text) == 0 {
		t.Fatal(err)
	}
	return response, string(text)
}

func expectCode(t *testing.T, what string, response *http.Response, code string) {
	t.Helper()
	if got := response.Header.Get("X-ClickHouse-Exception-Code"); got != code || response.StatusCode == http.StatusOK {
		t.Errorf("%s: code %q status %d, want code %s", what, got, response.StatusCode, code)
	}
}

func TestSettingsAndParametersReachOnlyTheirQuery(t *testing.T) {
	e := &engine{answer: "1\n"}
	_, body := ask(t, e, "POST", "/?database=o'k%60x&max_threads=2&param_a=x%0A%0Ay&query_id=q1&user=me", "SELECT {a:String} FORMAT CSV")
	want := []string{"SET max_execution_time = '30', max_threads = '2'", "USE `o'k\\`x`", "SELECT {a:String} FORMAT CSV"}
	if body != "1\n" || strings.Join(e.asked, "|") != strings.Join(want, "|") {
		t.Errorf("answer %q after\n%q", body, e.asked)
	}
	if len(e.params) != 1 || e.params[0] != (chdb.Param{Name: "a", Value: "x\n\ny"}) || e.open != 0 {
		t.Errorf("parameters %v, %d connections open", e.params, e.open)
	}
}

func TestDataOfAnInsertTravelsInAFile(t *testing.T) {
	for name, c := range map[string]struct{ target, body, want string }{
		"in the body":           {"/?query=INSERT+INTO+t+FORMAT+Native", "a\n\nSELECT 2", "a\n\nSELECT 2"},
		"framed":                {"/?decompress=1&query=INSERT+INTO+t+FORMAT+Native", string(frame(t, "a\n\nSEL")) + string(frame(t, "ECT 2")), "a\n\nSELECT 2"},
		"behind the statement":  {"/", "INSERT INTO t VALUES (1)\n\n; DROP TABLE t", " (1)\n\n; DROP TABLE t"},
		"in address and body":   {"/?query=INSERT+INTO+t+VALUES+(1)", ",(2)", " (1),(2)"},
		"a text over two parts": {"/?query=INSERT+INTO+t", "FORMAT CSV\n1\n", "1\n"},
	} {
		e := &engine{}
		response, body := ask(t, e, "POST", c.target, c.body)
		last := strings.Join(e.asked[min(1, len(e.asked)):], "|")
		if response.StatusCode != http.StatusOK || e.infile != c.want || strings.Contains(last, "DROP") || strings.Contains(last, "\n\n") {
			t.Errorf("%s: %s %q; the engine was told %q with %q", name, response.Status, body, last, e.infile)
		}
	}
}

// frame compresses a text the way clients do.
func frame(t *testing.T, text string) []byte {
	t.Helper()
	w := compress.NewWriter(0, compress.ZSTD)
	if err := w.Compress([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(w.Data)
}

func TestErrorsCarryTheirCode(t *testing.T) {
	broken := &engine{err: errors.New("Code: 47. DB::Exception: Unknown identifier. (UNKNOWN_IDENTIFIER)")}
	response, body := ask(t, broken, "POST", "/", "SELECT nosuch")
	expectCode(t, "an error of the engine", response, "47")
	if !strings.Contains(body, "Unknown identifier") {
		t.Errorf("body %q", body)
	}
	for name, c := range map[string]struct{ method, target, body, code string }{
		"two statements":            {"POST", "/", "SELECT 1; SELECT 2", "62"},
		"nothing":                   {"POST", "/", "", "62"},
		"writing by GET":            {"GET", "/?query=DROP+TABLE+t", "", "164"},
		"a setting that waits":      {"POST", "/?database_atomic_wait_for_drop_and_detach_synchronously=1", "SELECT 1", "48"},
		"a setting with a blank":    {"POST", "/?a+b=1", "SELECT 1", "115"},
		"a version that is none":    {"POST", "/?client_protocol_version=x", "SELECT 1", "36"},
		"an unknown compression":    {"POST", "/?compress=1&network_compression_method=rar", "SELECT 1", "48"},
		"a frame that is cut":       {"POST", "/?decompress=1&query=INSERT+INTO+t+FORMAT+CSV", string(frame(t, "1\n")[:25]), "36"},
		"a body that is not framed": {"POST", "/?decompress=1", "SELECT 1", "36"},
	} {
		e := &engine{}
		response, _ := ask(t, e, c.method, c.target, c.body)
		expectCode(t, name, response, c.code)
		if len(e.asked) > 0 {
			t.Errorf("%s reached the engine: %q", name, e.asked)
		}
	}
}

func TestPagesInABrowserAreRefused(t *testing.T) {
	response, _ := ask(t, &engine{}, "POST", "/", "SELECT 1", "Origin", "https://evil.example")
	expectCode(t, "a page", response, "497")
	response, _ = ask(t, &engine{}, "POST", "/", "SELECT 1", "Host", "evil.example:8223")
	expectCode(t, "a name of somebody else's", response, "497")
	response, body := ask(t, &engine{}, "GET", "/ping", "", "Host", "localhost:8223")
	if response.StatusCode != http.StatusOK || body != "Ok.\n" {
		t.Errorf("ping: %s %q", response.Status, body)
	}
}

func TestALargeBodyIsRefusedWhole(t *testing.T) {
	e := &engine{}
	server := New(Options{Open: e.Open, MaxBody: 100})
	for _, target := range []string{"/", "/?query=INSERT+INTO+t+FORMAT+CSV"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1"+target, strings.NewReader("SELECT 1"+strings.Repeat(" ", 200)))
		server.ServeHTTP(w, r)
		if w.Code != http.StatusRequestEntityTooLarge || len(e.asked) > 0 {
			t.Errorf("%s: %d; the engine was asked %q", target, w.Code, e.asked)
		}
	}
}

func TestAnErrorBehindTheBeginningOfAResultIsNotAnEnd(t *testing.T) {
	e := &engine{pieces: []string{"\x01\x01\x01a\x05UInt8\x07"}, err: errors.New("Code: 395. DB::Exception: thrown")}
	response, body := ask(t, e, "POST", "/?default_format=Native", "SELECT a")
	if response.StatusCode != http.StatusOK || !strings.Contains(body, "\r\n__exception__\r\n") || !strings.Contains(body, "Code: 395") {
		t.Errorf("%s %q", response.Status, body)
	}
	server := httptest.NewServer(New(Options{Open: e.Open}))
	defer server.Close()
	response, err := http.Post(server.URL+"/?default_format=Native&compress=1", "text/plain", strings.NewReader("SELECT a"))
	if err == nil {
		_, err = io.ReadAll(response.Body)
		_ = response.Body.Close()
	}
	if err == nil {
		t.Error("a cut compressed result looks whole")
	}
}

func TestAQueryThatDoesNotEndIsReportedAndOthersGoOn(t *testing.T) {
	e := &engine{holding: make(chan struct{})}
	s := New(Options{Open: e.Open, Deadline: 10 * time.Millisecond, Patience: 10 * time.Millisecond})
	var done sync.WaitGroup
	done.Go(func() {
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/", strings.NewReader("SELECT sleep(forever)"))
		s.ServeHTTP(httptest.NewRecorder(), r)
	})
	select {
	case query := <-s.Hung():
		if !strings.HasSuffix(query, ": SELECT sleep(forever)") {
			t.Error(query)
		}
	case <-time.After(10 * time.Second):
		t.Error("nobody noticed")
	}
	close(e.holding)
	done.Wait()
}

func TestASlowQueryIsLoggedOnceWithWhereItStands(t *testing.T) {
	e := new(engine)
	logged, open := make(chan string, 2), make(chan struct{})
	log := slog.New(slog.NewTextHandler(writerFunc(func(p []byte) { logged <- string(p) }), nil))
	s := New(Options{Open: func() (Conn, error) { <-open; return e.Open() }, Slow: time.Millisecond, Log: log})
	var done sync.WaitGroup
	done.Go(func() {
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/", strings.NewReader("SELECT 1"))
		s.ServeHTTP(httptest.NewRecorder(), r)
	})
	line := <-logged
	close(open)
	done.Wait()
	if !strings.Contains(line, "waits for a connection") || !strings.Contains(line, `query="SELECT 1"`) || len(logged) > 0 {
		t.Errorf("%s and %d more", line, len(logged))
	}
}

type writerFunc func([]byte)

func (w writerFunc) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}

func TestMoreQueriesThanPlacesWaitAndThenGiveUp(t *testing.T) {
	e := &engine{holding: make(chan struct{})}
	s := New(Options{Open: e.Open, Concurrent: 1, Deadline: 20 * time.Millisecond, Patience: time.Hour})
	codes := make(chan int, 2)
	for range 2 {
		go func() {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://127.0.0.1/", strings.NewReader("SELECT 1")))
			codes <- w.Code
		}()
	}
	if code := <-codes; code != http.StatusServiceUnavailable {
		t.Errorf("the second query got %d", code)
	}
	close(e.holding)
	if code := <-codes; code != http.StatusOK {
		t.Errorf("the first query got %d", code)
	}
}
