package simulator

import (
	"touchwatch/ingest/touchpoint"
)

// outage is a page with a button that does nothing.
type outage struct {
	page    *page
	element string
	share   float64 // of the clicks that do nothing
	silent  bool    // nothing fails: the button has lost its script
}

// The moments of the demo's plot, in milliseconds from the start. The calm lasts for janaPays.
const (
	janaArrives   = 600
	janaPays      = 4_200
	janaChats     = 7_600
	janaCalls     = 24_000
	janaPosts     = 130_000
	firstOutage   = 70_000
	outageLasts   = 105_000
	janaRecovers  = 190_000
	storiesBegin  = 240_000
	laterOutages  = 50 * 60_000
	storyInterval = 75_000 // between smaller stories, on average
)

// janaWeber is the customer of the plot. She is the first of all people.
func (w *World) jana() {
	p := w.people[0]
	p.name, p.language, p.segment, p.value = "Jana Weber", german, "vip", 48_200
	p.email, p.handle, p.account = "jana.weber@example.com", "jana_weber", ""
	p.phone, p.owner, p.relation, p.reach = "+4915112345678", "m.sommer", "customer", 4_180
	p.fatedAt, p.busy = 0, 1 // she has no other sessions until her story is told
}

// plot arranges the story: a calm start, Jana's trouble, a broken page, her recovery, and smaller stories for ever.
func (w *World) plot() {
	jana := w.people[0]
	w.after(janaArrives, func(w *World) { w.janaVisits(jana) })
	w.after(janaChats, func(w *World) { w.janaChats(jana) })
	w.after(janaCalls, func(w *World) { w.janaCalls(jana) })
	w.after(janaPosts, func(w *World) { w.janaPosts(jana) })
	w.after(firstOutage, func(w *World) { w.breaks(&pagePayment, "button#pay", outageLasts, false) })
	w.after(janaRecovers, func(w *World) { w.janaRecovers(jana) })
	w.after(storiesBegin, (*World).nextSmallStory)
	w.after(laterOutages, (*World).nextOutage)
}

// janaVisits plans that she fills her basket, signs in, and cannot pay.
func (w *World) janaVisits(p *person) {
	s := w.open(p, &ownWebsite)
	s.order, s.product, s.campaign = "A-104417", &products[4], "autumn-newsletter"
	s.view(0, &productPages[4])
	s.add(step{wait: 900, kind: touchpoint.Identify})
	s.click(700, "button#add-to-basket", "mutation")
	s.view(600, &pageCart)
	s.click(700, "button#to-checkout", "navigation")
	s.view(200, &pagePayment)
	s.add(step{wait: janaPays - janaArrives - 3_100, do: happens, then: func(w *World, s *session) {
		w.getIntoTrouble(s.p, "button button#pay on /checkout/payment does not work", touchpoint.Website, s)
		s.p.trouble.page, s.p.trouble.purchase = true, true
	}})
	for i := range 6 {
		s.click(420, "button#pay", "none")
		if i == 1 || i == 4 {
			s.add(step{wait: 90, kind: touchpoint.RequestFailed, field: "/api/checkout/payment", n: 502, outcome: "submit"})
		}
	}
	s.add(step{wait: 150, kind: touchpoint.CheckoutFailed, text: "payment could not be started"})
	w.begin(s, w.now)
}

// janaChats plans her chat, in German, which nobody answers until the agent of janaRecovers comes.
func (w *World) janaChats(p *person) {
	w.showsOn(p, touchpoint.Chat)
	s := w.open(p, &ownChat)
	s.number -= s.number % 3 // see encodeChat: named by her e-mail address, as she typed it
	s.queue, s.order, s.product = "website", "A-104417", &products[4]
	s.key = s.format.key(w, s)
	s.add(step{kind: touchpoint.ChatOpened})
	s.customerSays(300, w.line(s, janaChat))
	s.customerSays(38_000, w.line(s, janaNudge))
	s.customerSays(70_000, w.line(s, janaAgain))
	s.agent = "Mira"
	s.agentSays(janaRecovers-janaChats-108_300, w.line(s, agentSolve))
	s.customerSays(16_000, w.line(s, janaThanks))
	s.agentSays(4_000, w.line(s, agentBye))
	s.add(step{wait: 3_000, kind: touchpoint.ChatClosed, outcome: "resolved"})
	s.add(step{wait: 5_000, kind: touchpoint.ChatRating, field: "csat", n: 5})
	w.begin(s, w.now)
}

