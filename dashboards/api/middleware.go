package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// answerWithin bounds a request to the API: what takes longer is cut off with 504.
const answerWithin = 20 * time.Second

// wrap puts the rules that hold for every request around next, the first to look outermost.
func (a *API) wrap(next http.Handler) http.Handler {
	foreign := http.NewCrossOriginProtection()
	foreign.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		a.opt.Metrics.refused.WithLabelValues(refusedOrigin).Inc()
		problem(w, http.StatusForbidden, "a page of another site may not change anything here")
	}))
	inner := a.measured(a.bounded(a.authorized(next)))
	live := a.opt.Live != nil
	return secured(a.addressed(foreign.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if live && r.URL.Path == livePath { // a socket lives long, takes over the connection, and has a guard of its own
			next.ServeHTTP(w, r)
			return
		}
		inner.ServeHTTP(w, r)
	}))))
}

// secured sets the headers that keep browsers from mixing us with anything else.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Frame-Options", "SAMEORIGIN")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/-/") {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

// addressed refuses requests to a name that is not ours. Only needed while everybody is let in.
func (a *API) addressed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.opt.Tokens == nil && !ourHost(r.Host, a.opt.Hosts) {
			a.opt.Metrics.refused.WithLabelValues(refusedHost).Inc()
			problem(w, http.StatusMisdirectedRequest, fmt.Sprintf("this server is not %q: without a token file it answers only to loopback names and to the configured hosts", r.Host))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ourHost reports whether a Host header names loopback or one of the configured hosts.
func ourHost(host string, allowed []string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.Trim(name, "[]"), ".")
	if ip, err := netip.ParseAddr(name); err == nil {
		return ip.IsLoopback() || slices.Contains(allowed, name)
	}
	return strings.EqualFold(name, "localhost") || strings.HasSuffix(strings.ToLower(name), ".localhost") ||
		slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, name) || strings.EqualFold(a, host) })
}

// authorized asks for a bearer token where one is configured. The board's files, the description of the API and the health
// of the process are open; the socket checks for itself.
func (a *API) authorized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.opt.Tokens != nil && guarded(r.URL.Path) && !a.opt.Tokens.Allows(bearer(r)) {
			a.opt.Metrics.refused.WithLabelValues(refusedToken).Inc()
			w.Header().Set("WWW-Authenticate", `Bearer realm="touchwatch"`)
			problem(w, http.StatusUnauthorized, "this server asks for a token: send the header Authorization: Bearer <token> with one of its token file")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func guarded(path string) bool {
	return path == "/metrics" || strings.HasPrefix(path, "/api/") && !strings.HasPrefix(path, openAPIPath)
}

func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// bounded limits the size of a request and the time an answer of the API may take.
func (a *API) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 4*maxBodyBytes) // a route has a stricter limit, which explains itself
		ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// measured counts requests by route, and turns a panic into an answer and a log line.
func (a *API) measured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				a.opt.Log.Error("request panicked", "method", r.Method, "path", r.URL.Path, "panic", p)
				if !rec.wrote {
					problem(rec, http.StatusInternalServerError, "the server failed on this request; its log says why")
				}
			}
			route := a.route(r)
			a.opt.Metrics.requests.WithLabelValues(route, strconv.Itoa(rec.status)).Inc()
			a.opt.Metrics.seconds.WithLabelValues(route).Observe(time.Since(began).Seconds())
		}()
		next.ServeHTTP(rec, r)
	})
}

// route is the pattern that a request matches: a bounded label, never what the client wrote.
func (a *API) route(r *http.Request) string {
	_, pattern := a.mux.Handler(r)
	if pattern == "" {
		return "none"
	}
	if _, path, ok := strings.Cut(pattern, " "); ok {
		return path
	}
	return pattern
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	r.wrote = true
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
