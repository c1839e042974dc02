package simulator

import (
	"bytes"
	"time"

	"touchwatch/ingest/touchpoint"
)

// pending is a touchpoint in a record that was made but not sent yet.
type pending struct {
	id    string // the sender's id as decoding keeps it; "" when nobody asked for the truth
	login bool   // it links the cookie to the customer
	named bool   // it carries the customer's id
}

// letter is a record on its way, with the touchpoints in it.
type letter struct {
	record  Record
	channel int
	p       *person
	device  int
	alias   touchpoint.CustomerID // of a person nobody knows; "" when p says it
	inside  []pending
}

// post sends a letter now, or later when the source is late today, or twice.
func (w *World) post(l *letter, mayBeLate bool) {
	if w.options.Late > 0 && mayBeLate && w.chance(w.options.Late) {
		w.late++
		kept := *l
		kept.inside = append([]pending(nil), l.inside...)
		w.after(w.between(3_000, 90_000), func(w *World) { w.deliver(&kept) })
		return
	}
	w.deliver(l)
}

// deliver hands the record out and says whose the touchpoints are. That is settled here and not earlier, because ingest
// knows a cookie from the moment on when the login arrives, whatever the times in the records.
func (w *World) deliver(l *letter) {
	l.record.At = time.UnixMilli(w.now).UTC()
	changes := false
	for i := range l.inside {
		f := &l.inside[i]
		if f.login && !l.p.linked[l.device] {
			l.p.linked[l.device], changes = true, true
		}
		if w.watched {
			w.witness(l.channel, f, l.customer(f))
		} else {
			w.told[l.channel]++
		}
	}
	w.hand(l.record, l.channel)
	// A login that is sent again would find the visits before it in the same record linked, unlike the first time.
	if w.options.Duplicates > 0 && !changes && w.chance(w.options.Duplicates) {
		w.duplicates++
		w.hand(l.record, l.channel)
	}
}

func (w *World) hand(r Record, channel int) {
	w.sent[channel]++
	w.ready = append(w.ready, r)
}

// customer returns whose a touchpoint of the letter is.
func (l *letter) customer(f *pending) touchpoint.CustomerID {
	switch {
	case l.alias != "":
		return l.alias
	case Channels[l.channel] == touchpoint.Website:
		return l.p.as(l.device, f.named)
	}
	return l.p.id
}

// arenaChunk is how much memory is taken at once for the values of records.
const arenaChunk = 64 << 10

// keep copies b into memory that lives as long as some record uses it.
func (w *World) keep(b []byte) []byte {
	if len(b) > cap(w.arena)-len(w.arena) {
		w.arena = make([]byte, 0, max(arenaChunk, len(b)))
	}
	from := len(w.arena)
	w.arena = append(w.arena, b...)
	return w.arena[from:len(w.arena):len(w.arena)]
}

// litter sends something that nobody can decode.
func (w *World) litter() {
	channel := w.rng.IntN(len(Channels))
	value := [...][]byte{
		[]byte(`{"type":"page_view","occurred_at":`),
		[]byte("<html><body>502 Bad Gateway</body></html>"),
		{0xff, 0xfe, 0x00, 0x42},
		[]byte(`{"id":"x","type":"teleported","customer":{"id":"cus_1"},"thread":"t","platform":"x"}`),
		[]byte(`{"id":"x","customer":{"id":42}}`),
		bytes.Repeat([]byte("["), 300),
	}[w.rng.IntN(6)]
	w.garbage++
	w.hand(Record{Topic: topics[channel], Key: []byte("garbage"), Value: value, At: time.UnixMilli(w.now).UTC()}, channel)
}

var topics = [len(Channels)]string{TopicWebsite, TopicChat, TopicSocial, TopicCall}
