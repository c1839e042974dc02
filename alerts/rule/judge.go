package rule

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
)

// How an alert ended by itself. A person's outcomes are "handled" and "false_alarm".
const (
	Recovered   = "recovered"    // the condition passed
	RuleRemoved = "rule_removed" // the rule is no longer part of the active set
	Merged      = "merged"       // an alert of a rule that this one is part of tells of the same trouble
	Handled     = "handled"
	FalseAlarm  = "false_alarm"
)

// lateAfter is how much older than its receipt the newest evidence may be before an alert counts as found in a backlog.
const lateAfter = 5 * time.Minute

// Step is what a judgement did to an episode.
type Step string

// The steps. Those from Fire on are told.
const (
	Stay        Step = ""
	Begin       Step = "begin" // the condition holds, the alert waits for the rule's 'for'
	Drop        Step = "drop"  // the condition passed before 'for' was over, or the cool-down of an ended alert is over
	Rest        Step = "rest"  // an ended alert's condition has been false: only its cool-down matters
	Fire        Step = "fire"
	Grow        Step = "grow" // an open alert has new evidence
	Acknowledge Step = "acknowledge"
	Resolve     Step = "resolve"
)

// Told reports whether the step changes what people see.
func (s Step) Told() bool {
	return s == Fire || s == Grow || s == Acknowledge || s == Resolve
}

// Case is what a rule is judged on: a subject at a moment.
type Case struct {
	Subject  string            // customer id or place key
	Now      touchpoint.Millis // the fold's clock
	ByTimer  bool              // the judgement was brought about by a timer, so old evidence is no backlog
	Finding                    // what the rule's expressions say
	Evidence []Evidence        // what the condition rests on; needed only while it holds or an alert is open
	Covered  bool              // an alert of a rule that this one is part of is open on the subject
	Act      *timeline.ActionBody
}

// Verdict is the outcome of a judgement.
type Verdict struct {
	Episode episode.Episode   // the episode as it is from now on; meaningless when Keep is false
	Keep    bool              // whether the subject must remember it
	Step    Step              // what happened
	Why     string            // in words, for logs and tests
	Wake    touchpoint.Millis // when to judge again though nothing happens; zero: never
}

// Judge moves the rule's episode on a subject (nil: there is none) to the phase that the case calls for. It is pure.
//
// An alert fires when the condition holds, or has held for the rule's For. It ends when Case.Over says so or when a person
// resolves it. After that none fires for Cooldown. An alert that a person resolved stays away longer: until the condition
// has been false once, or something bad happened after the resolve. So does one that a more urgent alert has told of.
func (r *Rule) Judge(ep *episode.Episode, c Case) Verdict {
	if ep == nil {
		return r.idle(episode.Episode{}, c)
	}
	e := *ep
	if v, acted := r.act(e, c); acted {
		return v
	}
	switch e.Phase {
	case episode.Firing, episode.Acknowledged:
		return r.open(e, c)
	case episode.Pending:
		return r.pending(e, c)
	}
	return r.idle(e, c)
}

// act applies a person's action, if it is about this very alert and the alert is open.
func (r *Rule) act(e episode.Episode, c Case) (Verdict, bool) {
	if c.Act == nil || c.Act.Alert != e.Alert || !e.Phase.Open() {
		return Verdict{}, false
	}
	switch c.Act.Verb {
	case "acknowledge":
		again := e.Phase == episode.Acknowledged && e.By == c.Act.By && e.Note == c.Act.Note
		if again || c.Over { // over at the same moment: only the end is told
			return Verdict{}, false
		}
		e.By, e.Note = c.Act.By, c.Act.Note
		return r.tell(e, c, episode.Acknowledged, Acknowledge, "acknowledged by "+c.Act.By), true
	case "resolve":
		e.By, e.Outcome = c.Act.By, c.Act.Outcome
		if c.Act.Note != "" {
			e.Note = c.Act.Note
		}
		if e.Outcome == "" {
			e.Outcome = Handled
		}
		return r.tell(e, c, episode.Resolved, Resolve, "resolved by "+c.Act.By), true
	}
	return Verdict{}, false
}

// open judges a firing or acknowledged alert.
func (r *Rule) open(e episode.Episode, c Case) Verdict {
	if c.Over {
		e.Outcome = Recovered
		return r.tell(e, c, episode.Resolved, Resolve, "the condition has passed")
	}
	if c.Covered && e.Phase == episode.Firing { // what somebody has taken stays theirs
		e.Outcome = Merged
		return r.tell(e, c, episode.Resolved, Resolve, "a more urgent alert tells of it")
	}
	if grown(&e, c.Evidence) {
		return r.tell(e, c, e.Phase, Grow, "new evidence")
	}
	if s := r.severity(&e, &c); s != alert.Severity(e.Severity) && e.RuleHash == r.Hash {
		return r.tell(e, c, e.Phase, Grow, "more urgent than before")
	}
	return Verdict{Episode: e, Keep: true, Why: "still open", Wake: c.Changes}
}

// pending judges an alert that waits for the rule's For.
func (r *Rule) pending(e episode.Episode, c Case) Verdict {
	due := e.Since.Add(r.For)
	switch {
	case !c.Holds:
		return Verdict{Step: Drop, Why: "the condition did not hold for " + r.For.String(), Wake: c.Changes}
	case c.Covered:
		return r.merge(e, c)
	case c.Now < due:
		return Verdict{Episode: e, Keep: true, Why: "waiting for " + r.For.String(), Wake: sooner(due, c.Changes)}
	}
	return r.tell(e, c, episode.Firing, Fire, "the condition has held for "+r.For.String())
}

