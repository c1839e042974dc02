package faults

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"touchwatch/cmd/app"
)

// sampled lets a sampler see offsets of the group g and returns what it says.
func sampled(see func(*sampler)) error {
	s := newSampler()
	see(s)
	_, _, err := s.close()
	return err
}

func newSampler() *sampler {
	s := &sampler{topics: &app.Topics{}, latest: map[string]int64{}, peak: map[string]int64{}, mayRewind: map[string]bool{}, stop: func() {}, done: make(chan struct{})}
	close(s.done)
	return s
}

func TestOffsetsThatGoBackOrRunAheadAreSeen(t *testing.T) {
	back := func(s *sampler) { s.rises("g", "p", 7); s.rises("g", "p", 6) }
	ahead := func(s *sampler) { s.behind("g", "p", 7, 6) }
	for name, see := range map[string]func(*sampler){"back": back, "ahead": ahead} {
		if sampled(see) == nil {
			t.Errorf("%s: not seen", name)
		}
		if sampled(func(s *sampler) { s.allowRewind("other"); see(s) }) == nil {
			t.Errorf("%s, where another group may: not seen", name)
		}
		if err := sampled(func(s *sampler) { s.allowRewind("g"); see(s) }); err != nil {
			t.Errorf("%s, where it may be: %v", name, err)
		}
	}
	if err := sampled(func(s *sampler) {
		s.rises("g", "p", 6)
		s.rises("g", "p", 6)
		s.rises("g", "q", 1)
		s.behind("g", "p", 6, 6)
	}); err != nil {
		t.Error(err)
	}
}

func TestWhatWentBackMustComeBack(t *testing.T) {
	see := func(offsets ...int64) *sampler {
		s := newSampler()
		s.allowRewind("g")
		for _, offset := range offsets {
			s.rises("g", "g t 0"+applied, offset)
		}
		s.rises("g", "g t 0"+committed, 7)
		return s
	}
	if see(8, 2).compareEnds() == nil || see(6).compareEnds() == nil {
		t.Error("an offset that stays behind is not seen")
	}
	if err := see(8, 2, 8).compareEnds(); err != nil {
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
