package simulator

import "touchwatch/ingest/touchpoint"

// A product whose latest batch is faulty: its buyers find out one after the other and post about it, until the shop has
// taken it off the shelves and people talk of something else. Beside that products are launched, of which as many people
// post at once, pleased or curious.
//
// Who watches the posts counts them within some window, against some limit, by some words. None of that is known here: a
// crowd is anything from two friends to half a forum, an affair lasts from minutes (one post is passed on) to an afternoon
// (each finds out alone), one in five posts is a review with stars, one in five names no product that a machine would find,
// and the words (texts, topics batch.*) are what people write about things that break.

// The moments of defects and launches, in milliseconds.
const (
	firstDefect  = 20 * 60_000
	defectEvery  = 45 * 60_000 // on average
	firstLaunch  = 12 * 60_000
	launchEvery  = 50 * 60_000
	shortAffair  = 6 * 60_000
	longAffair   = 150 * 60_000
	mostInAffair = 18
)

// nextDefect lets a batch of a product turn out faulty, and arranges for the next.
func (w *World) nextDefect() {
	faulty := one(w, products[:])
	lasts := w.between(shortAffair, longAffair)
	w.tell(Fact{Kind: Defective, Channel: touchpoint.Social, Product: faulty.slug, Why: faulty.fault()})
	for range w.between(2, mostInAffair) {
		// More of them early than late: the first posts make others look.
		at := min(w.between(0, lasts), w.between(0, lasts))
		w.after(at, func(w *World) { w.discovers(&faulty) })
	}
	w.after(lasts, func(w *World) {
		w.tell(Fact{Kind: TakenBack, Channel: touchpoint.Social, Product: faulty.slug, Why: faulty.fault()})
	})
	w.after(w.between(defectEvery/2, defectEvery*3/2), (*World).nextDefect)
}

// fault names the defect, also as the reason of each buyer's trouble.
func (p *product) fault() string { return "the latest batch of the " + p.name + " is faulty" }

// discovers begins the post of a customer who has found out that the product is faulty.
func (w *World) discovers(faulty *product) {
	p := w.customerAtPeace()
	if p == nil {
		return
	}
	w.getIntoTrouble(p, faulty.fault(), touchpoint.Social, nil)
	p.trouble.told = true
	s := w.open(p, &ownSocial)
	s.product, s.tagged = faulty, w.chance(0.8)
	if w.chance(0.2) {
		w.review(s, w.between(1, 2))
	} else {
		w.publish(s, [...]topic{batchPost, batchAngry}[w.pick(65, 35)], w.chance(0.3))
	}
	s.last = outcome(unsolved, "")
	w.begin(s, w.now)
}

// nextLaunch lets people talk of a new product that is fine, and arranges for the next.
func (w *World) nextLaunch() {
	fresh := one(w, products[:])
	lasts := w.between(shortAffair, longAffair)
	for range w.between(4, 2*mostInAffair) {
		w.after(w.between(0, lasts), func(w *World) {
			s := w.open(w.stranger(), &ownSocial)
			s.product, s.tagged = &fresh, w.chance(0.8)
			w.publish(s, [...]topic{postPraise, postNeutral, postGrumble, postTricky}[w.pick(45, 45, 5, 5)], w.chance(0.2))
			w.begin(s, w.now)
		})
	}
	w.after(w.between(launchEvery/2, launchEvery*3/2), (*World).nextLaunch)
}
