package app

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"touchwatch/alerts/feed"
	"touchwatch/alerts/hub"
	"touchwatch/dashboards/api"
	"touchwatch/dashboards/web"
)

// server is the HTTP side of a process. Every process has one, for health and metrics; boards and API come with the role web.
type server struct {
	api     *api.API
	hub     *hub.Hub
	http    *http.Server
	waiting redis.UniversalClient // for reads that wait
	stopped chan struct{}
}

// serve builds the handler and begins to answer: from here on readiness says what the process waits for.
func (a *App) serve() error {
	s := &server{stopped: make(chan struct{})}
	options, err := a.apiOptions(s)
	if err != nil {
		return err
	}
	s.api = api.New(options)
	var handler http.Handler = s.api
	if !a.cfg.Has(RoleWeb) {
		handler = onlyHealth(s.api)
	}
	s.http = api.NewServer(handler, a.log)
	a.ready.set("start", "the stages have not started yet")
	a.server = s
	go func() {
		defer close(s.stopped)
		if err := s.http.Serve(a.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("HTTP server ended", "error", err)
		}
	}()
	return nil
}

// apiOptions wires the API to the clients. Nothing here talks to a server.
func (a *App) apiOptions(s *server) (api.Options, error) {
	t := &a.cfg.Topics
	o := api.Options{
		Version:   a.version.Version,
		Store:     &api.Store{Redis: a.redis, Customers: t.TimelinePartitions, Places: t.PlacePartitions},
		Customers: &api.KafkaTimeline{Client: a.kafka, Topic: TopicTimeline, Partitions: t.TimelinePartitions},
		Places:    &api.KafkaTimeline{Client: a.kafka, Topic: TopicSignals, Partitions: t.PlacePartitions},
		NoHistory: a.noHistory(), Checks: a.checks(), Warnings: a.warned, Gatherer: a.reg, Metrics: api.NewMetrics(a.reg), Log: a.log,
	}
	hubOptions := hub.Options{Origins: a.cfg.Auth.Origins, Log: a.log, Metrics: hub.NewMetrics(a.reg)}
	if a.tokens != nil {
		o.Tokens, hubOptions.Authorize = a.tokens, a.tokens.Allows
	}
	s.hub = hub.New(hubOptions)
	o.Board, o.Live, o.Web = s.hub, s.hub, web.Handler()
	history, err := a.history()
	if err != nil {
		return o, err
	}
	if history != nil {
		o.History = history
	}
	return o, nil
}

// checks are what readiness depends on.
func (a *App) checks() []api.Check {
	return []api.Check{{Name: "stages", Probe: func(context.Context) error {
		var why []string
		for name, reason := range a.ready.get() {
			why = append(why, name+": "+reason)
		}
		if a.draining.Load() {
			why = append(why, "the process is stopping")
		}
		if len(why) > 0 {
			return errors.New(strings.Join(why, "; "))
		}
		return nil
	}}}
}

// web adds the live feed to the stages.
func (a *App) web() error {
	s, t := a.server, &a.cfg.Topics
	var err error
	if s.waiting, err = a.cfg.Redis.WaitingClient(feed.PoolSize(t.TimelinePartitions, t.PlacePartitions)); err != nil {
		return err
	}
	f, err := feed.New(feed.Options{
		Redis: s.waiting, Board: s.hub, Customers: t.TimelinePartitions, Places: t.PlacePartitions, Log: a.log, Metrics: feed.NewMetrics(a.reg),
	})
	if err != nil {
		return err
	}
	a.ready.watch("live feed", func() string {
		if err := f.Ready(context.Background()); err != nil {
			return err.Error()
		}
		return ""
	})
	a.stages = append(a.stages,
		stage{"feed", func(ctx context.Context) error { f.Run(ctx); return nil }},
		stage{"hub", func(ctx context.Context) error { s.hub.Run(ctx); return nil }})
	return nil
}

// stop ends the server: browsers are told to come back, open requests get two seconds.
func (s *server) stop() {
	s.api.Drain()
	s.hub.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close()
	}
	<-s.stopped
	if s.waiting != nil {
		_ = s.waiting.Close()
	}
}

// onlyHealth lets a process without the role web answer for its health and metrics, and nothing else.
func onlyHealth(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch p := r.URL.Path; {
		case strings.HasPrefix(p, "/-/"), p == "/metrics", p == "/healthz", p == "/readyz", p == "/livez":
			next.ServeHTTP(w, r)
		default:
			http.Error(w, "this process does not play the role web", http.StatusNotFound)
		}
	})
}
