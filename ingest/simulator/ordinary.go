package simulator

// restBetweenContacts is how long a customer without trouble does not contact the company again. Real customers do so a
// few times a year; a small world that is busy for weeks needs strangers for most contacts.
const (
	restBetweenContacts = 84 * 3_600_000 // milliseconds
	restAtLeast         = 2 * 3_600_000
)

// ordinary returns a new session of an ordinary day, of a customer or of a visitor.
func (w *World) ordinary() *session {
	switch w.pick(50, 9, 8, 10, 9, 14) {
	case 0:
		return w.ordinaryVisit((*World).browse)
	case 1:
		return w.ordinaryVisit((*World).buy)
	case 2:
		return w.ordinaryVisit((*World).account)
	case 3:
		s := w.converse(w.contacting())
		w.quickChat(s, w.asks(chatAsk, chatTricky))
		return s
	case 4:
		s := w.ring(w.contacting())
		w.quickCall(s, w.asks(callAsk, callTricky))
		return s
	}
	s := w.write(w.contacting())
	w.ordinaryPost(s)
	return s
}

// asks chooses about what somebody in no trouble speaks: now and then in words that sound like trouble.
func (w *World) asks(plain, tricky topic) topic {
	if w.chance(0.08) {
		return tricky
	}
	return plain
}

// ordinaryVisit plans a visit of the website. Who has trouble ahead meets it here.
func (w *World) ordinaryVisit(plan func(*World, *session)) *session {
	p := w.someone()
	if p.fatedAt != 0 && w.now >= p.fatedAt && p.trouble == nil {
		if s := w.misfortune(p); s != nil {
			return s
		}
	}
	s := w.visit(p)
	plan(w, s)
	return s
}

// contacting returns who contacts the company: a customer who has not for long, else a stranger.
func (w *World) contacting() *person {
	if w.chance(0.35) {
		p := w.people[w.rng.IntN(w.options.Customers)]
		rest := int64(restBetweenContacts)
		if w.chance(0.1) {
			rest = restAtLeast // the same day, about something else
		}
		if p.busy == 0 && p.trouble == nil && w.now-p.contactAt > rest && w.now-p.troubledAt > restBetweenContacts {
			p.contactAt = w.now
			return p
		}
	}
	return w.stranger()
}

// ordinaryPost plans what people post on an ordinary day: questions, praise, reviews, and here and there a grumble
// about the world by somebody who is in no trouble.
func (w *World) ordinaryPost(s *session) {
	if s.format == &ownSocial && w.chance(0.35) {
		w.review(s, 3+w.pick(10, 35, 55))
		return
	}
	w.publish(s, [...]topic{postPraise, postNeutral, postGrumble, postTricky}[w.pick(40, 54, 3, 3)], w.chance(0.3))
}
