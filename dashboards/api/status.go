package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"touchwatch/alerts/hub"
	"touchwatch/ingest/touchpoint"
)

// Check is something the program needs in order to do its work.
type Check struct {
	Name string // such as "redis"
	// Probe returns nil when it is there, or why not. It honours ctx and may be called by several requests at once.
	Probe func(ctx context.Context) error
}

// CheckResult is what a check found.
type CheckResult struct {
	Name   string `json:"name"`
	Ready  bool   `json:"ready"`
	Reason string `json:"reason,omitempty"`
}

// StatusAnswer says how this process is.
type StatusAnswer struct {
	Version    string               `json:"version"`
	Go         string               `json:"go"`
	StartedAt  touchpoint.Millis    `json:"started_at"`
	Now        touchpoint.Millis    `json:"now"`
	UpTo       touchpoint.Millis    `json:"up_to" doc:"everything received until then is in the live picture; zero while unknown"`
	Age        *int64               `json:"age_ms" doc:"now minus up_to: how old the picture is; null while unknown"`
	Sources    []hub.SourceProgress `json:"sources" doc:"the same per raw topic"`
	Ready      bool                 `json:"ready"`
	Checks     []CheckResult        `json:"checks"`
	Warnings   []string             `json:"warnings" doc:"what people should know although the process is ready: silent channels, stalled partitions"`
	History    bool                 `json:"history" doc:"whether an archive is configured"`
	Customers  int                  `json:"customer_partitions"`
	Places     int                  `json:"place_partitions"`
	OpenAlerts int                  `json:"open_alerts"`
	Draining   bool                 `json:"draining,omitempty" doc:"the process is going away"`
}

// probeWithin bounds all checks of one request.
const probeWithin = 2 * time.Second

func (a *API) registerStatus(routes huma.API) {
	huma.Register(routes, operation(http.MethodGet, "/status", "get-status", "Progress, age of the picture, versions, and what is not ready"), a.status)
}

func (a *API) status(ctx context.Context, _ *struct{}) (*answer[StatusAnswer], error) {
	progress, now := a.opt.Board.Progress(), a.now()
	ready, checks := a.probe(ctx)
	out := StatusAnswer{
		Version: a.opt.Version, Go: runtime.Version(), StartedAt: touchpoint.MillisOf(a.startedAt), Now: now, UpTo: progress.UpTo,
		Sources: nonNil(progress.Sources), Ready: ready, Checks: checks, Warnings: nonNil(a.opt.Warnings()), History: a.opt.History != nil,
		Customers: a.opt.Store.Customers, Places: a.opt.Store.Places, Draining: a.draining.Load(),
	}
	if progress.UpTo > 0 {
		age := max(0, now.Sub(progress.UpTo).Milliseconds())
		out.Age = &age
	}
	for _, x := range a.opt.Board.Alerts() {
		if x.Phase.Open() {
			out.OpenAlerts++
		}
	}
	return reply(out), nil
}

// probe runs all checks at once.
func (a *API) probe(ctx context.Context) (ready bool, results []CheckResult) {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	results = make([]CheckResult, len(a.opt.Checks))
	var running sync.WaitGroup
	for i, c := range a.opt.Checks {
		running.Go(func() {
			results[i] = CheckResult{Name: c.Name, Ready: true}
			if err := probeSafely(ctx, c); err != nil {
				results[i] = CheckResult{Name: c.Name, Reason: err.Error()}
			}
		})
	}
	running.Wait()
	ready = !a.draining.Load()
	for _, r := range results {
		ready = ready && r.Ready
	}
	return ready, results
}

// probeSafely keeps a check's panic from taking down the process that it reports about.
func probeSafely(ctx context.Context, c Check) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the check itself failed: %v", p)
		}
	}()
	return c.Probe(ctx)
}

// healthy says that the process is alive, whatever its surroundings: restarting it would not bring Redis back.
func (a *API) healthy(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte("alive\n"))
}

// ready says whether new work should come here, and if not, why.
func (a *API) ready(w http.ResponseWriter, r *http.Request) {
	ready, checks := a.probe(r.Context())
	if a.draining.Load() {
		checks = append(checks, CheckResult{Name: "process", Reason: "it is going away"})
	}
	w.Header().Set("Content-Type", "application/json")
	if !ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(struct {
		Ready    bool          `json:"ready"`
		Checks   []CheckResult `json:"checks"`
		Warnings []string      `json:"warnings,omitempty"`
	}{ready, checks, a.opt.Warnings()})
}