// idle judges while no alert is open: there never was one, or it ended.
func (r *Rule) idle(e episode.Episode, c Case) Verdict {
	ended := e.Rule != ""
	cool := e.Changed.Add(r.Cooldown)
	cooling := ended && c.Now < cool && e.Outcome != Merged
	switch {
	case !c.Holds && (!ended || c.Now >= cool.Add(lateAfter)):
		v := Verdict{Why: "the condition does not hold", Wake: c.Changes}
		if ended {
			v.Step = Drop
		}
		return v
	case !c.Holds:
		v := Verdict{Episode: e, Keep: true, Why: "cooling down", Wake: c.Changes}
		if e.Phase != episode.Idle {
			v.Episode.Phase, v.Step = episode.Idle, Rest
			v.Episode.Reason, v.Episode.Evidence, v.Episode.Note = "", nil, "" // a state is small
		}
		return v
	case c.Covered:
		return r.merge(e, c)
	case byHand(&e) && newest(c.Evidence) <= e.Changed:
		return Verdict{Episode: e, Keep: true, Why: "a person resolved it and nothing new has happened", Wake: c.Changes}
	case cooling:
		return Verdict{Episode: e, Keep: true, Why: "cooling down", Wake: sooner(cool, c.Changes)}
	}
	return r.begin(e, c, cool)
}

// merge notes that a more urgent alert tells of what holds now.
func (r *Rule) merge(e episode.Episode, c Case) Verdict {
	e.Rule, e.Phase, e.Outcome, e.Changed = r.Name, episode.Resolved, Merged, c.Now
	e.Reason, e.Evidence, e.By, e.Note = "", nil, "", "" // a state is small
	return Verdict{Episode: e, Keep: true, Why: "a more urgent alert tells of it", Wake: c.Changes}
}

// begin starts a new episode in the place of an ended one, if there was any.
func (r *Rule) begin(ended episode.Episode, c Case, cool touchpoint.Millis) Verdict {
	e := episode.Episode{Rule: r.Name, Alert: alertID(r.Name, c.Subject, c.Now), Phase: episode.Pending, Since: c.Now, Changed: c.Now}
	if ended.Alert == e.Alert {
		e.Version = ended.Version // the same moment: the same alert opens again, and its newest version must win
	}
	known := newest(c.Evidence)
	delayed := ended.Rule != "" && c.Now < cool.Add(lateAfter) // by the cool-down, not by a backlog
	e.Late = !c.ByTimer && !delayed && known > 0 && c.Now.Sub(known) > lateAfter
	e.Severity = string(r.severity(&e, &c))
	e.RuleHash = r.Hash
	if r.For > 0 {
		return Verdict{Episode: e, Keep: true, Step: Begin, Why: "the condition holds", Wake: sooner(e.Since.Add(r.For), c.Changes)}
	}
	return r.tell(e, c, episode.Firing, Fire, "the condition holds")
}

// tell moves the episode to a phase and makes it a new version.
func (r *Rule) tell(e episode.Episode, c Case, phase episode.Phase, step Step, why string) Verdict {
	e.Phase, e.Changed = phase, c.Now
	e.Version++
	e.Severity = string(r.severity(&e, &c))
	e.RuleHash = r.Hash
	if phase.Open() || step == Fire {
		e.Evidence, e.Size = remembered(c.Evidence), int32(len(c.Evidence))
	}
	v := Verdict{Episode: e, Keep: true, Step: step, Why: why, Wake: c.Changes}
	if phase == episode.Resolved && c.Holds && !byHand(&e) {
		v.Wake = sooner(v.Wake, c.Now.Add(r.Cooldown))
	}
	return v
}

// byHand reports whether a person or a more urgent alert ended the episode and its condition has held ever since.
func byHand(e *episode.Episode) bool {
	return e.Phase == episode.Resolved && e.Outcome != Recovered && e.Outcome != RuleRemoved
}

func newest(evidence []Evidence) touchpoint.Millis {
	var at touchpoint.Millis
	for i := range evidence {
		at = max(at, evidence[i].At)
	}
	return at
}

// maxRemembered bounds the touchpoints that an episode remembers; the newest evidence stays.
const maxRemembered = 8

// remembered is one touchpoint of each piece of evidence, by which it is recognised later.
func remembered(evidence []Evidence) []touchpoint.ID {
	var ids []touchpoint.ID
	for i := range evidence {
		if n := len(evidence[i].Touchpoints); n > 0 {
			ids = append(ids, evidence[i].Touchpoints[n-1])
		}
	}
	return ids[max(0, len(ids)-maxRemembered):]
}

// grown reports whether there is evidence that the last message did not show: a piece none of whose touchpoints is
// remembered, or, where evidence is a crowd of customers, half as many again.
func grown(e *episode.Episode, evidence []Evidence) bool {
	crowd := 0
	for i := range evidence {
		if len(evidence[i].Touchpoints) == 0 {
			crowd++
		} else if !anyIn(evidence[i].Touchpoints, e.Evidence) && i >= len(evidence)-maxRemembered {
			return true
		}
	}
	return crowd > 0 && crowd >= int(e.Size)+max(1, int(e.Size)/2)
}

func anyIn(ids, among []touchpoint.ID) bool {
	for _, id := range ids {
		for _, other := range among {
			if id == other {
				return true
			}
		}
	}
	return false
}

// alertID is the same in every replay: a hash of rule, subject and the moment the condition began to hold.
func alertID(rule, subject string, since touchpoint.Millis) string {
	sum := sha256.Sum256([]byte(rule + "\x00" + subject + "\x00" + strconv.FormatInt(int64(since), 10)))
	return "alert_" + hex.EncodeToString(sum[:10])
}
