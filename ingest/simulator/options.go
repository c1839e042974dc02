package simulator

import (
	"time"

	"touchwatch/ingest/touchpoint"
)

// Options say what world to make. The zero value of a field is a usable default, named beside it.
type Options struct {
	Seed uint64
	// Customers is how many the CRM knows; 0 means 2,000. A third as many anonymous visitors come on top.
	Customers int
	// Start is when the world begins; zero means 2026-01-05 08:00 UTC.
	Start time.Time
	// Rate is how many touchpoints happen per second of world time, on average; 0 means 50.
	Rate float64
	// Story adds the demo's plot: a calm start, a named customer in trouble, a broken page, and smaller stories for ever.
	Story bool
	// TroubleShare is the share (0–1) of customers that have trouble ahead of them, apart from Story.
	TroubleShare float64
	// Outages breaks one page after the other, each for some minutes, apart from Story.
	Outages bool
	// Defects lets the batch of one product after the other turn out faulty, about which several customers post, and launches
	// others about which people post who are pleased. A Story has them too, later on.
	Defects bool
	// Duplicates, Late and Garbage are shares (0–1) of records that the source sends twice, that it sends up to 90 s late,
	// and of additional records that nobody can decode. Zero means none.
	Duplicates, Late, Garbage float64
	// Remember keeps the customer of every touchpoint for Truth. Memory then grows with the run: for tests.
	Remember bool
	// Tell hears each Fact as it happens, before Next returns the record in question; nil means nobody listens.
	Tell func(Fact)
}

// Demo returns the options of the world that people watch: stories, and the small faults that real sources have.
func Demo(seed uint64, start time.Time) Options {
	return Options{Seed: seed, Start: start, Story: true, Duplicates: 0.003, Late: 0.01, Garbage: 0.0003}
}

// withDefaults fills the zero values and moves what is out of range to the nearest sensible value.
func (o Options) withDefaults() Options {
	if o.Customers <= 0 {
		o.Customers = 2000
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	}
	if !(o.Rate > 0) {
		o.Rate = 50
	}
	for _, share := range []*float64{&o.TroubleShare, &o.Duplicates, &o.Late, &o.Garbage} {
		*share = min(max(*share, 0), 1)
	}
	return o
}

// Header is one record header.
type Header struct {
	Key   string
	Value []byte
}

// Record is one raw record. Its slices may be kept, but not changed: records share keys and headers.
type Record struct {
	Topic   string
	Key     []byte
	Value   []byte
	Headers []Header
	// At is when the source sends it, in world time. Records come in the order of At; the events in them may be older.
	At time.Time
}

// The raw topics.
const (
	TopicWebsite  = "touchpoints.website"
	TopicChat     = "touchpoints.chat"
	TopicSocial   = "touchpoints.social"
	TopicCall     = "touchpoints.call"
	TopicProfiles = "customers.profiles"
)

// Channels lists the channels of the world.
var Channels = [...]touchpoint.Channel{touchpoint.Website, touchpoint.Chat, touchpoint.Social, touchpoint.Call}
