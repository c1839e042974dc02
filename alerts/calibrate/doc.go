// Package calibrate measures how far alerts can be trusted. It lives through a simulated world, whose people, texts and
// patterns of events are written apart from the detectors, puts it through the very code that runs in production (decoders,
// identity, text engine, folds, rules; timers fire by event time), and compares every alert with what the world knows:
// who was in trouble, since when, which page was broken, and which product faulty.
//
// Everything runs in memory and reads no clock: the same options give the same report. A run belongs to one goroutine.
package calibrate

import (
	"time"

	"touchwatch/alerts/alert"
	"touchwatch/alerts/rule"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// Options say what world to live through and what to judge it by.
type Options struct {
	Seed      uint64
	Customers int           // that the CRM knows
	Share     float64       // 0 to 1: customers that get into trouble within a day
	Length    time.Duration // world time
	// Rate is how many touchpoints each customer has a day, on average.
	Rate      float64
	Rules     *rule.Set
	Detectors []signal.Detector
	// Annotate judges a text as ingest does.
	Annotate func(*touchpoint.Touchpoint)
}

// The usual world: two thousand customers over two days, as busy as a shop's regulars.
const (
	Customers = 2000
	Length    = 48 * time.Hour
	Rate      = 25
)

// tail is for how long the world goes on after Length, so that trouble that began late can still be noticed.
const tail = 2 * time.Hour

// Told is an alert at the moment when it first fired, with what the world says to it.
type Told struct {
	alert.Alert
	True    bool   `json:"true"`              // the world knows of a trouble (or a broken page) behind it
	Because string `json:"because,omitempty"` // what the world knows; for a false alarm the nearest it has, or nothing
}
