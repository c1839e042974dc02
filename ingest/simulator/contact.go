package simulator

import (
	"strconv"
	"strings"

	"touchwatch/ingest/touchpoint"
)

// The conversations, calls and posts. Each function plans one contact; t says in which spirit.

// line returns a text of the topic in the person's language, filled in.
func (w *World) line(s *session, t topic) string {
	lines := w.texts[s.p.language][t]
	if s.order == "" {
		s.order = w.orderNumber()
	}
	return fill(w.choose(lines, s.p.cause()), words{order: s.order, product: s.product.name, sum: sum(s.product.price), name: s.agent})
}

// sum is an amount as people write it.
func sum(amount float64) string {
	return strings.Replace(strconv.FormatFloat(amount, 'f', 2, 64), ".", ",", 1) + " €"
}

// ending is how a contact ends for the customer.
type ending uint8

const (
	solved   ending = iota
	ignored         // nobody answers
	unsolved        // somebody answers, and it does not help
)

// converse starts a chat in one of the formats.
func (w *World) converse(p *person) *session {
	f := &ownChat
	if w.chance(0.4) {
		f = &chatwoot
	}
	s := w.open(p, f)
	s.queue = one(w, chatQueues[:])
	return s
}

func (s *session) customerSays(wait int, text string) {
	s.add(step{wait: wait, kind: touchpoint.ChatCustomerMessage, text: text, author: "customer"})
}

func (s *session) agentSays(wait int, text string) {
	s.add(step{wait: wait, kind: touchpoint.ChatAgentMessage, text: text, author: "agent"})
}

// chatOpening plans the beginning: sometimes a bot greets first.
func (w *World) chatOpening(s *session, t topic) {
	s.add(step{kind: touchpoint.ChatOpened})
	if w.chance(0.25) {
		s.add(step{wait: w.between(300, 900), kind: touchpoint.ChatAgentMessage, text: w.line(s, botHello), author: "bot"})
	}
	s.customerSays(w.between(1_000, 8_000), w.line(s, t))
}

// quickChat plans a chat that goes well.
func (w *World) quickChat(s *session, t topic) {
	w.chatOpening(s, t)
	w.agentTakes(s, agentHello, w.between(6_000, 35_000), w.between(30_000, 80_000), promiseFirst)
	for range w.between(0, 2) {
		s.customerSays(w.between(5_000, 20_000), w.line(s, chatAsk))
		w.agentTakes(s, agentAnswer, w.between(8_000, 40_000), w.between(40_000, 140_000), promiseNext)
	}
	w.chatEnd(s, agentAnswer)
}

// What the company promises its chat's visitors, in milliseconds: until somebody comes, and for each answer after that.
const (
	promiseFirst = 60_000
	promiseNext  = 120_000
	promiseCall  = 180_000 // until somebody picks up the phone
)

// agentTakes plans an agent's answer. Now and then it takes long, and nobody minds; what was promised is broken all the same.
func (w *World) agentTakes(s *session, t topic, wait, long, promise int) {
	if w.chance(0.05) {
		wait = long
	}
	s.agentSays(wait, w.line(s, t))
	if wait > promise {
		s.steps[len(s.steps)-1].then = func(w *World, s *session) {
			w.tell(Fact{Kind: Waited, Customer: s.customer(), Channel: touchpoint.Chat, Why: "waited for an answer in the chat"})
		}
	}
}

// customer returns under which id ingest must know who is in contact.
func (s *session) customer() touchpoint.CustomerID {
	if s.p.known() {
		return s.p.id
	}
	return s.format.alias(s.p)
}

// chatEnd plans answer, thanks, good-bye, and perhaps a rating.
func (w *World) chatEnd(s *session, answer topic) {
	s.agentSays(w.between(8_000, 40_000), w.line(s, answer))
	s.customerSays(w.between(4_000, 15_000), w.line(s, chatThanks))
	switch w.pick(80, 12, 8) {
	case 0:
		s.agentSays(w.between(2_000, 9_000), w.line(s, agentBye))
		s.add(step{wait: w.between(1_000, 5_000), kind: touchpoint.ChatClosed, outcome: "resolved"})
	case 1: // nobody says good-bye, and the window is left open for a while
		s.add(step{wait: w.between(30_000, 400_000), kind: touchpoint.ChatClosed, outcome: "resolved"})
	default: // the customer has the last word
		s.agentSays(w.between(2_000, 9_000), w.line(s, agentBye))
		s.customerSays(w.between(2_000, 9_000), w.line(s, chatThanks))
		s.add(step{wait: w.between(5_000, 200_000), kind: touchpoint.ChatClosed, outcome: "resolved"})
	}
	if w.chance(0.35) {
		s.add(step{wait: w.between(3_000, 20_000), kind: touchpoint.ChatRating, field: "csat", n: w.between(4, 5)})
	}
}

