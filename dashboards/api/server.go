package api

import (
	"log/slog"
	"net/http"
	"time"
)

// NewServer returns an HTTP server for handler with limits on what a slow or hostile client can hold. The caller listens,
// serves and shuts down; sockets that were taken over by the live endpoint end by hub.Hub.Close, not by Shutdown.
func NewServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
