package calibrate

import (
	"slices"
	"strings"
	"time"

	"touchwatch/alerts/rule"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/touchpoint"
)

// How long after its end a trouble still speaks for an alert. Somebody who was helped is at peace soon; who gave up is not.
const (
	afterRecovery = time.Hour
	afterGivingUp = 24 * time.Hour
)

// covers reports whether the trouble speaks for an alert told at a moment.
func covers(t *simulator.Trouble, at touchpoint.Millis) bool {
	switch {
	case at < t.Began:
		return false
	case t.Ended == 0:
		return true
	case t.Outcome == simulator.Recovered:
		return at <= t.Ended.Add(afterRecovery)
	}
	return at <= t.Ended.Add(afterGivingUp)
}

// judgement sets alerts about customers against their troubles.
type judgement struct {
	out    *outcome
	first  map[string]map[int]touchpoint.Millis // rule → trouble → when it was told first; "" is any rule
	theirs map[string][]int                     // customer → troubles
}

func judge(out *outcome) *judgement {
	j := &judgement{out: out, first: map[string]map[int]touchpoint.Millis{}, theirs: map[string][]int{}}
	for i := range out.truth.Troubles {
		id := string(out.truth.Troubles[i].Customer)
		j.theirs[id] = append(j.theirs[id], i)
	}
	for i := range out.alerts {
		if a := &out.alerts[i]; a.Subject.Kind == string(rule.Customer) {
			j.customer(a)
		}
	}
	return j
}

// customer decides whether an alert about a customer is true and notes what it tells of.
func (j *judgement) customer(a *Told) {
	for _, i := range j.theirs[a.Subject.ID] {
		if t := &j.out.truth.Troubles[i]; covers(t, a.UpdatedAt) {
			a.True, a.Because = true, t.Why
			j.note(a.Rule, i, a.UpdatedAt)
			j.note("", i, a.UpdatedAt)
		}
	}
	if a.True || !slices.Contains(ofWaits, a.Rule) {
		return
	}
	if f := j.out.waited(a.Subject.ID, a.UpdatedAt); f != nil {
		a.True, a.Because = true, f.Why
	}
}

// ofWaits are the rules that speak of somebody who waits for longer than the company promises, whatever else there is.
var ofWaits = []string{"chat_unanswered", "call_waiting"}

// waited returns what the world says of a customer in no trouble who waits too long at a moment, nil for nothing. It says so when the wait is over.
func (o *outcome) waited(customer string, at touchpoint.Millis) *simulator.Fact {
	for i := range o.facts {
		f := &o.facts[i]
		if f.Kind == simulator.Waited && string(f.Customer) == customer && f.At >= at && f.At <= at.Add(time.Minute) {
			return f
		}
	}
	return nil
}

// leastWaiting is how many of those whom an alert about a queue names must really wait, or be in trouble.
const leastWaiting = 3

// ofQueue decides whether an alert about a queue is true.
func ofQueue(a *Told, out *outcome) {
	var there []string
	for i := range a.Evidence {
		e := &a.Evidence[i]
		inTrouble := slices.ContainsFunc(out.truth.Troubles, func(t simulator.Trouble) bool {
			return string(t.Customer) == e.Customer && covers(&t, a.UpdatedAt)
		})
		if !slices.Contains(there, e.Customer) && (inTrouble || out.waited(e.Customer, a.UpdatedAt) != nil) {
			there = append(there, e.Customer)
		}
	}
	if len(there) >= leastWaiting {
		a.True, a.Because = true, "many wait there"
	}
}

func (j *judgement) note(name string, trouble int, at touchpoint.Millis) {
	if j.first[name] == nil {
		j.first[name] = map[int]touchpoint.Millis{}
	}
	if _, told := j.first[name][trouble]; !told {
		j.first[name][trouble] = at
	}
}

// troubles returns those that began in the time that is judged, and of these the ones in which the company let somebody
// down: those a lead must hear of.
func (j *judgement) troubles() (needy, all []int) {
	for i := range j.out.truth.Troubles {
		t := &j.out.truth.Troubles[i]
		if !j.out.within(t.Began) {
			continue
		}
		all = append(all, i)
		if t.LetDown != 0 {
			needy = append(needy, i)
		}
	}
	return needy, all
}

// broken is a page that did not work for a while, or a product that turned out faulty.
type broken struct {
	simulator.Fact
	until touchpoint.Millis
	hit   map[touchpoint.CustomerID]bool
	told  touchpoint.Millis
}

// What a place is a place of: only a rule that speaks of such places at all can be asked for what broke there.
const (
	ofPages    = "pages"
	ofProducts = "products"
)

func (b *broken) kind() string {
	if b.Product != "" {
		return ofProducts
	}
	return ofPages
}

// kindOf says of what the place of an alert is one, "" for any other.
func kindOf(a *Told) string {
	switch kind, _, _ := strings.Cut(a.Subject.ID, ":"); kind {
	case "page", "element":
		return ofPages
	case "product", "campaign", "platform":
		return ofProducts
	}
	return ""
}

// trouble is the reason of the trouble of those who run into it.
func (b *broken) trouble() string {
	if b.kind() == ofProducts {
		return b.Why
	}
	return b.Why + " does not work"
}

// breakages pairs what broke with when it was mended, or taken off the shelves, and who ran into it.
func breakages(out *outcome) []*broken {
	var all []*broken
	for _, f := range out.facts {
		switch f.Kind {
		case simulator.Broken, simulator.Defective:
			all = append(all, &broken{Fact: f, until: out.ended.Add(tail), hit: map[touchpoint.CustomerID]bool{}})
		case simulator.Mended, simulator.TakenBack:
			if b := newest(all, func(b *broken) bool { return b.Page == f.Page && b.Product == f.Product }); b != nil {
				b.until = f.At
			}
		case simulator.Troubled:
			if b := newest(all, func(b *broken) bool { return b.until >= f.At && b.trouble() == f.Why }); b != nil {
				b.hit[f.Customer] = true
			}
		}
	}
	return all
}

func newest(all []*broken, match func(*broken) bool) *broken {
	for i := len(all) - 1; i >= 0; i-- {
		if match(all[i]) {
			return all[i]
		}
	}
	return nil
}

// afterMending is for how long evidence of a breakage still arrives.
const afterMending = 10 * time.Minute

// isOf reports whether an alert names the place that broke.
func (b *broken) isOf(a *Told) bool {
	if b.kind() == ofProducts {
		return a.Subject.ID == "product:"+b.Product
	}
	return a.Subject.Name == b.Page || a.Subject.Name == b.Page+" "+b.Element
}

// ofPlace decides whether an alert about a place is true.
func ofPlace(a *Told, all []*broken) {
	for _, b := range all {
		if a.UpdatedAt >= b.At && a.UpdatedAt <= b.until.Add(afterMending) && b.isOf(a) {
			a.True, a.Because = true, b.Why
			if b.kind() == ofPages {
				a.Because += " is broken"
			}
			if b.told == 0 {
				b.told = a.UpdatedAt
			}
		}
	}
}
