package keyed

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"touchwatch/ingest/touchpoint"
)

// beat collects what the boards hear next: whole minutes that changed, ranked subjects, a sample of items, the progress.
type beat struct {
	reload   bool // first beat of a session: boards read the partition again
	minutes  map[countKey]Counts
	cards    map[string]card
	feed     [][]byte
	progress bool
	sentAt   time.Time
}

type card struct {
	score float64
	body  []byte
}

// cardsMost bounds the subjects one beat tells of; the lowest scores win.
const cardsMost = 50

// beatBody is the wire form of a beat.
type beatBody struct {
	Owner    string            `json:"owner"`
	Minutes  []beatMinute      `json:"minutes,omitempty"`
	Risk     []json.RawMessage `json:"risk,omitempty"`
	Feed     []json.RawMessage `json:"feed,omitempty"`
	Progress *Progress         `json:"progress,omitempty"`
}

type beatMinute struct {
	Minute  touchpoint.Millis `json:"minute"`
	Channel string            `json:"channel"`
	Counts
}

// nextBeat takes in the batch's news and returns the body to send with this flush, or nil when the last beat was just now.
func (w *worker[S]) nextBeat(minutes map[countKey]Counts) []byte {
	b := &w.beat
	b.collect(minutes, w.fx.feed)
	for subject, r := range w.fx.ranks {
		var state *S
		if n := w.cache.nodes[subject]; n != nil && r.listed && !w.fx.removed[subject] {
			state = n.state
		}
		if b.cards == nil {
			b.cards = map[string]card{}
		}
		b.cards[subject] = card{score: r.score, body: w.logic.Card(subject, state)}
	}
	if time.Since(b.sentAt) < beatEvery || !b.news() {
		return nil
	}
	body := b.body(w.session, w.progress)
	*b = beat{sentAt: time.Now()}
	return body
}

func (b *beat) collect(minutes map[countKey]Counts, feed [][]byte) {
	if b.minutes == nil {
		b.minutes = map[countKey]Counts{}
	}
	for k, c := range minutes {
		b.minutes[k] = c
	}
	if room := feedMost - len(b.feed); room < len(feed) {
		feed = feed[len(feed)-max(room, 0):]
	}
	b.feed = append(b.feed, feed...)
}

func (b *beat) news() bool {
	return b.reload || b.progress || len(b.minutes) > 0 || len(b.cards) > 0 || len(b.feed) > 0
}

func (b *beat) body(session string, p Progress) []byte {
	out := beatBody{Owner: session, Progress: &p}
	for _, k := range sortedCounts(b.minutes) {
		out.Minutes = append(out.Minutes, beatMinute{k.minute, k.label, b.minutes[k]})
	}
	cards := make([]card, 0, len(b.cards))
	for _, c := range b.cards {
		cards = append(cards, c)
	}
	slices.SortFunc(cards, func(x, y card) int { return cmp.Compare(x.score, y.score) })
	for _, c := range cards[:min(len(cards), cardsMost)] {
		out.Risk = append(out.Risk, c.body)
	}
	for _, item := range b.feed {
		out.Feed = append(out.Feed, item)
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil // a Logic made invalid JSON; the boards miss a sample, nothing else depends on it
	}
	return body
}
