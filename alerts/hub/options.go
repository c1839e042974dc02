package hub

import (
	"log/slog"
	"time"
)

// Options configure a Hub. The zero value works.
type Options struct {
	// Origins are the origins beside the server's own host from which browsers may connect, such as "https://board.example.com".
	Origins []string
	// Authorize says whether a token counts; nil asks for none. It is called from many goroutines and again at every ping,
	// so that a revoked token ends the connection.
	Authorize func(token string) bool
	// MaxClients bounds the connections; beyond it new ones get 503. Zero means 10,000.
	MaxClients int
	// Queue is how many messages may wait for one client before it is disconnected as too slow. Zero means 64: about 12 s.
	Queue int
	// Past is how many deltas a client may have missed and still resume. Zero means 1,500: about 5 minutes.
	Past int
	// PingEvery is the pause between pings; a client that does not answer for 2.5 pings is gone. Zero means 15 s.
	PingEvery time.Duration
	// WriteWithin is how long one write may take. Zero means 10 s.
	WriteWithin time.Duration
	// RequestWithin is how long a client may take to subscribe or resume. Zero means 10 s.
	RequestWithin time.Duration
	Log           *slog.Logger
	Metrics       *Metrics
	// Now is the wall clock; nil means time.Now.
	Now func() time.Time
}

// Pace of the deltas. News waits for company, so that a burst becomes few messages; alerts hardly wait.
const (
	beatEvery  = 200 * time.Millisecond
	alertEvery = 20 * time.Millisecond
	pruneEvery = 30 * time.Second
	// shareFor is how long one encoded snapshot may serve further clients. Its clock is that much behind.
	shareFor = 250 * time.Millisecond
)

// Limits on what a client sends.
const (
	maxRequestBytes = 4 << 10
	// requestBurst bounds the frames, pings included, that a client may send within requestWindow.
	requestBurst  = 100
	requestWindow = 10 * time.Second
)

// withDefaults fills in what is zero.
func (o Options) withDefaults() Options {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	if o.MaxClients == 0 {
		o.MaxClients = 10_000
	}
	if o.Queue == 0 {
		o.Queue = 64
	}
	if o.Past == 0 {
		o.Past = 1500
	}
	def(&o.PingEvery, 15*time.Second)
	def(&o.WriteWithin, 10*time.Second)
	def(&o.RequestWithin, 10*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics(nil)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
