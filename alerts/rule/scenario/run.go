package scenario

import (
	"fmt"
	"strings"
	"time"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// begin is when a scenario starts unless it says otherwise: a Monday morning.
var begin = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// run is one scenario under way.
type run struct {
	result  Result
	world   World
	now     touchpoint.Millis
	line    int
	moved   bool // something has happened: the start can no longer be set
	ids     int
	people  map[touchpoint.CustomerID]*person
	current *person
	crowd   int
	told    []alert.Alert     // not expected yet
	latest  map[string]string // rule + subject → the latest alert's id
}

// Run plays a scenario in an empty world. file is named in failures. It stops at the first line that makes no sense or
// that the world refuses; expectations that are not met are collected.
func Run(file string, content []byte, w World) Result {
	r := &run{
		result: Result{File: file}, world: w, now: touchpoint.MillisOf(begin), people: map[touchpoint.CustomerID]*person{},
		latest: map[string]string{},
	}
	for i, line := range strings.Split(string(content), "\n") {
		r.line = i + 1
		words, err := split(strings.TrimSuffix(line, "\r"))
		if err == nil && len(words) > 0 {
			err = r.step(words)
		}
		if err != nil {
			r.fail("%v", err)
			return r.result
		}
	}
	if r.result.Checks == 0 {
		r.fail("the scenario expects nothing: add a line such as \"expect none\"")
	}
	return r.result
}

func (r *run) fail(format string, args ...any) {
	r.result.Failures = append(r.result.Failures, Failure{File: r.result.File, Line: r.line, What: fmt.Sprintf(format, args...)})
}

// step does what a line says.
func (r *run) step(words []word) error {
	first := words[0]
	if isKind(first) {
		return r.happen(words)
	}
	switch rest := words[1:]; first.value {
	case "start":
		return r.start(rest)
	case "customer":
		return r.declare(rest)
	case "at":
		return r.at(rest)
	case "advance":
		return r.advance(rest)
	case "acknowledge", "resolve":
		return r.act(first.value, rest)
	case "expect":
		return r.expect(rest)
	}
	return fmt.Errorf("unknown word %q: a line begins with start, customer, at, advance, acknowledge, resolve, expect or a kind of touchpoint such as website.click", first.value)
}

// start sets the day and time of the scenario's beginning.
func (r *run) start(words []word) error {
	var text []string
	for _, w := range words {
		text = append(text, w.value)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", strings.Join(text, " "), time.UTC)
	if err != nil {
		return fmt.Errorf("start needs a day and a time, as in: start 2026-03-02 08:00")
	}
	if r.moved {
		return fmt.Errorf("start must come first")
	}
	r.now = touchpoint.MillisOf(at)
	return nil
}

// declare makes a customer known and the current one.
func (r *run) declare(words []word) error {
	p, err := readPerson(words)
	if err != nil {
		return err
	}
	r.people[p.id], r.current = p, p
	if !p.known {
		return nil
	}
	return r.apply(p.arrival(), 0)
}

// at lets time pass until a time of day, and lets something happen then.
func (r *run) at(words []word) error {
	if len(words) == 0 {
		return fmt.Errorf("at needs a time, as in: at 09:00 website.page_view page=/cart")
	}
	clock, err := time.Parse("15:04:05", words[0].value)
	if err != nil {
		if clock, err = time.Parse("15:04", words[0].value); err != nil {
			return fmt.Errorf("%q is no time of day: write 09:00 or 09:00:30", words[0].value)
		}
	}
	y, m, d := r.now.At().Date()
	to := touchpoint.MillisOf(time.Date(y, m, d, clock.Hour(), clock.Minute(), clock.Second(), 0, time.UTC))
	if to < r.now {
		return fmt.Errorf("it is %s already: use advance to reach the next day", r.now.At().Format("15:04:05"))
	}
	if err := r.pass(to); err != nil || len(words) == 1 {
		return err
	}
	return r.step(words[1:])
}

func (r *run) advance(words []word) error {
	if len(words) != 1 {
		return fmt.Errorf("advance needs a length of time, as in: advance 2m")
	}
	d, err := span(words[0].value)
	if err != nil {
		return err
	}
	return r.pass(r.now.Add(d))
}

func (r *run) pass(to touchpoint.Millis) error {
	r.moved = true
	told, err := r.world.Advance(to)
	r.hear(told)
	r.now = to
	return err
}

// happen lets a touchpoint happen, perhaps several times or to several customers.
func (r *run) happen(words []word) error {
	h, err := readHappening(words)
	if err != nil {
		return err
	}
	if h.crowd > 0 {
		for i := range h.crowd {
			r.crowd++
			p := &person{id: touchpoint.CustomerID(fmt.Sprintf("crowd_%d", r.crowd))}
			p.aliases = []touchpoint.Alias{{Kind: touchpoint.AliasID, Value: string(p.id)}}
			if err := r.once(h, p, i); err != nil {
				return err
			}
		}
		return nil
	}
	p := r.current
	if h.by != "" {
		p = r.people[touchpoint.CustomerID(h.by)]
	}
	if p == nil {
		return fmt.Errorf("nobody is there: declare the customer first, as in: customer cus_1 name=\"J. Weber\"")
	}
	for i := range h.times {
		if err := r.once(h, p, i); err != nil {
			return err
		}
	}
	return nil
}

// once lets the touchpoint happen to one person; before every repeat time passes.
func (r *run) once(h *happening, p *person, repeat int) error {
	if repeat > 0 {
		if err := r.pass(r.now.Add(h.every)); err != nil {
			return err
		}
	}
	t := h.touch // what it points to is not changed by anybody
	if h.touch.Mood != nil {
		mood := *h.touch.Mood
		t.Mood = &mood
	}
	t.Customer, t.Aliases = p.id, p.aliases
	if len(t.Aliases) == 0 {
		t.Aliases = []touchpoint.Alias{{Kind: touchpoint.AliasCookie, Value: string(p.id)}}
	}
	return r.apply(&t, h.age)
}

// apply sends a touchpoint into the world.
func (r *run) apply(t *touchpoint.Touchpoint, age time.Duration) error {
	r.moved = true
	r.ids++
	t.ID = touchpoint.ID(fmt.Sprintf("%s:line%d-%d", t.Channel, r.line, r.ids))
	t.OccurredAt, t.ReceivedAt = r.now.Add(-age), r.now
	told, err := r.world.Apply(t)
	r.hear(told)
	return err
}

// hear notes what was told.
func (r *run) hear(told []alert.Alert) {
	for i := range told {
		r.latest[told[i].Rule+"\x00"+told[i].Subject.ID] = told[i].ID
	}
	r.told = append(r.told, told...)
}

// act lets a person act on the latest alert of a rule on a subject.
func (r *run) act(verb string, words []word) error {
	body := timeline.ActionBody{Verb: verb, By: "somebody"}
	var bare []string
	for _, w := range words {
		switch {
		case w.key == "by":
			body.By = w.value
		case w.key == "note":
			body.Note = w.value
		case w.key == "outcome" && verb == "resolve":
			body.Outcome = w.value
		case w.key == "":
			bare = append(bare, w.value)
		default:
			return fmt.Errorf("%s has no %q: use by= and note=, and outcome= with resolve", verb, w.key)
		}
	}
	if len(bare) != 2 {
		return fmt.Errorf("write %s RULE SUBJECT, as in: %s score_low cus_1 by=kim", verb, verb)
	}
	if body.Alert = r.latest[bare[0]+"\x00"+bare[1]]; body.Alert == "" {
		return fmt.Errorf("no alert %s was told about %s", bare[0], bare[1])
	}
	told, err := r.world.Act(bare[1], r.now, body)
	r.hear(told)
	return err
}

// expect checks what was told. An alert that met an expectation is done with; the others stay until "expect none" asks.
func (r *run) expect(words []word) error {
	e, err := readExpectation(words)
	if err != nil {
		return err
	}
	r.result.Checks++
	rest, wrong := e.check(r.told)
	if r.told = rest; wrong != "" {
		r.fail("%s", wrong)
	}
	return nil
}
