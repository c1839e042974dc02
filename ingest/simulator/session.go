package simulator

import "touchwatch/ingest/touchpoint"

// step is one thing that happens in a session, wait milliseconds after the one before.
type step struct {
	wait    int
	do      move
	kind    touchpoint.Kind
	page    *page
	element string
	field   string // form field; queue to transfer to; metric of a rating; URL of a request
	form    string
	text    string
	outcome string // of a click, a form, a chat, a call
	author  string // "customer", "agent" or "bot"
	n       int    // status, results, duration in ms, score
	then    func(*World, *session)
}

// move is what playing a step does beside telling of it.
type move uint8

const (
	says    move = iota // a touchpoint happens
	gate                // a click on a button that may be broken
	happens             // only then is called
)

// session is one visit, conversation, call or post of a person, in one format.
type session struct {
	p        *person
	format   *format
	at       int64 // when the next step is due
	steps    []step
	pos      int
	device   int
	loggedIn bool
	number   uint64 // of the session, conversation, call or post
	viewID   uint64
	page     *page
	queue    string
	agent    string
	campaign string
	product  *product
	order    string
	call     callSummary
	doomed   bool // what it tries will fail
	tagged   bool // whoever collects the posts knows which product they are about
	retried  bool // the card number was mistyped once
	last     func(*World, *session)

	batch  []byte
	inside []pending
	id     []byte // the latest event's id
	key    []byte
}

// begin starts a session at a moment. Its steps must be planned.
func (w *World) begin(s *session, at int64) {
	s.p.busy++
	s.at = at
	if len(s.steps) > 0 {
		s.at += int64(s.steps[0].wait)
	}
	w.agenda.add(task{at: s.at, s: s})
}

// open takes a session that nobody uses any more, or makes one.
func (w *World) open(p *person, f *format) *session {
	w.serial++
	var s *session
	if n := len(w.idle); n > 0 {
		s = w.idle[n-1]
		w.idle = w.idle[:n-1]
		*s = session{steps: s.steps[:0], batch: s.batch[:0], inside: s.inside[:0], id: s.id[:0]}
	} else {
		s = &session{steps: make([]step, 0, 32)}
	}
	s.p, s.format, s.number = p, f, w.serial
	s.agent = one(w, agents[:])
	s.product = &products[w.rng.IntN(len(products))]
	s.key = f.key(w, s)
	return s
}

// maxIdle bounds the memory kept for reuse.
const maxIdle = 4096

// play does the next step of a session and arranges for the one after.
func (w *World) play(s *session) {
	if s.pos < len(s.steps) {
		// A step may change the plan after it, so it is taken out first.
		st := s.steps[s.pos]
		s.pos++
		switch st.do {
		case says:
			w.say(s, &st)
		case gate:
			w.gate(s, &st)
		}
		if st.then != nil {
			st.then(w, s)
		}
	}
	if s.pos < len(s.steps) {
		s.at += int64(s.steps[s.pos].wait)
		w.agenda.add(task{at: s.at, s: s})
		return
	}
	w.flush(s)
	s.p.busy--
	if s.last != nil {
		s.last(w, s)
	}
	if len(w.idle) < maxIdle {
		w.idle = append(w.idle, s)
	}
}

// say makes a step's touchpoint in the session's format, if that format has a word for it.
func (w *World) say(s *session, st *step) {
	if st.page != nil && st.page != s.page {
		s.page = st.page
	}
	if st.kind == touchpoint.PageView {
		w.serial++
		s.viewID = w.serial
	}
	if st.kind == touchpoint.Identify {
		s.loggedIn = true
	}
	if s.format.channel == call {
		s.call.note(st, s.at)
	}
	w.happened++
	s.id = s.id[:0]
	from := len(s.batch)
	if from > 0 {
		s.batch = append(s.batch, ',')
	}
	out, ok := s.format.encode(w, s.batch, s, st)
	if !ok {
		s.batch = s.batch[:from]
		return
	}
	s.batch = out
	f := pending{login: st.kind == touchpoint.Identify && s.p.known()}
	f.named = f.login || s.format.named && s.loggedIn
	if w.watched {
		f.id = string(s.id)
	}
	s.inside = append(s.inside, f)
	if len(s.inside) >= s.format.events || st.kind == touchpoint.Identify {
		w.flush(s)
	}
}

// flush sends what the session has gathered.
func (w *World) flush(s *session) {
	if len(s.inside) == 0 {
		return
	}
	value := s.batch
	if s.format.events > 1 {
		w.scratch = append(append(append(w.scratch[:0], s.format.open...), s.batch...), s.format.close...)
		value = w.scratch
	}
	l := letter{
		record:  Record{Topic: topics[s.format.channel], Key: s.key, Value: w.keep(value), Headers: s.format.headers},
		channel: s.format.channel, p: s.p, device: s.device, inside: s.inside,
	}
	if !s.p.known() && s.format.channel != 0 {
		l.alias = s.format.alias(s.p)
	}
	w.post(&l, len(s.inside) == 1 && !s.inside[0].login)
	s.batch, s.inside = s.batch[:0], s.inside[:0]
}
