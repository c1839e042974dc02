// Package desk owns the step from a changed state to an alert on somebody's screen: it judges all rules of a subject, keeps
// the episodes in the state, and writes each alert whose version rose. It implements the watchers that the folds
// of customers and places declare. It leaves conditions and phases to alerts/rule and delivery to the outbox.
//
// A watcher is immutable and safe for concurrent use; what it does depends on the state and the action only.
package desk

import (
	"slices"
	"strings"

	"touchwatch/alerts/alert"
	"touchwatch/alerts/rule"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
)

// maxEvidence bounds what an alert shows; the heaviest and latest are chosen.
const maxEvidence = 10

// maxJudged bounds the evidence a judgement looks at.
const maxJudged = 1000

// kind is what the desk must know of a kind of state.
type kind[S any] interface {
	// head returns the subject's id, the fold's now, and whether a timer brought the judgement about.
	head(s *S) (id string, now touchpoint.Millis, byTimer bool)
	// episodes returns the place where the state keeps them.
	episodes(s *S) *[]episode.Episode
	// describe fills in what an alert says of its subject.
	describe(s *S, a *alert.Alert)
	// recall returns the evidence of an alert whose condition no longer shows any.
	recall(s *S, e *episode.Episode) []alert.Evidence
}

// desk judges the rules of one kind of state.
type desk[S any] struct {
	kind[S]
	book     *rule.Book[S]
	restless []*rule.Rule // rules that must be looked at even when the subject is quiet
}

func newDesk[S any](k kind[S], book *rule.Book[S]) *desk[S] {
	d := &desk[S]{kind: k, book: book}
	for _, r := range book.Order {
		if !r.Restful() {
			d.restless = append(d.restless, r)
		}
	}
	return d
}

// Watch judges every rule on s; see customer.Watcher.
func (d *desk[S]) Watch(s *S, act *timeline.ActionBody) (changed []episode.Change, wake touchpoint.Millis) {
	episodes := d.episodes(s)
	rules := d.book.Order
	if len(*episodes) == 0 && d.book.Quiet(s) {
		if len(d.restless) == 0 {
			return nil, 0
		}
		rules = d.restless
	}
	changed = d.removeOrphans(s, episodes, nil)
	look := d.book.Look(s, d.now(s))
	defer look.Close()
	for _, r := range rules {
		change, due := d.judge(s, r, look, act)
		if change != nil {
			changed = append(changed, *change)
		}
		if due != 0 && (wake == 0 || due < wake) {
			wake = due
		}
	}
	return changed, wake
}

func (d *desk[S]) now(s *S) touchpoint.Millis {
	_, now, _ := d.head(s)
	return now
}

// judge lets one rule look at s, keeps its episode and returns the message there is to send, or nil.
func (d *desk[S]) judge(s *S, r *rule.Rule, look *rule.Look[S], act *timeline.ActionBody) (*episode.Change, touchpoint.Millis) {
	episodes := d.episodes(s)
	before := episode.Find(*episodes, r.Name)
	open := before != nil && before.Phase.Open()
	finding, err := look.Find(r, open)
	if err != nil {
		return nil, 0 // a fault of the rule: the alert stays as it is, here and in every replay
	}
	if before == nil && !finding.Holds {
		return nil, finding.Changes
	}
	c := rule.Case{Finding: finding, Act: act}
	c.Subject, c.Now, c.ByTimer = d.head(s)
	c.Covered = covered(r, *episodes)
	if open || finding.Holds {
		c.Evidence = look.Evidence(r, maxJudged)
	}
	v := r.Judge(before, c)
	if v.Step == rule.Fire || v.Step == rule.Grow {
		v.Episode.Reason = look.Reason(r)
	}
	keep(episodes, r.Name, v)
	if !v.Step.Told() {
		return nil, v.Wake
	}
	a := alertOf(r, &v.Episode, look.Evidence(r, maxEvidence))
	d.describe(s, a)
	if len(a.Evidence) == 0 {
		a.Evidence = d.recall(s, &v.Episode)
	}
	return message(a), v.Wake
}

// covered reports whether an alert is open of a rule that r is part of.
func covered(r *rule.Rule, episodes []episode.Episode) bool {
	return slices.ContainsFunc(r.PartOf, func(whole string) bool {
		e := episode.Find(episodes, whole)
		return e != nil && e.Phase.Open()
	})
}

// removeOrphans ends the alerts of rules that are no longer part of the set.
func (d *desk[S]) removeOrphans(s *S, episodes *[]episode.Episode, changed []episode.Change) []episode.Change {
	orphan := func(e episode.Episode) bool { return d.book.Find(e.Rule) == nil }
	if !slices.ContainsFunc(*episodes, orphan) {
		return changed
	}
	for _, e := range *episodes {
		if !orphan(e) || !e.Phase.Open() {
			continue
		}
		e.Phase, e.Outcome, e.Changed = episode.Resolved, rule.RuleRemoved, d.now(s)
		e.Version++
		a := alertOf(&rule.Rule{Name: e.Rule, Title: e.Rule, Severity: alert.Severity(e.Severity)}, &e, nil)
		d.describe(s, a)
		a.Evidence = d.recall(s, &e)
		changed = append(changed, *message(a))
	}
	*episodes = slices.DeleteFunc(*episodes, orphan)
	return changed
}

// keep stores the verdict's episode, sorted by rule, or forgets it.
func keep(episodes *[]episode.Episode, name string, v rule.Verdict) {
	i, have := slices.BinarySearchFunc(*episodes, name, func(e episode.Episode, name string) int { return strings.Compare(e.Rule, name) })
	switch {
	case v.Keep && have:
		(*episodes)[i] = v.Episode
	case v.Keep:
		*episodes = slices.Insert(*episodes, i, v.Episode)
	case have:
		*episodes = slices.Delete(*episodes, i, i+1)
	}
}
