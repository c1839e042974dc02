package settings

import (
	"errors"
	"fmt"
	"time"

	"touchwatch/processors/signal/calendar"
)

// Ignore lists what never counts against the website, whoever sees it.
type Ignore struct {
	Elements []string `yaml:"elements"` // "button#seat" everywhere, or "/seats button#seat" on one page
	Pages    []string `yaml:"pages"`    // "/admin", or all that begin with "/admin/*"
	Releases []string `yaml:"releases"` // "2.3.0", or all that begin with "2.3.*"
}

// Service says when somebody is there to answer, and how fast.
type Service struct {
	TimeZone string   `yaml:"time_zone"`
	Hours    []string `yaml:"hours"`
	Holidays []string `yaml:"holidays"`
	Targets  []Target `yaml:"targets"`
}

// Target overrides the limits of a queue, of a segment of customers, or of both together. What is zero or empty stays as
// it is for everybody.
type Target struct {
	Queue    string        `yaml:"queue"`
	Segment  string        `yaml:"segment"`
	First    time.Duration `yaml:"first" min:"1s" max:"3d"` // a chat's first answer
	Next     time.Duration `yaml:"next" min:"1s" max:"3d"`  // a chat's later answers
	Call     time.Duration `yaml:"call" min:"1s" max:"2h"`  // in the queue of calls
	Mention  time.Duration `yaml:"mention" min:"1m" max:"7d"`
	TimeZone string        `yaml:"time_zone"`
	Hours    []string      `yaml:"hours"` // instead of those of the whole service
}

// Calendar returns when the service is there. It was checked when the settings were read.
func (s *Service) Calendar() *calendar.Calendar {
	c, err := calendar.New(s.TimeZone, s.Hours, s.Holidays)
	if err != nil {
		return nil
	}
	return c
}

// CalendarOf returns when the service is there for a target, which may have hours of its own.
func (s *Service) CalendarOf(t *Target) *calendar.Calendar {
	own := *s
	if t.TimeZone != "" {
		own.TimeZone = t.TimeZone
	}
	if len(t.Hours) > 0 {
		own.Hours = t.Hours
	}
	return own.Calendar()
}

// check reports what no single value shows.
func (s *Service) check() error {
	_, err := calendar.New(s.TimeZone, s.Hours, s.Holidays)
	errs := []error{err}
	for i := range s.Targets {
		t := &s.Targets[i]
		if t.Queue == "" && t.Segment == "" {
			errs = append(errs, fmt.Errorf("target %d: want a queue, a segment or both", i+1))
		}
		if t.TimeZone != "" || len(t.Hours) > 0 {
			own := Service{TimeZone: s.TimeZone, Hours: t.Hours, Holidays: s.Holidays}
			if t.TimeZone != "" {
				own.TimeZone = t.TimeZone
			}
			_, err := calendar.New(own.TimeZone, own.Hours, own.Holidays)
			if err != nil {
				errs = append(errs, fmt.Errorf("target %d: %w", i+1, err))
			}
		}
	}
	return errors.Join(errs...)
}

// check reports what no single value shows.
func (a *AnswerDue) check() error {
	if a.Late < a.From {
		return fmt.Errorf("late (%d) must not be less than from (%d)", a.Late, a.From)
	}
	return nil
}
