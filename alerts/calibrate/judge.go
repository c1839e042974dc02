package calibrate

import (
	"slices"
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
	if !a.True && slices.ContainsFunc(j.out.facts, func(f simulator.Fact) bool {
		return f.Kind == simulator.Waited && string(f.Customer) == a.Subject.ID && f.At >= a.UpdatedAt && f.At <= a.UpdatedAt.Add(time.Minute)
	}) && a.Rule == "chat_unanswered" {
		a.True, a.Because = true, "waited for an answer in the chat"
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

// broken is a page that did not work for a while.
type broken struct {
	simulator.Fact
	until touchpoint.Millis
	hit   map[touchpoint.CustomerID]bool
	told  touchpoint.Millis
}

// breakages pairs what broke with when it was mended and who ran into it.
func breakages(out *outcome) []*broken {
	var all []*broken
	for _, f := range out.facts {
		switch f.Kind {
		case simulator.Broken:
			all = append(all, &broken{Fact: f, until: out.ended.Add(tail), hit: map[touchpoint.CustomerID]bool{}})
		case simulator.Mended:
			if b := newest(all, func(b *broken) bool { return b.Page == f.Page }); b != nil {
				b.until = f.At
			}
		case simulator.Troubled:
			if b := newest(all, func(b *broken) bool {
				return b.until >= f.At && "button "+b.Element+" on "+b.Page+" does not work" == f.Why
			}); b != nil {
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

// ofPlace decides whether an alert about a place is true.
func ofPlace(a *Told, all []*broken) {
	for _, b := range all {
		if a.UpdatedAt >= b.At && a.UpdatedAt <= b.until.Add(afterMending) && (a.Subject.Name == b.Page || a.Subject.Name == b.Page+" "+b.Element) {
			a.True, a.Because = true, b.Why+" is broken"
			if b.told == 0 {
				b.told = a.UpdatedAt
			}
		}
	}
}
