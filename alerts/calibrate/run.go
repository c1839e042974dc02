package calibrate

import (
	"fmt"
	"time"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
)

// outcome is what a run saw: the alerts in the order in which they fired, and the truth.
type outcome struct {
	alerts       []Told
	known        map[string]bool // ids of alerts
	truth        simulator.Truth
	facts        []simulator.Fact // what broke or turned out faulty, until when, and who waited
	touchpoints  int
	began, ended touchpoint.Millis // of the time that is judged
}

// hear notes an alert that fires for the first time; a second time is new evidence for the same one.
func (o *outcome) hear(a alert.Alert) {
	if a.Phase == episode.Firing && !o.known[a.ID] {
		o.known[a.ID] = true
		o.alerts = append(o.alerts, Told{Alert: a})
	}
}

// live lives through a world and returns what was told of the first Length of it.
func live(o *Options, world simulator.Options) (*outcome, error) {
	out := &outcome{known: map[string]bool{}}
	world.Remember = true
	world.Tell = func(f simulator.Fact) {
		switch f.Kind {
		case simulator.Broken, simulator.Mended, simulator.Defective, simulator.TakenBack, simulator.Waited, simulator.Troubled:
			out.facts = append(out.facts, f)
		}
	}
	w := simulator.New(world)
	start := w.Now()
	out.began, out.ended = touchpoint.MillisOf(start), touchpoint.MillisOf(start.Add(o.Length))
	l := newLife(o, out.hear)
	profiles := w.Profiles()
	for i := range profiles {
		if _, err := l.record(&profiles[i], int64(i)); err != nil {
			return nil, fmt.Errorf("live through seed %d: %w", o.Seed, err)
		}
	}
	for offset := int64(len(profiles)); ; offset++ {
		r := w.Next()
		if r.At.Sub(start) > o.Length+tail {
			break
		}
		n, err := l.record(&r, offset)
		if err != nil {
			return nil, fmt.Errorf("live through seed %d: %w", o.Seed, err)
		}
		out.touchpoints += n
	}
	out.truth = w.Truth()
	return out, nil
}

// days is how long the time that is judged lasts.
func (o *outcome) days() float64 { return o.ended.Sub(o.began).Hours() / 24 }

// within reports whether a moment belongs to the time that is judged.
func (o *outcome) within(at touchpoint.Millis) bool { return at >= o.began && at < o.ended }

// world returns the options of the world in which people get into trouble.
func (o *Options) world() simulator.Options {
	return simulator.Options{
		Seed: o.Seed, Customers: o.Customers, TroubleShare: o.Share, Rate: o.Rate * float64(o.Customers) / (24 * time.Hour).Seconds(),
	}
}