// janaCalls plans that she waits on the phone beside the chat, and hangs up.
func (w *World) janaCalls(p *person) {
	w.showsOn(p, touchpoint.Call)
	s := w.open(p, &ownCall)
	s.queue = "orders"
	s.add(step{kind: touchpoint.CallQueued})
	s.hangUp(95_000, "abandoned_queue")
	w.begin(s, w.now)
}

// janaPosts plans her post.
func (w *World) janaPosts(p *person) {
	w.showsOn(p, touchpoint.Social)
	p.mood = -95
	s := w.open(p, &ownSocial)
	s.add(step{kind: touchpoint.SocialMention, text: w.line(s, janaPost)})
	w.begin(s, w.now)
}

// janaRecovers plans that her purchase goes through once an agent has solved it.
func (w *World) janaRecovers(p *person) {
	s := w.open(p, &ownWebsite)
	s.order, s.product = "A-104417", &products[4]
	s.view(7_000, &pagePayment)
	s.click(2_200, "button#pay", "request")
	s.add(step{wait: 1_100, kind: touchpoint.Purchase, page: &pageConfirmation, then: (*World).bought})
	s.view(200, &pageConfirmation)
	s.leave(20_000)
	s.last = func(_ *World, s *session) { s.p.busy-- }
	w.begin(s, w.now)
}

// breaks breaks a button for a while, by a new release of the website, and sends some customers that way beside those
// who come anyway.
func (w *World) breaks(p *page, element string, lasts int, silent bool) {
	w.release++
	w.outage = &outage{page: p, element: element, share: 0.9, silent: silent}
	w.tell(Fact{Kind: Broken, Channel: touchpoint.Website, Page: p.path, Element: element, Why: "button " + element + " on " + p.path})
	arrives := (*World).buyerArrives
	if p == &pageAddress {
		arrives = (*World).moverArrives
	}
	for range 12 {
		w.after(w.between(0, lasts/2), arrives)
	}
	w.after(lasts, func(w *World) {
		w.release++
		w.outage = nil
		w.tell(Fact{Kind: Mended, Channel: touchpoint.Website, Page: p.path, Element: element, Why: "button " + element + " on " + p.path})
	})
}

// buyerArrives begins a visit that goes straight to the checkout.
func (w *World) buyerArrives() {
	p := w.customerAtPeace()
	if p == nil {
		return
	}
	s := w.open(p, &ownWebsite)
	w.onDevice(s)
	s.view(0, &pageCart)
	w.login(s)
	w.checkout(s, w.between(1_500, 5_000))
	w.begin(s, w.now)
}

// moverArrives begins a visit of somebody who has moved house.
func (w *World) moverArrives() {
	p := w.customerAtPeace()
	if p == nil {
		return
	}
	s := w.open(p, &ownWebsite)
	w.onDevice(s)
	s.view(0, &pageAccount)
	w.login(s)
	w.moves(s, w.between(1_500, 5_000))
	s.leave(w.dwell())
	w.begin(s, w.now)
}

// restBetweenTroubles is how long nobody gets into another story.
const restBetweenTroubles = 20 * 3_600_000 // milliseconds

// customerAtPeace returns a customer who does nothing and had no trouble for long; nil when a few draws find none.
func (w *World) customerAtPeace() *person {
	for range 20 {
		p := w.people[w.rng.IntN(w.options.Customers)]
		if p.busy == 0 && p.trouble == nil && w.now-p.troubledAt > restBetweenTroubles {
			return p
		}
	}
	return nil
}

// nextSmallStory lets one customer get into trouble, and arranges for the next.
func (w *World) nextSmallStory() {
	if p := w.customerAtPeace(); p != nil {
		w.begin(w.misfortune(p), w.now)
	}
	w.after(w.between(storyInterval/3, storyInterval*5/3), (*World).nextSmallStory)
}

// nextOutage breaks one of the pages, and arranges for the next time.
func (w *World) nextOutage() {
	silent := w.chance(0.4)
	switch w.pick(40, 30, 30) {
	case 0:
		w.breaks(&pagePayment, "button#pay", w.between(60_000, 150_000), silent)
	case 1:
		w.breaks(&pageCheckout, "button#continue", w.between(60_000, 120_000), silent)
	default:
		w.breaks(&pageAddress, "button#save-address", w.between(120_000, 300_000), silent)
	}
	w.after(w.between(laterOutages*4/5, laterOutages*2), (*World).nextOutage)
}
