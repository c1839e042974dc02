// Package rule owns alert rules: their YAML, the conditions in it (expr-lang expressions over what is known of a customer or
// a place), and the pure judgement that moves an alert from phase to phase. It leaves the episodes to the state that
// keeps them, the alert's final form to alerts/desk, and time to its caller: every function takes the moment as an argument.
//
// Rules and sets are immutable and safe for concurrent use; a Look belongs to one goroutine until it is closed.
package rule

import (
	"slices"
	"strings"
	"time"

	"touchwatch/alerts/alert"
	"touchwatch/processors/customer"
	"touchwatch/processors/place"
)

// Subject is whom or what a rule watches.
type Subject string

// The subjects.
const (
	Customer Subject = "customer"
	Place    Subject = "place"
)

// Rule is one rule of a set, checked and compiled.
type Rule struct {
	Name     string // stable id, such as "score_low"
	Title    string // for people, such as "Customer in trouble"
	Subject  Subject
	When     string            // condition, as written
	Resolve  string            // condition that ends the alert, as written; "" means: when When no longer holds
	For      time.Duration     // how long the condition must hold before the alert fires; 0 means at once
	Cooldown time.Duration     // how long after the end of an alert no new one fires
	Severity alert.Severity    // the least one, when Grade chooses among several
	Grade    string            // the expression that chooses the severity, as written; "" means Severity
	PartOf   []string          // rules whose alerts on the same subject tell of this trouble as well, so that this one stays silent
	Labels   map[string]string // never changed
	Route    string            // whom to tell; "" means the default
	Text     string            // template of the reason, as written
	Hash     string            // version: it changes with every change of the rule's text
	Line     int               // where it stands in its file

	when    expression
	resolve *expression // nil: the negation of when
	grade   *expression // nil: Severity
	text    template
	depth   int  // in part_of: 0 for a rule that is part of none
	rises   bool // the condition can come true by time alone
	restful bool // the condition is false for a subject that is quiet
}

// Set is all rules of one file.
type Set struct {
	customers *Book[customer.State]
	places    *Book[place.State]
	limits    []float64
}

// Book is the rules of one kind of subject whose state is an S.
type Book[S any] struct {
	Rules  []*Rule // sorted by name
	Order  []*Rule // the order to judge them in: a rule comes after those it is part of
	inputs []input[S]
	quiet  func(*S) bool
	looks  pool[S]
}

// Customers are the rules about customers.
func (s *Set) Customers() *Book[customer.State] { return s.customers }

// Places are the rules about places.
func (s *Set) Places() *Book[place.State] { return s.places }

// Rules lists all rules, sorted by name. The caller may keep and change the list, not the rules.
func (s *Set) Rules() []*Rule {
	all := slices.Concat(s.customers.Rules, s.places.Rules)
	slices.SortFunc(all, func(a, b *Rule) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Limits are the scores at which a condition about the score changes its mind, ascending: it changes between the last
// hundredth below a limit and the limit itself.
func (s *Set) Limits() []float64 { return slices.Clone(s.limits) }

// Find returns the rule with this name, or nil.
func (b *Book[S]) Find(name string) *Rule {
	i, ok := slices.BinarySearchFunc(b.Rules, name, func(r *Rule, name string) int { return strings.Compare(r.Name, name) })
	if !ok {
		return nil
	}
	return b.Rules[i]
}

// Quiet reports whether nothing is known of the subject that most conditions look at; then Restful rules need no look.
func (b *Book[S]) Quiet(s *S) bool { return b.quiet(s) }

// Restful reports whether the condition is certainly false for a quiet subject, whatever else is known of it.
func (r *Rule) Restful() bool { return r.restful }
