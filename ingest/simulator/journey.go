package simulator

import (
	"slices"

	"touchwatch/ingest/touchpoint"
)

// The website's journeys. Each function appends steps to a session's plan; waits are in milliseconds.

func (s *session) add(st step) { s.steps = append(s.steps, st) }

func (s *session) view(wait int, p *page) {
	s.add(step{wait: wait, kind: touchpoint.PageView, page: p})
}

func (s *session) click(wait int, element, outcome string) {
	s.add(step{wait: wait, kind: touchpoint.ClickKind, element: element, outcome: outcome})
}

func (s *session) leave(wait int) { s.add(step{wait: wait, kind: touchpoint.PageLeave}) }

// formFields is how a form goes well: focus, fields, submit.
func (s *session) formFields(w *World, form string, fields ...string) {
	s.add(step{wait: w.between(1500, 4000), kind: touchpoint.FormStart, form: form})
	for _, f := range fields {
		s.add(step{wait: w.between(2000, 7000), kind: touchpoint.FormField, form: form, field: f})
	}
}

// visit starts a session on the website.
func (w *World) visit(p *person) *session {
	f := &ownWebsite
	switch w.pick(68, 8, 14, 10) {
	case 1:
		f = &ownWebsiteBatch
	case 2:
		f = &segmentSingle
	case 3:
		f = &segmentBatch
	}
	s := w.open(p, f)
	w.onDevice(s)
	return s
}

// onDevice draws the device and settles what depends on it. It must run before the key is used.
func (w *World) onDevice(s *session) {
	if w.chance(0.25) {
		s.device = 1
		s.key = s.p.cookies[1]
	}
	s.loggedIn = s.p.linked[s.device] && w.chance(0.6)
	s.campaign = one(w, campaigns[:])
	s.order = w.orderNumber()
}

func (w *World) orderNumber() string { return "A-" + base36(uint64(100_000+w.rng.IntN(900_000))) }

// dwell is how long somebody reads a page.
func (w *World) dwell() int {
	if w.chance(0.15) {
		return w.between(15_000, 40_000)
	}
	return w.between(2_000, 12_000)
}

// browse plans looking around, without a purpose that could fail.
func (w *World) browse(s *session) {
	s.view(0, &pageHome)
	for range w.between(1, 5) {
		switch w.pick(35, 40, 15, 10) {
		case 0:
			s.click(w.dwell(), "a.category", "navigation")
			s.view(w.between(150, 700), &categoryPages[w.rng.IntN(len(categoryPages))])
		case 1:
			i := w.rng.IntN(len(products))
			s.product = &products[i]
			s.click(w.dwell(), "a.product-card", "navigation")
			s.view(w.between(150, 700), &productPages[i])
			if w.chance(0.2) {
				w.lookAtPictures(s)
			}
		case 2:
			s.add(step{wait: w.dwell(), kind: touchpoint.Search, page: &pageSearch, text: one(w, searches[:]), n: w.between(1, 60)})
			s.view(w.between(150, 500), &pageSearch)
		default:
			s.view(w.dwell(), &pageHelp)
		}
	}
	w.mishap(s)
	if w.chance(0.03) {
		w.waver(s)
	}
	s.leave(w.dwell())
}

// waver is somebody who presses a slow button a few times until the page comes, or fills in half a form out of curiosity.
func (w *World) waver(s *session) {
	if w.chance(0.5) {
		s.view(w.dwell(), &pageLogin)
		s.formFields(w, "login", "email")
		return
	}
	presses := w.between(2, 5)
	for range presses {
		s.click(w.between(250, 900), "a.category", "none")
	}
	s.click(w.between(250, 900), "a.category", "navigation")
	s.view(w.between(150, 900), &categoryPages[w.rng.IntN(len(categoryPages))])
}

// lookAtPictures is many fast clicks on the same element that do what they should.
func (w *World) lookAtPictures(s *session) {
	for range w.between(3, 7) {
		s.click(w.between(350, 900), "button.gallery-next", "mutation")
	}
}