// badChat plans a chat of somebody in trouble.
func (w *World) badChat(s *session, t topic, how ending) {
	w.chatOpening(s, t)
	switch how {
	case solved:
		s.agentSays(w.between(10_000, 45_000), w.line(s, agentHello))
		s.customerSays(w.between(5_000, 20_000), w.line(s, s.p.subject(siteProblem, chatProblem)))
		w.chatEnd(s, agentSolve)
	case ignored:
		s.customerSays(w.between(45_000, 90_000), w.line(s, chatNudge))
		s.customerSays(w.between(50_000, 120_000), w.line(s, chatNudge))
		if w.chance(0.6) {
			s.customerSays(w.between(60_000, 150_000), w.line(s, s.p.subject(siteComplain, chatComplain)))
		}
		s.add(step{wait: w.between(30_000, 90_000), kind: touchpoint.ChatClosed, outcome: "left"})
	case unsolved:
		s.agentSays(w.between(70_000, 200_000), w.line(s, agentHello))
		s.customerSays(w.between(8_000, 20_000), w.line(s, s.p.subject(siteComplain, chatComplain)))
		s.add(step{wait: w.between(20_000, 60_000), kind: touchpoint.ChatHandover})
		s.agentSays(w.between(60_000, 150_000), w.line(s, agentAnswer))
		s.customerSays(w.between(5_000, 15_000), w.line(s, chatAngry))
		s.add(step{wait: w.between(5_000, 15_000), kind: touchpoint.ChatClosed, outcome: "left"})
		if w.chance(0.5) {
			s.add(step{wait: w.between(3_000, 20_000), kind: touchpoint.ChatRating, field: "csat", n: w.between(1, 2)})
		}
	}
}

// ring starts a call in one of the formats.
func (w *World) ring(p *person) *session {
	f := &ownCall
	switch w.pick(60, 20, 20) {
	case 1:
		f = &connectRecord
	case 2:
		f = &twilio
	}
	s := w.open(p, f)
	s.queue = one(w, callQueues[:])
	return s
}

// callSummary is what a contact record says in the end.
type callSummary struct {
	queuedAt, answeredAt, endedAt int64
	longestHold, held             int64 // milliseconds
	holds, transfers              int
	reason                        string
	sequence                      int
}

// talk is how long caller and agent talked until at, in milliseconds.
func (c *callSummary) talk(at int64) int64 {
	if c.answeredAt == 0 {
		return 0
	}
	return at - c.answeredAt
}

// note keeps account of the call as its steps are played.
func (c *callSummary) note(st *step, at int64) {
	switch st.kind {
	case touchpoint.CallQueued:
		c.queuedAt = at
	case touchpoint.CallAnswered:
		c.answeredAt = at
	case touchpoint.CallHoldEnd:
		c.holds++
		c.held += int64(st.n)
		c.longestHold = max(c.longestHold, int64(st.n))
	case touchpoint.CallTransferred:
		c.transfers++
	case touchpoint.CallEnded:
		c.endedAt, c.reason = at, st.outcome
	}
}

// turn plans that somebody says something on the phone.
func (w *World) turn(s *session, wait int, author string, t topic) {
	s.add(step{wait: wait, kind: touchpoint.CallTurn, author: author, text: w.line(s, t)})
}

// answered plans that an agent picks up after a wait.
func (w *World) answered(s *session, wait int) {
	s.add(step{wait: 0, kind: touchpoint.CallQueued})
	s.add(step{wait: wait, kind: touchpoint.CallAnswered, n: wait})
	w.turn(s, w.between(800, 2_000), "agent", callAgent)
}

func (s *session) hold(wait, length int) {
	s.add(step{wait: wait, kind: touchpoint.CallHoldStart})
	s.add(step{wait: length, kind: touchpoint.CallHoldEnd, n: length})
}

func (s *session) hangUp(wait int, reason string) {
	s.add(step{wait: wait, kind: touchpoint.CallEnded, outcome: reason})
}

