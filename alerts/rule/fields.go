package rule

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"touchwatch/alerts/alert"
)

// Bounds of the fields.
const (
	maxFor          = 7 * 24 * time.Hour
	maxCooldown     = 30 * 24 * time.Hour
	defaultCooldown = 30 * time.Minute
	maxText         = 2000 // bytes of any text field
	maxLabels       = 20
)

// spec is one rule as written: its fields are read, its expressions are not compiled yet.
type spec struct {
	rule   Rule
	label  string              // how problems call the rule
	fields map[string]ast.Node // the value of each field that is given and well-formed
}

// known fields, in the order of the documentation.
var fieldNames = []string{"name", "title", "subject", "when", "for", "resolve", "severity", "cooldown", "part_of", "labels", "route", "text"}

var required = []string{"name", "title", "subject", "when", "severity", "text"}

var validName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// spec reads the fields of the rule that stands at a place of the list.
func (b *builder) spec(place int, n ast.Node) *spec {
	s := &spec{rule: Rule{Line: lineOf(n), Cooldown: defaultCooldown}, label: strconv.Itoa(place), fields: map[string]ast.Node{}}
	fields, ok := entries(n)
	if !ok {
		b.problem(s.rule.Line, 0, s.label, "a rule must be a mapping of fields: %s", strings.Join(fieldNames, ", "))
		return nil
	}
	for _, f := range fields {
		if value, ok := scalar(f.Value); ok && keyOf(f) == "name" && value != "" {
			s.label = value
		}
	}
	for _, f := range fields {
		b.field(s, keyOf(f), f)
	}
	for _, name := range required {
		if given(fields, name) {
			continue
		}
		b.problem(s.rule.Line, 0, s.label, "%s is missing", name)
	}
	return s
}

func given(fields []*ast.MappingValueNode, name string) bool {
	return slices.ContainsFunc(fields, func(f *ast.MappingValueNode) bool { return keyOf(f) == name })
}

// field reads one field into the rule.
func (b *builder) field(s *spec, name string, f *ast.MappingValueNode) {
	line := lineOf(f.Key)
	if !slices.Contains(fieldNames, name) {
		b.problem(line, 0, s.label, "unknown field %q%s", name, suggest(name, fieldNames))
		return
	}
	if name == "labels" {
		b.labels(s, f)
		return
	}
	if name == "part_of" {
		b.partOf(s, f)
		return
	}
	value, ok := scalar(f.Value)
	if !ok {
		b.problem(line, 0, s.label, "%s must be a single value", name)
		return
	}
	if len(value) > maxText {
		b.problem(line, 0, s.label, "%s has %d bytes, more than the %d that are allowed", name, len(value), maxText)
		return
	}
	if err := s.rule.assign(name, value); err != nil {
		b.problem(line, 0, s.label, "%s: %v", name, err)
		return
	}
	s.fields[name] = f.Value
}

// assign gives a field its value.
func (r *Rule) assign(name, value string) (err error) {
	switch name {
	case "name":
		if !validName.MatchString(value) {
			return fmt.Errorf("%q must be lower-case letters, digits and _, beginning with a letter, at most 64", value)
		}
		r.Name = value
	case "title":
		r.Title, err = value, filled(value)
	case "subject":
		return r.assignSubject(value)
	case "when":
		r.When = value
	case "resolve":
		r.Resolve = value
	case "for":
		r.For, err = duration(value, maxFor)
	case "cooldown":
		r.Cooldown, err = duration(value, maxCooldown)
	case "severity":
		return r.assignSeverity(value)
	case "route":
		r.Route, err = value, filled(value)
	case "text":
		r.Text, err = value, filled(value)
	}
	return err
}

func filled(value string) error {
	if strings.TrimSpace(value) == "" {
		return fmt.Errorf("must not be empty")
	}
	return nil
}

func (r *Rule) assignSubject(value string) error {
	if r.Subject = Subject(value); r.Subject != Customer && r.Subject != Place {
		r.Subject = ""
		return fmt.Errorf("unknown subject %q%s", value, suggest(value, []string{string(Customer), string(Place)}))
	}
	return nil
}

func (r *Rule) assignSeverity(value string) error {
	if strings.Contains(value, "?") {
		r.Grade = value
		return nil
	}
	known := severityNames()
	if !slices.Contains(known, value) {
		return fmt.Errorf("unknown severity %q%s", value, suggest(value, known))
	}
	r.Severity = alert.Severity(value)
	return nil
}

func severityNames() []string {
	var known []string
	for _, s := range alert.Severities {
		known = append(known, string(s))
	}
	return known
}

// labels reads the mapping of labels.
func (b *builder) labels(s *spec, f *ast.MappingValueNode) {
	pairs, ok := entries(f.Value)
	if !ok {
		b.problem(lineOf(f.Key), 0, s.label, "labels must be a mapping, such as {team: support}")
		return
	}
	if len(pairs) > maxLabels {
		b.problem(lineOf(f.Key), 0, s.label, "%d labels are more than the %d that are allowed", len(pairs), maxLabels)
		return
	}
	s.rule.Labels = map[string]string{}
	for _, p := range pairs {
		value, ok := scalar(p.Value)
		if !ok || !validName.MatchString(keyOf(p)) || len(value) > maxText {
			b.problem(lineOf(p.Key), 0, s.label, "label %q must be lower-case letters, digits and _, with a single value", keyOf(p))
			continue
		}
		s.rule.Labels[keyOf(p)] = value
	}
}

// duration reads "90s", "30m", "1h30m" or "2d".
func duration(value string, most time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if days, found := strings.CutSuffix(value, "d"); found {
		var n int
		n, err = strconv.Atoi(days)
		d = time.Duration(min(n, 1000)) * 24 * time.Hour
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no length of time: write it as 90s, 30m, 4h or 2d", value)
	case d < 0 || d > most:
		return 0, fmt.Errorf("%s must be between 0s and %s", value, days(most))
	case d != d.Truncate(time.Second):
		return 0, fmt.Errorf("%s: use whole seconds", value)
	}
	return d, nil
}

func days(d time.Duration) string { return strconv.Itoa(int(d.Hours()/24)) + "d" }
