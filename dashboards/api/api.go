// Package api owns the product's one HTTP server: the JSON API under /api/v1 with its OpenAPI description, health,
// readiness and metrics, and the places where the live socket and the board are mounted. It reads states from Redis and
// the live picture from the hub, asks the archive through History, and changes nothing: a person's action becomes an entry
// of the subject's timeline.
//
// An API is safe for concurrent use. It starts no goroutine that outlives a request.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"touchwatch/alerts/alert"
	"touchwatch/alerts/hub"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// Board is the live picture. alerts/hub.Hub is one.
type Board interface {
	// Alerts returns open alerts and those that ended in the last hour, most urgent first.
	Alerts() []alert.Alert
	// Risk returns the customers at risk, lowest score first.
	Risk() []hub.RiskRow
	// Progress returns how far the picture reaches.
	Progress() hub.Progress
}

// Timeline takes entries in.
type Timeline interface {
	// Append writes e to the log of its subject. An error means that e may or may not be there: whoever repeats it keeps its ID.
	Append(ctx context.Context, e timeline.Entry) error
}

// Options configure an API.
type Options struct {
	Version   string // of the program
	Store     *Store
	Board     Board
	Customers Timeline     // takes actions on customers' alerts
	Places    Timeline     // takes actions on places' alerts
	History   History      // the archive; nil when there is none
	NoHistory string       // how to get an archive, in words, for people who ask for it in vain
	Live      http.Handler // the WebSocket endpoint
	Web       http.Handler // the board: everything that is not ours; nil for none
	Checks    []Check      // what readiness depends on
	// Warnings are what people should know although the process is ready, such as a silent channel; nil for none.
	Warnings func() []string
	Tokens   *Tokens // nil lets everybody in, who must then come by a name in Hosts
	// Hosts are the names, beside the loopback ones, by which the server may be addressed when Tokens is nil. Others are refused: a foreign
	// site could let its own name point to 127.0.0.1.
	Hosts    []string
	Gatherer prometheus.Gatherer // served at /metrics; nil for none
	Metrics  *Metrics
	Log      *slog.Logger
	Now      func() time.Time // wall clock; nil means time.Now
}

// API is the handler of the HTTP server.
type API struct {
	opt       Options
	mux       *http.ServeMux
	handler   http.Handler
	startedAt time.Time
	draining  atomic.Bool
}

// New returns the handler. It does not listen; see NewServer.
func New(opt Options) *API {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Metrics == nil {
		opt.Metrics = NewMetrics(nil)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Warnings == nil {
		opt.Warnings = func() []string { return nil }
	}
	if opt.NoHistory == "" {
		opt.NoHistory = "configure ClickHouse"
	}
	a := &API{opt: opt, mux: http.NewServeMux(), startedAt: opt.Now()}
	routes := humago.New(a.mux, describe(opt.Version))
	a.registerCustomers(routes)
	a.registerAlerts(routes)
	a.registerPlaces(routes)
	a.registerHistory(routes)
	a.registerStatus(routes)
	a.mount()
	a.handler = a.wrap(a.mux)
	return a
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// Drain makes readiness say that this process is going away, so that nobody sends it new work. Everything else goes on.
func (a *API) Drain() { a.draining.Store(true) }

// mount adds what is not part of the described API.
func (a *API) mount() {
	for _, path := range []string{"/-/healthy", "/healthz", "/livez"} {
		a.mux.HandleFunc("GET "+path, a.healthy)
	}
	for _, path := range []string{"/-/ready", "/readyz"} {
		a.mux.HandleFunc("GET "+path, a.ready)
	}
	if a.opt.Gatherer != nil {
		a.mux.Handle("GET /metrics", promhttp.HandlerFor(a.opt.Gatherer, promhttp.HandlerOpts{}))
	}
	if a.opt.Live != nil {
		a.mux.Handle("GET "+livePath, a.opt.Live)
	}
	a.mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusNotFound, "there is no "+r.Method+" "+r.URL.Path+"; the routes are listed at "+openAPIPath+".json")
	})
	if a.opt.Web != nil {
		a.mux.Handle("/", a.opt.Web)
	}
}

// now is the moment for which scores are computed.
func (a *API) now() touchpoint.Millis { return touchpoint.MillisOf(a.opt.Now()) }

// answer is a response with a JSON body.
type answer[T any] struct{ Body T }

func reply[T any](body T) *answer[T] { return &answer[T]{Body: body} }

// fault turns an error of a server behind us into an answer, and logs it.
func (a *API) fault(operation string, err error) error {
	if errors.Is(err, context.Canceled) {
		return huma.NewError(statusClientGone, "the client went away")
	}
	a.opt.Log.Warn("request failed", "operation", operation, "error", err)
	status := http.StatusServiceUnavailable
	if errors.Is(err, context.DeadlineExceeded) {
		status = http.StatusGatewayTimeout
	}
	return huma.ErrorWithHeaders(huma.NewError(status, "cannot "+operation+" now; try again in a moment", err), http.Header{"Retry-After": {"2"}})
}

// statusClientGone is what proxies log for a client that did not wait.
const statusClientGone = 499
