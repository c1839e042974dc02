package front

import (
	"fmt"
	"sync/atomic"
	"time"
)

// progress follows one query, so that one that takes long says where it stands. One goroutine moves it on; its timers
// read it from others.
type progress struct {
	stage atomic.Pointer[string]
	slow  *time.Timer
	hung  *time.Timer
}

// follow begins a query: it is logged once when it is slow, and told to Hung when it does not end.
func (s *Server) follow(text string) *progress {
	p := new(progress)
	begun := time.Now()
	p.at("waits for a connection to the engine")
	p.slow = time.AfterFunc(s.options.Slow, func() {
		s.options.Log.Warn("a query takes long", "seconds", time.Since(begun).Seconds(), "stage", *p.stage.Load(), "query", fmt.Sprintf("%.200s", text))
	})
	p.hung = time.AfterFunc(s.options.Deadline+s.options.Patience, func() {
		select {
		case s.hung <- *p.stage.Load() + ": " + text:
		default:
		}
	})
	return p
}

// at says what the query does from now on.
func (p *progress) at(stage string) { p.stage.Store(&stage) }

func (p *progress) end() {
	p.slow.Stop()
	p.hung.Stop()
}
