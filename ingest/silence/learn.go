// Package silence notices that a raw topic which usually has traffic has none: a broken collector looks like happy customers. It learns
// the usual rate of each topic by the hour of the week, and names partitions whose records do not reach the timeline.
//
// What is usual and what is missing are pure functions of what was counted and when; Watcher is the shell that counts. What was learned is
// kept in Redis by one process at a time, and all processes show it. A silent topic hardly teaches that silence is usual.
package silence

import (
	"fmt"
	"time"

	"touchwatch/ingest/touchpoint"
)

// Usual says what counts as silence.
type Usual struct {
	// After is the shortest silence that is told. Zero means 5 minutes.
	After time.Duration
	// Missing is how many events have to be missing, by the usual rate. At 20 chance brings about one false alarm in 10^8 looks
	// if events come independently. Zero means 20.
	Missing float64
	// Learn is how long a topic is watched before anything is told. Zero means an hour; what an hour of the day usually has is
	// known after the first day only.
	Learn time.Duration
}

func (u Usual) withDefaults() Usual {
	if u.After == 0 {
		u.After = 5 * time.Minute
	}
	if u.Missing == 0 {
		u.Missing = 20
	}
	if u.Learn == 0 {
		u.Learn = time.Hour
	}
	return u
}

// hoursOfWeek is how many rates a topic has.
const hoursOfWeek = 7 * 24

// How fast rates follow: an hour of the week takes over newShare of what it counts anew, silentShare of an hour that was told as
// silent: a broken collector should not become usual, a holiday may. longestLook is the longest time between two looks that is learned from: beyond it nobody watched.
const (
	newShare    = 0.3
	silentShare = 0.1
	longestLook = 5 * time.Minute
	wholeHour   = 50 * time.Minute
)

// Learned is what is known of one topic. The zero value knows nothing. It belongs to one goroutine.
type Learned struct {
	Since   touchpoint.Millis    `json:"since"`   // first look
	At      touchpoint.Millis    `json:"at"`      // last look
	End     int64                `json:"end"`     // records ever written, at the last look
	Last    touchpoint.Millis    `json:"last"`    // last look that found new records
	Hours   [hoursOfWeek]float64 `json:"hours"`   // events an hour, by hour of the week
	Known   [hoursOfWeek]bool    `json:"known"`   // whether that hour was ever counted
	Counted int64                `json:"counted"` // events of the hour under way
	Covered time.Duration        `json:"covered"` // how much of it was watched
	Doubted bool                 `json:"doubted"` // it was told as silent in that hour
	Missing float64              `json:"missing"` // events usual since Last
	Silent  bool                 `json:"silent"`
}

// Look takes in that at a moment end records had ever been written, and decides whether the topic is silent.
func (l *Learned) Look(end int64, at touchpoint.Millis, u Usual) {
	u = u.withDefaults()
	if l.Since == 0 || end < l.End { // never seen, or created anew
		fresh := Learned{Since: at, At: at, End: end, Last: at, Hours: l.Hours, Known: l.Known}
		*l = fresh
		return
	}
	passed, n := at.Sub(l.At), end-l.End
	if passed <= 0 {
		return
	}
	if hourOf(at) != hourOf(l.At) {
		l.closeHour(l.At)
	}
	l.Counted += n
	watched := passed <= longestLook
	if watched {
		l.Covered += passed
	}
	switch {
	case n > 0:
		l.Last, l.Missing, l.Silent = at, 0, false
	case watched:
		l.Missing += l.Rate(at) * passed.Hours()
	}
	l.At, l.End = at, end
	if at.Sub(l.Since) >= u.Learn && at.Sub(l.Last) >= u.After && l.Missing >= u.Missing {
		l.Silent = true
	}
	l.Doubted = l.Doubted || l.Silent
}

// closeHour takes the hour that has ended into the rates, if it was watched.
func (l *Learned) closeHour(at touchpoint.Millis) {
	if l.Covered >= wholeHour {
		h, rate := hourOf(at), float64(l.Counted)/l.Covered.Hours()
		if l.Known[h] {
			share := newShare
			if l.Doubted {
				share = silentShare
			}
			rate = (1-share)*l.Hours[h] + share*rate
		}
		l.Hours[h], l.Known[h] = rate, true
	}
	l.Counted, l.Covered, l.Doubted = 0, 0, false
}

// Rate is how many events an hour are usual at a moment: of that hour of the week, else of that hour on other days. Zero:
// nothing is known yet.
func (l *Learned) Rate(at touchpoint.Millis) float64 {
	h := hourOf(at)
	if l.Known[h] {
		return l.Hours[h]
	}
	sum, days := 0.0, 0
	for i := h % 24; i < hoursOfWeek; i += 24 {
		if l.Known[i] {
			sum, days = sum+l.Hours[i], days+1
		}
	}
	return sum / float64(max(days, 1))
}

// hourOf is the hour of the week, in UTC.
func hourOf(at touchpoint.Millis) int {
	return int((int64(at) / time.Hour.Milliseconds()) % hoursOfWeek)
}

// Warning says that the topic is silent, "" when it is not.
func (l *Learned) Warning(topic string) string {
	if !l.Silent {
		return ""
	}
	return fmt.Sprintf("channel silent: %s has had no record for %s, %.0f are usual in that time", topic, l.At.Sub(l.Last).Round(time.Second), l.Missing)
}
