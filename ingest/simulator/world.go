package simulator

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"touchwatch/ingest/touchpoint"
)

// World makes records; see the package comment.
type World struct {
	options Options
	rng     *rand.Rand
	texts   [len(languages)]phrases
	tag     string // tells this run's ids from those of other seeds and starts
	base    uint64 // and so do the numbers that begin here, of systems that number things
	start   int64  // world time in milliseconds since 1970
	now     int64  // world time of the latest task
	agenda  agenda
	ready   []Record // made, but not handed out yet
	handed  int      // how many of ready are
	scratch []byte
	digits  []byte
	arena   []byte

	people    []*person // customers, then visitors; Jana first in a story
	strangers uint64
	serial    uint64 // of ids
	idle      []*session
	outage    *outage
	due       float64 // governor: touchpoints that should have happened by now …
	happened  int64   // … and how many did
	release   int     // of the website

	watched                   bool // somebody wants the truth of each touchpoint
	owners                    map[touchpoint.ID]touchpoint.CustomerID
	told, sent                [len(Channels)]int64
	duplicates, late, garbage int64
	troubles                  []Trouble
}

// pulse is how often the governor looks whether enough is going on.
const pulse = 100 // milliseconds

// New makes a world at its start. It never fails; options out of range are moved into it.
func New(options Options) *World {
	o := options.withDefaults()
	texts, err := readPhrases()
	if err != nil {
		panic(err) // the embedded texts are part of the program and tested
	}
	w := &World{
		options: o, texts: texts, rng: rand.New(rand.NewPCG(o.Seed, 0x746f756368)),
		start: o.Start.UnixMilli(), now: o.Start.UnixMilli(), release: 41, watched: o.Remember || o.Tell != nil,
	}
	w.tag, w.base = runTag(o.Seed, w.start)
	if o.Remember {
		w.owners = map[touchpoint.ID]touchpoint.CustomerID{}
	}
	w.populate()
	w.fate()
	if o.Story {
		w.plot()
	}
	if o.Outages && !o.Story {
		w.after(storiesBegin, (*World).nextOutage)
	}
	if o.Defects || o.Story {
		w.after(firstDefect, (*World).nextDefect)
		w.after(firstLaunch, (*World).nextLaunch)
	}
	w.agenda.add(task{at: w.start, run: (*World).govern})
	return w
}

// runTag returns a short word and a number that differ between seeds and starts, so that a second run on the same servers
// has other ids. Numbers stay below 2^53, which JSON readers keep exactly.
func runTag(seed uint64, start int64) (string, uint64) {
	h := fnv.New64a()
	fmt.Fprint(h, seed, start)
	sum := h.Sum64()
	return base36(sum%50_000_000 + 10_000_000), sum % 4_000_000 * 1_000_000_000
}

// Next returns the next record. There always is one.
func (w *World) Next() Record {
	for w.handed == len(w.ready) {
		w.ready, w.handed = w.ready[:0], 0
		t := w.agenda.next()
		w.now = t.at
		if t.s != nil {
			w.play(t.s)
		} else {
			t.run(w)
		}
	}
	r := w.ready[w.handed]
	w.ready[w.handed] = Record{}
	w.handed++
	return r
}

// Settled reports whether every record that Truth counts has been returned. Some moments make several records at once.
func (w *World) Settled() bool { return w.handed == len(w.ready) }

// Now returns the world time of the latest record.
func (w *World) Now() time.Time { return time.UnixMilli(w.now).UTC() }

// govern starts as many sessions as the rate asks for beyond what is going on anyway. What cannot be made up for within
// two seconds, or was too much by five, is forgiven: the rate is an average, not a debt.
func (w *World) govern() {
	rate := w.options.Rate
	w.due += rate * pulse / 1000
	done := float64(w.happened)
	w.due = min(max(w.due, done-5*rate), done+2*rate+1)
	for missing := int(w.due - done); missing > 0; missing-- {
		w.begin(w.ordinary(), w.now+int64(w.rng.IntN(pulse)))
	}
	if w.options.Garbage > 0 {
		for n := rate * pulse / 1000 * w.options.Garbage; n >= 1 || w.chance(n); n-- {
			w.litter()
		}
	}
	w.agenda.add(task{at: w.now + pulse, run: (*World).govern})
}

// after does something later.
func (w *World) after(ms int, run func(*World)) { w.agenda.add(task{at: w.now + int64(ms), run: run}) }

// someone returns a person who does nothing else at the moment, if there is one: three of four are customers.
func (w *World) someone() *person {
	var p *person
	for range 8 {
		if p = one(w, w.people); p.busy == 0 && p.trouble == nil {
			return p
		}
	}
	return p
}
