package keyed

import (
	"slices"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
)

// Effects collects what a batch of entries calls for beside the states. It is filled by Logic.Fold, written by the flush in
// the same transaction, and reset. It belongs to one worker.
type Effects struct {
	subject string // of the entry being folded
	offset  int64  // of the entry being folded
	index   int    // outbox entries of the entry so far
	wire    []byte // of the entry being folded, as it stands in the topic

	out     []outEntry
	history []historyEntry
	timers  map[timerKey]touchpoint.Millis // zero: disarmed
	ranks   map[string]rank
	alerts  map[string]episode.Change
	counts  map[countKey]Counts
	feed    [][]byte
	removed map[string]bool // forgotten in this batch; false: and met again afterwards
}

// Counts are what the boards count per minute and label.
type Counts struct {
	Total      int64 `json:"total"`
	Negatives  int64 `json:"negatives"`
	Recoveries int64 `json:"recoveries"`
}

type (
	outEntry struct {
		offset int64
		index  int
		kind   string
		key    string
		body   []byte
	}
	historyEntry struct {
		subject string
		body    []byte
	}
	timerKey struct{ subject, name string }
	countKey struct {
		minute touchpoint.Millis
		label  string
	}
	rank struct {
		score  float64
		listed bool
	}
)

// feedMost bounds the sample of items one beat shows.
const feedMost = 12

// Kinds of outbox entry.
const (
	OutAlert  = "alert"
	OutSignal = "signal"
)

// NewEffects returns an empty collection. The runtime makes its own; tests and backtests of a Logic make theirs.
func NewEffects() *Effects {
	return &Effects{
		timers: map[timerKey]touchpoint.Millis{}, ranks: map[string]rank{}, alerts: map[string]episode.Change{},
		counts: map[countKey]Counts{}, removed: map[string]bool{},
	}
}

// Reset empties fx for the next batch. What was emitted may still be read by whoever holds it.
func (fx *Effects) Reset() {
	clear(fx.out)
	clear(fx.history)
	clear(fx.feed)
	fx.out, fx.history, fx.feed, fx.wire = fx.out[:0], fx.history[:0], fx.feed[:0], nil
	clear(fx.timers)
	clear(fx.ranks)
	clear(fx.alerts)
	clear(fx.counts)
	clear(fx.removed)
}

// Begin points fx at the entry that is folded next.
func (fx *Effects) Begin(subject string, offset int64) {
	fx.subject, fx.offset, fx.index = subject, offset, 0
}

// Emit puts an entry into the outbox. key routes it on its Kafka topic.
func (fx *Effects) Emit(kind, key string, body []byte) {
	fx.out = append(fx.out, outEntry{offset: fx.offset, index: fx.index, kind: kind, key: key, body: body})
	fx.index++
}

// Alert emits a changed alert and keeps it in the list of current alerts.
func (fx *Effects) Alert(c episode.Change) {
	fx.Emit(OutAlert, fx.subject, c.Body)
	fx.alerts[c.Alert] = c
}

// Remember adds the entry being folded, in its wire form, to the subject's history.
func (fx *Effects) Remember() {
	fx.history = append(fx.history, historyEntry{subject: fx.subject, body: fx.wire})
}

// Arm sets the timer of that name; an earlier arming is replaced.
func (fx *Effects) Arm(name string, due touchpoint.Millis) {
	fx.timers[timerKey{fx.subject, name}] = due
}

// Disarm takes the timer of that name back.
func (fx *Effects) Disarm(name string) { fx.timers[timerKey{fx.subject, name}] = 0 }

// Rank lists the subject among those at risk.
func (fx *Effects) Rank(score float64) { fx.ranks[fx.subject] = rank{score: score, listed: true} }

// Unrank takes the subject off the list of those at risk.
func (fx *Effects) Unrank() { fx.ranks[fx.subject] = rank{} }

// Count adds c to a minute's counts under a label.
func (fx *Effects) Count(minute touchpoint.Millis, label string, c Counts) {
	k := countKey{minute, label}
	sum := fx.counts[k]
	sum.Total += c.Total
	sum.Negatives += c.Negatives
	sum.Recoveries += c.Recoveries
	fx.counts[k] = sum
}

// WantsShow reports whether the boards' sample still has room; when it has not, the caller may spare itself the item.
func (fx *Effects) WantsShow() bool { return len(fx.feed) < feedMost }

// Show adds an item, JSON, to the boards' sample.
func (fx *Effects) Show(item []byte) {
	if fx.WantsShow() {
		fx.feed = append(fx.feed, item)
	}
}

// Forget removes the subject's state and history.
func (fx *Effects) Forget() {
	subject := fx.subject
	fx.removed[subject] = true
	fx.history = slices.DeleteFunc(fx.history, func(h historyEntry) bool { return h.subject == subject })
	delete(fx.ranks, subject)
}

// Forgotten reports whether the subject was forgotten and did not come back since.
func (fx *Effects) Forgotten(subject string) bool { return fx.removed[subject] }
