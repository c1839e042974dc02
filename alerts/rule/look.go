package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr/vm"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/touchpoint"
)

// Look evaluates rules on one subject at one moment. What several rules need is computed once. It belongs to one
// goroutine and must be closed.
type Look[S any] struct {
	book    *Book[S]
	state   *S
	now     touchpoint.Millis
	machine vm.VM
	env     map[string]any
	turn    uint64              // counts the looks made with this memory
	seen    []uint64            // per input: the turn in which its value was computed
	until   []touchpoint.Millis // per input: when the value changes by time alone

	evidence []Evidence
}

// pool keeps the memory of closed looks.
type pool[S any] struct{ sync.Pool }

// Look begins to look at a subject. The state must not change until Close.
func (b *Book[S]) Look(s *S, now touchpoint.Millis) *Look[S] {
	l, _ := b.looks.Get().(*Look[S])
	if l == nil {
		l = &Look[S]{
			book: b, env: make(map[string]any, len(b.inputs)),
			seen: make([]uint64, len(b.inputs)), until: make([]touchpoint.Millis, len(b.inputs)),
		}
		l.machine.MemoryBudget = memoryBudget
	}
	l.turn++
	l.state, l.now = s, now
	return l
}

// Close gives the memory back. The look must not be used afterwards.
func (l *Look[S]) Close() {
	l.state = nil
	l.book.looks.Put(l)
}

// ready computes the inputs that are not computed yet and returns the earliest moment at which one of them changes.
func (l *Look[S]) ready(inputs []int) touchpoint.Millis {
	var soonest touchpoint.Millis
	for _, i := range inputs {
		if l.seen[i] != l.turn {
			in := &l.book.inputs[i]
			l.env[in.key], l.until[i] = in.value(l.state, l.now)
			l.seen[i] = l.turn
		}
		soonest = sooner(soonest, l.until[i])
	}
	return soonest
}

// Finding is what a rule's expressions say at one moment.
type Finding struct {
	Holds    bool              // the condition, and not what would end the alert
	Over     bool              // what ends an open alert: resolve, or the condition's opposite
	Severity alert.Severity    // how urgent it is now; "" as long as nobody has to know
	Changes  touchpoint.Millis // when time alone may change any of these; zero: never
}

// Find evaluates the rule. open says whether an alert of the rule is open, so that its resolve condition counts. An error is a
// fault of the rule, such as too much memory: the caller leaves the alert as it is.
func (l *Look[S]) Find(r *Rule, open bool) (Finding, error) {
	holds, changes, err := l.decide(&r.when)
	if err != nil {
		return Finding{}, fmt.Errorf("rule %s: when: %w", r.Name, err)
	}
	f := Finding{Holds: holds, Over: !holds}
	if holds || r.rises {
		f.Changes = changes
	}
	if r.resolve != nil && (open || holds) {
		over, later, err := l.decide(r.resolve)
		if err != nil {
			return Finding{}, fmt.Errorf("rule %s: resolve: %w", r.Name, err)
		}
		f.Over, f.Changes = over, sooner(f.Changes, later)
		f.Holds = holds && !over // what would end at once does not begin
	}
	if f.Holds || open {
		return l.graded(f, r)
	}
	return f, nil
}

// graded adds the severity to a finding.
func (l *Look[S]) graded(f Finding, r *Rule) (Finding, error) {
	f.Severity = r.Severity
	if r.grade == nil {
		return f, nil
	}
	changes := l.ready(r.grade.inputs)
	v, err := l.machine.Run(r.grade.program, l.env)
	if err != nil {
		return Finding{}, fmt.Errorf("rule %s: severity: %w", r.Name, err)
	}
	if s, ok := v.(string); ok {
		f.Severity = alert.Severity(s)
	}
	f.Changes = sooner(f.Changes, changes)
	return f, nil
}

func (l *Look[S]) decide(e *expression) (bool, touchpoint.Millis, error) {
	changes := l.ready(e.inputs)
	v, err := l.machine.Run(e.program, l.env)
	if err != nil {
		return false, 0, err
	}
	holds, ok := v.(bool)
	if !ok {
		return false, 0, fmt.Errorf("gave %T instead of true or false", v)
	}
	return holds, changes, nil
}

// choose drops repeats, keeps the heaviest (of equals the latest) and sorts them by time.
func choose(all []Evidence, most int) []Evidence {
	slices.SortFunc(all, func(a, b Evidence) int {
		return cmp.Or(strings.Compare(a.Episode, b.Episode), cmp.Compare(b.At, a.At))
	})
	all = slices.CompactFunc(all, func(a, b Evidence) bool { return a.Episode == b.Episode })
	if len(all) > most {
		slices.SortFunc(all, func(a, b Evidence) int {
			return cmp.Or(cmp.Compare(a.Points, b.Points), cmp.Compare(b.At, a.At), strings.Compare(a.Episode, b.Episode))
		})
		all = all[:most]
	}
	slices.SortFunc(all, func(a, b Evidence) int {
		return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.Episode, b.Episode))
	})
	return all
}