// quickCall plans a call that goes well, though the line may be busy: who has time listens to the music. A few hang up,
// because the question has answered itself.
func (w *World) quickCall(s *session, t topic) {
	wait := w.between(2_000, 40_000)
	if w.chance(0.15) {
		wait = w.between(30_000, 200_000)
	}
	if w.chance(0.02) {
		s.add(step{kind: touchpoint.CallQueued})
		s.hangUp(w.between(4_000, 45_000), "abandoned_queue")
		return
	}
	w.answered(s, wait)
	if wait > promiseCall {
		s.steps[len(s.steps)-2].then = func(w *World, s *session) {
			w.tell(Fact{Kind: Waited, Customer: s.customer(), Channel: touchpoint.Call, Why: "waited on the phone"})
		}
	}
	w.turn(s, w.between(2_000, 6_000), "customer", t)
	if w.chance(0.2) {
		s.hold(w.between(10_000, 30_000), w.between(8_000, 140_000))
	}
	if w.chance(0.08) {
		s.add(step{wait: w.between(5_000, 20_000), kind: touchpoint.CallTransferred, field: one(w, callQueues[:])})
	}
	w.turn(s, w.between(8_000, 40_000), "agent", callAgent)
	w.turn(s, w.between(3_000, 15_000), "customer", callThanks)
	s.hangUp(w.between(1_500, 6_000), "completed")
	if w.chance(0.2) {
		s.add(step{wait: w.between(5_000, 30_000), kind: touchpoint.CallSurvey, field: "csat", n: w.between(4, 5)})
	}
}

// badCall plans a call of somebody in trouble.
func (w *World) badCall(s *session, t topic, how ending) {
	switch how {
	case ignored:
		s.add(step{kind: touchpoint.CallQueued})
		s.hangUp(w.between(150_000, 420_000), "abandoned_queue")
	case unsolved:
		w.answered(s, w.between(90_000, 300_000))
		w.turn(s, w.between(2_000, 6_000), "customer", t)
		s.hold(w.between(10_000, 30_000), w.between(100_000, 240_000))
		for range w.between(1, 3) {
			s.add(step{wait: w.between(5_000, 20_000), kind: touchpoint.CallTransferred, field: one(w, callQueues[:])})
			w.turn(s, w.between(20_000, 70_000), "agent", callAgent)
			w.turn(s, w.between(3_000, 9_000), "customer", callComplain)
		}
		w.turn(s, w.between(3_000, 9_000), "customer", callAngry)
		s.hangUp(w.between(3_000, 9_000), "completed")
		if w.chance(0.4) {
			s.add(step{wait: w.between(5_000, 30_000), kind: touchpoint.CallSurvey, field: "csat", n: w.between(1, 2), text: w.line(s, surveyBad)})
		}
	default:
		w.answered(s, w.between(20_000, 120_000))
		w.turn(s, w.between(2_000, 6_000), "customer", t)
		s.hold(w.between(10_000, 30_000), w.between(15_000, 60_000))
		w.turn(s, w.between(8_000, 40_000), "agent", agentSolve)
		w.turn(s, w.between(3_000, 15_000), "customer", callThanks)
		s.hangUp(w.between(1_500, 6_000), "completed")
		if w.chance(0.35) {
			s.add(step{wait: w.between(5_000, 30_000), kind: touchpoint.CallSurvey, field: "csat", n: w.between(4, 5)})
		}
	}
}

// write starts a post in one of the formats that the person has an account for.
func (w *World) write(p *person) *session {
	f := &ownSocial
	switch {
	case p.account != "" && w.chance(0.35):
		f = &mastodon
	case p.handle != "" && w.chance(0.5):
		f = &xPost
	}
	return w.open(p, f)
}

// publish plans a post, and at times the company's answer to it.
func (w *World) publish(s *session, t topic, answered bool) {
	kind := touchpoint.SocialMention
	if t == postNeutral && w.chance(0.3) || s.format != &ownSocial {
		kind = touchpoint.SocialPost
	}
	s.add(step{kind: kind, text: w.line(s, t)})
	if answered && s.format == &ownSocial {
		s.add(step{wait: w.between(30_000, 200_000), kind: touchpoint.SocialReply, text: w.line(s, postReply)})
	}
}

// review plans a review with stars.
func (w *World) review(s *session, stars int) {
	t := reviewGood
	switch {
	case stars <= 2:
		t = reviewBad
	case stars == 3:
		t = reviewMixed
	}
	s.add(step{kind: touchpoint.SocialReview, field: "stars", n: stars, text: w.line(s, t)})
}