// mishap is one of the small things that go wrong without anybody minding much.
func (w *World) mishap(s *session) {
	if !w.chance(0.04) {
		return
	}
	switch w.pick(40, 20, 25, 15) {
	case 0:
		s.add(step{wait: w.dwell(), kind: touchpoint.RequestFailed, field: "/api/recommendations", n: 504})
	case 1:
		s.add(step{wait: w.dwell(), kind: touchpoint.ScriptError, text: "ResizeObserver loop completed with undelivered notifications."})
	case 2:
		s.add(step{wait: w.dwell(), kind: touchpoint.Search, text: one(w, searches[:]), n: 0})
	default:
		s.click(w.dwell(), "img.hero", "none")
	}
}

// login plans signing in, when the person has an account and did not do so yet.
func (w *World) login(s *session) {
	if !s.p.known() || s.loggedIn && s.p.linked[s.device] {
		return
	}
	s.view(w.dwell(), &pageLogin)
	s.formFields(w, "login", "email", "password")
	s.click(w.between(800, 2500), "button#sign-in", "request")
	s.add(step{wait: w.between(200, 700), kind: touchpoint.Identify})
}

// buy plans from the product to the confirmation. What happens at the gates is decided when the customer gets there.
func (w *World) buy(s *session) {
	i := w.rng.IntN(len(products))
	s.product = &products[i]
	s.view(0, &productPages[i])
	s.click(w.dwell(), "button#add-to-basket", "mutation")
	s.view(w.between(3_000, 9_000), &pageCart)
	w.login(s)
	w.checkout(s, w.dwell())
}

// checkout plans the way from the basket to the confirmation.
func (w *World) checkout(s *session, wait int) {
	s.click(wait, "button#to-checkout", "navigation")
	s.view(w.between(200, 800), &pageCheckout)
	s.formFields(w, "delivery", "street", "postcode", "city")
	if w.chance(0.1) {
		w.typo(s, "delivery", "postcode")
	}
	s.add(step{wait: w.between(1500, 4000), do: gate, element: "button#continue", form: "delivery"})
	s.view(w.between(300, 900), &pagePayment)
	s.formFields(w, "payment", "method")
	s.add(step{wait: w.between(2000, 6000), do: gate, element: "button#pay", form: "payment"})
	s.add(step{wait: w.between(900, 2500), kind: touchpoint.Purchase, page: &pageConfirmation, then: (*World).bought})
	s.view(100, &pageConfirmation)
	if w.chance(0.15) {
		w.survey(s, true)
	}
	s.leave(w.dwell())
}

// typo is a field that is filled in wrong, most often once, and then right.
func (w *World) typo(s *session, form, field string) {
	for range 1 + w.pick(80, 17, 3) {
		s.add(step{wait: w.between(500, 1500), kind: touchpoint.FormError, form: form, field: field})
		s.add(step{wait: w.between(2_000, 9_000), kind: touchpoint.FormField, form: form, field: field})
	}
}

// bought is what a purchase does to a person's mood.
func (w *World) bought(s *session) {
	s.p.mood = min(s.p.mood+20, 60)
	if s.p.trouble != nil && s.p.trouble.purchase {
		w.recover(s.p, "the purchase went through at last")
	}
}

// survey plans an answer to the shop's question.
func (w *World) survey(s *session, happy bool) {
	metric, low, high := "nps", 9, 10
	if w.chance(0.5) {
		metric, low, high = "csat", 4, 5
	}
	if !happy && metric == "nps" {
		low, high = 0, 5
	} else if !happy {
		low, high = 1, 2
	}
	t := surveyGood
	if !happy {
		t = surveyBad
	}
	st := step{wait: w.between(3_000, 12_000), kind: touchpoint.WebSurveyAnswer, field: metric, n: w.between(low, high)}
	if w.chance(0.6) {
		st.text = w.line(s, t)
	}
	s.add(st)
}

// account plans looking after one's orders and addresses.
func (w *World) account(s *session) {
	s.view(0, &pageHome)
	w.login(s)
	s.view(w.dwell(), &pageAccount)
	if w.chance(0.6) {
		s.view(w.dwell(), &pageOrders)
		s.click(w.dwell(), "a.order-details", "navigation")
	}
	if w.chance(0.35) {
		w.moves(s, w.dwell())
	}
	if w.chance(0.15) {
		s.view(w.dwell(), &pageReturns)
	}
	w.mishap(s)
	s.leave(w.dwell())
}

