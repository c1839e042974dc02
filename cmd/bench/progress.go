package bench

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// teller tells people what happens: a line for each step, and how far a long step is. It is safe for concurrent use.
type teller struct {
	mu       sync.Mutex
	out      io.Writer // nil: nobody listens
	terminal bool
	began    time.Time
	open     bool // the last line is one that may be overwritten
}

// How often a long step says how far it is: on a terminal its line is overwritten, elsewhere each is a line of its own.
const (
	tellOnTerminal = 500 * time.Millisecond
	tellElsewhere  = 10 * time.Second
)

func (t *teller) say(format string, args ...any) { t.line(false, format, args...) }

func (t *teller) line(open bool, format string, args ...any) {
	if t.out == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	before, after := "", "\n"
	if t.open {
		before = "\r\x1b[K"
	}
	if t.open = open && t.terminal; t.open {
		after = ""
	}
	_, _ = fmt.Fprintf(t.out, "%s%6.1fs  %s%s", before, time.Since(t.began).Seconds(), fmt.Sprintf(format, args...), after)
}

// during tells how far a step is until the returned function is called. how returns what is done and what there is to do; 0 to do
// means that it is not known.
func (t *teller) during(what string, how func() (done, all int64)) (stop func()) {
	every := tellElsewhere
	if t.terminal {
		every = tellOnTerminal
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
			}
			if done, all := how(); all > 0 {
				t.line(true, "%s: %s of %s (%d %%)", what, figure(float64(done)), figure(float64(all)), 100*done/all)
			} else {
				t.line(true, "%s: %s", what, figure(float64(done)))
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}
