package simulator

import (
	"slices"

	"touchwatch/ingest/touchpoint"
)

// trouble is what a person goes through until it is solved or they stop trying.
type trouble struct {
	Trouble
	page     bool // a page that does not work is the cause
	purchase bool // and a purchase is what they want
	attempts int
	told     bool // they posted about it
}

// getIntoTrouble notes that p is in trouble from now on. More of it makes the mood worse.
func (w *World) getIntoTrouble(p *person, why string, channel touchpoint.Channel, s *session) {
	p.mood = max(p.mood-45, -100)
	if p.trouble != nil {
		w.letDown(p)
		w.showsOn(p, channel)
		return
	}
	as := p.id
	if !p.known() {
		as = p.as(s.device, false)
	}
	p.trouble = &trouble{Trouble: Trouble{Customer: as, Why: why, Began: touchpoint.Millis(w.now)}}
	p.troubledAt = w.now
	w.showsOn(p, channel)
	w.tell(Fact{Kind: Troubled, Customer: as, Channel: channel, Why: why})
}

// showsOn notes that the trouble can be seen on a channel.
func (w *World) showsOn(p *person, channel touchpoint.Channel) {
	if !slices.Contains(p.trouble.Channels, channel) {
		p.trouble.Channels = append(p.trouble.Channels, channel)
	}
}

// letDown notes that the company did not help p, who is in trouble.
func (w *World) letDown(p *person) {
	if p.trouble.LetDown == 0 {
		p.trouble.LetDown = touchpoint.Millis(w.now)
	}
}

// recover ends p's trouble well.
func (w *World) recover(p *person, why string) {
	p.mood = min(p.mood+70, 40)
	w.endTrouble(p, Recovered, why)
}

func (w *World) endTrouble(p *person, outcome FactKind, why string) {
	t := &p.trouble.Trouble
	t.Ended, t.Outcome = touchpoint.Millis(w.now), outcome
	w.tell(Fact{Kind: outcome, Customer: t.Customer, Why: why})
	if !w.options.Remember && len(w.troubles) == maxTroubles {
		w.troubles = slices.Delete(w.troubles, 0, 1)
	}
	w.troubles = append(w.troubles, *t)
	p.trouble = nil
	if p.fatedAt != 0 {
		w.passFate(p)
	}
}

// misfortune plans a visit or contact in which trouble begins; nil when p's trouble cannot begin now.
func (w *World) misfortune(p *person) *session {
	switch w.pick(40, 25, 35) {
	case 0:
		s := w.visit(p)
		s.doomed = true
		w.buy(s)
		return s
	case 1:
		s := w.open(p, &ownWebsite)
		w.onDevice(s)
		w.formTrap(s)
		return s
	}
	return w.offline(p)
}

// offline plans the first contact about something that went wrong away from the website.
func (w *World) offline(p *person) *session {
	why := one(w, []string{"the parcel is late", "charged twice", "the product broke", "the refund does not come", "the wrong colour came", "the voucher is refused"})
	w.getIntoTrouble(p, why, touchpoint.Chat, nil)
	p.trouble.Channels = p.trouble.Channels[:0] // the contact itself is the first that shows
	return w.attempt(p)
}

// aftermath is what a person in trouble does when a visit or contact is over: try another way, or give up.
func (w *World) aftermath(s *session) {
	p := s.p
	if p.trouble == nil {
		return
	}
	if !p.known() || p.trouble.attempts >= 2 && w.chance(0.2*float64(p.trouble.attempts)) {
		w.letDown(p)
		w.endTrouble(p, GaveUp, "stopped trying")
		if p.known() && w.chance(0.3) {
			w.after(w.between(5*60_000, 90*60_000), func(w *World) { w.answersSurvey(p) })
		}
		return
	}
	wait := w.between(8_000, 60_000)
	if p.trouble.attempts > 1 {
		wait = w.between(40_000, 400_000)
	}
	w.after(wait, func(w *World) {
		if p.trouble != nil {
			w.begin(w.attempt(p), w.now)
		}
	})
}

// answersSurvey begins a visit by the link in the shop's mail, in which somebody who gave up says what they think.
func (w *World) answersSurvey(p *person) {
	if p.trouble != nil {
		return
	}
	s := w.open(p, &ownWebsite)
	w.onDevice(s)
	s.view(0, &pageHome)
	w.login(s)
	w.survey(s, false)
	s.leave(w.dwell())
	w.begin(s, w.now)
}

// attempt plans the next way that somebody in trouble tries. The angrier, the more public.
func (w *World) attempt(p *person) *session {
	t := p.trouble
	t.attempts++
	again := 0
	if t.purchase && w.outage == nil {
		again = 30
	}
	loud := 8
	if !t.told && p.mood < -50 {
		loud = 30
	}
	switch w.pick(35, 35, loud, again) {
	case 0:
		return w.troubledChat(p)
	case 1:
		return w.troubledCall(p)
	case 2:
		return w.troubledPost(p)
	}
	s := w.visit(p)
	s.view(0, &pageCart)
	w.login(s)
	w.checkout(s, w.between(3_000, 8_000))
	s.last = (*World).aftermath // of another failure; after a purchase there is no trouble left
	return s
}

// tone chooses the words of somebody in this mood.
func (p *person) tone(calm, annoyed, furious topic) topic {
	switch {
	case p.mood < -70:
		return furious
	case p.mood < -40:
		return annoyed
	}
	return calm
}

// subject chooses about what somebody in trouble speaks: the page that does not work, or anything else.
func (p *person) subject(site, other topic) topic {
	if p.trouble.page {
		return site
	}
	return other
}

func (w *World) troubledChat(p *person) *session {
	w.showsOn(p, touchpoint.Chat)
	s := w.converse(p)
	how := [...]ending{solved, ignored, unsolved}[w.pick(40, 35, 25)]
	w.badChat(s, p.tone(p.subject(siteProblem, chatProblem), p.subject(siteComplain, chatComplain), p.subject(siteAngry, chatAngry)), how)
	s.last = outcome(how, "the chat solved it")
	return s
}

func (w *World) troubledCall(p *person) *session {
	w.showsOn(p, touchpoint.Call)
	s := w.ring(p)
	how := [...]ending{solved, ignored, unsolved}[w.pick(45, 30, 25)]
	w.badCall(s, p.tone(p.subject(siteCall, callComplain), p.subject(siteCall, callComplain), callAngry), how)
	s.last = outcome(how, "the call solved it")
	return s
}

func (w *World) troubledPost(p *person) *session {
	w.showsOn(p, touchpoint.Social)
	p.trouble.told = true
	s := w.write(p)
	if s.format == &ownSocial && w.chance(0.3) {
		w.review(s, w.between(1, 2))
	} else {
		w.publish(s, p.tone(p.subject(sitePost, postComplain), p.subject(sitePost, postComplain), postAngry), w.chance(0.4))
	}
	s.last = outcome(unsolved, "")
	return s
}

// outcome is what the end of a contact does to a person in trouble.
func outcome(how ending, why string) func(*World, *session) {
	return func(w *World, s *session) {
		if s.p.trouble == nil {
			return
		}
		if how == solved {
			w.recover(s.p, why)
			return
		}
		s.p.mood = max(s.p.mood-20, -100)
		w.letDown(s.p)
		w.aftermath(s)
	}
}
