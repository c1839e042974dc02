package faults

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// sampled lets a sampler see offsets and returns what it says.
func sampled(mayRewind bool, see func(*sampler)) error {
	s := &sampler{highest: map[string]int64{}, stop: func() {}, done: make(chan struct{}), mayRewind: mayRewind}
	close(s.done)
	see(s)
	_, _, err := s.close()
	return err
}

func TestOffsetsThatGoBackOrRunAheadAreSeen(t *testing.T) {
	back := func(s *sampler) { s.rises("p", 7); s.rises("p", 6) }
	ahead := func(s *sampler) { s.behind("p", 7, 6) }
	for name, see := range map[string]func(*sampler){"back": back, "ahead": ahead} {
		if sampled(false, see) == nil {
			t.Errorf("%s: not seen", name)
		}
		if err := sampled(true, see); err != nil {
			t.Errorf("%s, where it may be: %v", name, err)
		}
	}
	if err := sampled(false, func(s *sampler) { s.rises("p", 6); s.rises("p", 6); s.rises("q", 1); s.behind("p", 6, 6) }); err != nil {
		t.Error(err)
	}
}

func TestWaitingForAProcessThatEndedIsOver(t *testing.T) {
	asked := 0
	err := until(context.Background(), serverStart, func() error {
		asked++
		return fmt.Errorf("kafka: %w", errEnded)
	})
	if !errors.Is(err, errEnded) || asked != 1 {
		t.Errorf("asked %d times and got %v, want one time and the end", asked, err)
	}
}
