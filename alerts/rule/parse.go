package rule

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"touchwatch/processors/customer"
	"touchwatch/processors/place"
)

//go:embed default.yaml
var defaultYAML []byte

// DefaultYAML returns the rules that ship with the program, a file that Parse accepts. The caller may change it.
func DefaultYAML() []byte { return slices.Clone(defaultYAML) }

// maxRules bounds a set: every touchpoint is judged by all of them.
const maxRules = 200

// Parse reads the rules of a settings file: the list under the top-level key "rules". A file without that key has no
// rules. The key "signals" belongs to the detectors and is skipped; any other is an error. file is named in problems.
// The error is a Problems with everything that is wrong, or nil.
func Parse(file string, content []byte) (*Set, error) {
	b := &builder{
		file: file, customers: newWorkshop(customerVocabulary()), places: newWorkshop(placeVocabulary()), lines: map[string]int{},
	}
	for _, spec := range b.specs(content) {
		b.add(spec)
	}
	b.parts()
	if len(b.problems) > 0 {
		return nil, b.problems.ordered()
	}
	return b.set(), nil
}

// builder gathers the rules and problems of one file.
type builder struct {
	file      string
	customers *workshop[customer.State]
	places    *workshop[place.State]
	rules     []*Rule
	lines     map[string]int // where each name was used first
	problems  Problems
}

func (b *builder) problem(line, column int, rule, format string, args ...any) {
	b.problems = append(b.problems, Problem{File: b.file, Line: line, Column: column, Rule: rule, What: fmt.Sprintf(format, args...)})
}

// specs reads the YAML down to the fields of each rule.
func (b *builder) specs(content []byte) []*spec {
	tree, err := parser.ParseBytes(content, 0)
	if err != nil {
		line, column, what := yamlFault(err)
		b.problem(line, column, "", "%s", what)
		return nil
	}
	var specs []*spec
	for _, doc := range tree.Docs {
		if doc.Body == nil {
			continue
		}
		top, ok := entries(doc.Body)
		if !ok {
			b.problem(lineOf(doc.Body), 0, "", "the file must be a mapping with the key rules")
			continue
		}
		for _, entry := range top {
			switch key := keyOf(entry); key {
			case "rules":
				specs = append(specs, b.list(entry.Value)...)
			case "signals":
			default:
				b.problem(lineOf(entry.Key), 0, "", "unknown key %q%s", key, suggest(key, []string{"rules", "signals"}))
			}
		}
	}
	return specs
}

// list reads the list of rules.
func (b *builder) list(n ast.Node) []*spec {
	if _, empty := n.(*ast.NullNode); empty {
		return nil
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		b.problem(lineOf(n), 0, "", "rules must be a list: begin each rule with a dash, as in \"- name: score_low\"")
		return nil
	}
	if len(list.Values) > maxRules {
		b.problem(lineOf(n), 0, "", "%d rules are more than the %d that are allowed", len(list.Values), maxRules)
		return nil
	}
	var specs []*spec
	for i, item := range list.Values {
		if s := b.spec(i+1, item); s != nil {
			specs = append(specs, s)
		}
	}
	return specs
}

// add checks a rule as a whole, compiles it and takes it into the set.
func (b *builder) add(s *spec) {
	if first, twice := b.lines[s.rule.Name]; twice && s.rule.Name != "" {
		b.problem(s.rule.Line, 0, s.label, "a rule of this name exists already, at line %d: names must differ", first)
		return
	}
	b.lines[s.rule.Name] = s.rule.Line
	switch s.rule.Subject {
	case Customer:
		compileRule(b, b.customers, s)
	case Place:
		compileRule(b, b.places, s)
	}
	s.rule.Hash = hashOf(&s.rule)
	b.rules = append(b.rules, &s.rule)
}

// compileRule compiles what a rule says, with the words of its subject.
func compileRule[S any](b *builder, w *workshop[S], s *spec) {
	r := &s.rule
	if at, given := s.fields["when"]; given {
		e, reading, faults := w.compile(r.When, condition)
		b.blame(s, at, "when", faults)
		if r.when = e; reading != nil {
			r.rises, r.restful = reading.rises(), reading.restful()
		}
	}
	if at, given := s.fields["resolve"]; given {
		e, _, faults := w.compile(r.Resolve, condition)
		b.blame(s, at, "resolve", faults)
		r.resolve = &e
	}
	if at, given := s.fields["severity"]; given && r.Grade != "" {
		e, reading, faults := w.compile(r.Grade, grade)
		b.blame(s, at, "severity", faults)
		if r.grade = &e; reading != nil {
			r.Severity = reading.least
		}
	}
	if at, given := s.fields["text"]; given {
		t, faults := w.compileText(r.Text)
		b.blame(s, at, "text", faults)
		r.text = t
	}
}

// blame turns faults inside a field's value into problems of the file.
func (b *builder) blame(s *spec, at ast.Node, field string, faults []fault) {
	for _, f := range faults {
		line, column := position(at, f)
		b.problem(line, column, s.label, "%s: %s", field, f.what)
	}
}

// set puts the rules together, sorted by name.
func (b *builder) set() *Set {
	s := &Set{
		customers: &Book[customer.State]{inputs: b.customers.inputs, quiet: b.customers.vocabulary.quiet},
		places:    &Book[place.State]{inputs: b.places.inputs, quiet: b.places.vocabulary.quiet},
		limits:    uniqueLimits(b.customers.limits),
	}
	slices.SortFunc(b.rules, func(x, y *Rule) int { return strings.Compare(x.Name, y.Name) })
	for _, r := range b.rules {
		if r.Subject == Place {
			s.places.Rules = append(s.places.Rules, r)
		} else {
			s.customers.Rules = append(s.customers.Rules, r)
		}
	}
	s.customers.Order, s.places.Order = judged(s.customers.Rules), judged(s.places.Rules)
	return s
}

// hashOf is the rule's version: 12 hex digits over everything that is written in it.
func hashOf(r *Rule) string {
	text, _ := json.Marshal(map[string]any{ // keys are sorted
		"name": r.Name, "title": r.Title, "subject": r.Subject, "when": r.When, "resolve": r.Resolve, "for": r.For,
		"cooldown": r.Cooldown, "severity": r.severityAsWritten(), "labels": r.Labels, "route": r.Route, "text": r.Text, "part_of": r.PartOf,
	})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

// yamlFault reads the place out of a YAML error.
func yamlFault(err error) (line, column int, what string) {
	var e yaml.Error
	if errors.As(err, &e) {
		what = "not valid YAML: " + e.GetMessage()
		if token := e.GetToken(); token != nil && token.Position != nil {
			line, column = token.Position.Line, token.Position.Column
		}
		return line, column, what
	}
	return 0, 0, "not valid YAML: " + err.Error()
}