// moves plans a change of the address.
func (w *World) moves(s *session, wait int) {
	s.view(wait, &pageAddress)
	s.formFields(w, "address", "street", "postcode")
	s.add(step{wait: w.between(1500, 4000), do: gate, element: "button#save-address", form: "address"})
}

// gate is a click on a button that matters: it works, unless the page is broken or this customer is out of luck.
func (w *World) gate(s *session, st *step) {
	if o := w.outage; s.doomed && st.element == "button#pay" || o != nil && o.element == st.element && w.chance(o.share) {
		w.stuck(s, st)
		return
	}
	w.say(s, &step{kind: touchpoint.ClickKind, element: st.element, outcome: "request"})
	if st.element == "button#pay" && !s.retried && w.chance(0.04) {
		w.mistyped(s, st)
		return
	}
	w.say(s, &step{kind: touchpoint.FormSubmit, form: st.form, outcome: "ok"})
}

// mistyped is a card number with a digit too few: the bank says no, and the next try goes through.
func (w *World) mistyped(s *session, st *step) {
	s.retried = true
	again := *st
	again.wait = w.between(2_000, 8_000)
	s.steps = slices.Insert(s.steps, s.pos,
		step{wait: w.between(700, 2_500), kind: touchpoint.CheckoutFailed, text: "card declined", outcome: "declined"},
		step{wait: w.between(4_000, 20_000), kind: touchpoint.FormField, form: "payment", field: "card"}, again)
}

// stuck replaces the rest of the plan: the button does nothing, however often it is pressed.
func (w *World) stuck(s *session, st *step) {
	s.steps = s.steps[:0]
	s.pos = 0
	w.getIntoTrouble(s.p, "button "+st.element+" on "+s.page.path+" does not work", touchpoint.Website, s)
	s.p.trouble.page, s.p.trouble.purchase = true, st.element != "button#save-address"
	w.say(s, &step{kind: touchpoint.ClickKind, element: st.element, outcome: "none"})
	presses := w.between(1, 7)
	silent := w.outage != nil && w.outage.silent && w.outage.element == st.element
	for i := range presses {
		s.click(w.between(250, 1_400), st.element, "none")
		if silent {
			continue
		}
		if i == 1 || i == presses-1 && w.chance(0.7) {
			s.add(step{wait: w.between(60, 200), kind: touchpoint.RequestFailed, field: "/api" + s.page.path, n: one(w, []int{500, 502, 502, 503}), outcome: "submit"})
		}
	}
	if st.element == "button#pay" && !silent && w.chance(0.6) {
		s.add(step{wait: w.between(300, 1200), kind: touchpoint.CheckoutFailed, text: "payment could not be started"})
	}
	if w.chance(0.3) {
		s.view(w.between(1_500, 5_000), s.page)
		for range w.between(1, 3) {
			s.click(w.between(900, 2_500), st.element, "none")
		}
	}
	s.leave(w.between(2_000, 15_000))
	s.last = (*World).aftermath
}

// formTrap plans a form that does not take what is typed, until the customer gives up.
func (w *World) formTrap(s *session) {
	s.view(0, &pageAccount)
	w.login(s)
	s.view(w.dwell(), &pageAddress)
	s.formFields(w, "address", "street", "postcode", "phone")
	wrong := one(w, []string{"phone", "postcode"})
	for i := range w.between(2, 5) {
		s.click(w.between(1200, 4000), "button#save-address", "request")
		st := step{wait: w.between(100, 400), kind: touchpoint.FormError, form: "address", field: wrong}
		if i == 1 {
			st.then = func(w *World, s *session) {
				w.getIntoTrouble(s.p, "the address form refuses what is typed", touchpoint.Website, s)
				s.p.trouble.page = true
			}
		}
		s.add(st)
		s.add(step{wait: w.between(2500, 8000), kind: touchpoint.FormField, form: "address", field: wrong})
	}
	s.leave(w.between(2_000, 9_000))
	s.last = (*World).aftermath
}
