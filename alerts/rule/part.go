package rule

import (
	"cmp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A rule may be part of others: what it tells of is told by them more urgently. One customer's trouble is then one alert on the
// board and not five.

// partOf reads the list of rules that a rule is part of.
func (b *builder) partOf(s *spec, f *ast.MappingValueNode) {
	list, ok := f.Value.(*ast.SequenceNode)
	if !ok {
		b.problem(lineOf(f.Key), 0, s.label, "part_of must be a list of rules, such as [score_low]")
		return
	}
	for _, item := range list.Values {
		name, ok := scalar(item)
		if !ok || !validName.MatchString(name) || slices.Contains(s.rule.PartOf, name) {
			b.problem(lineOf(item), 0, s.label, "part_of: want the names of other rules, each once")
			continue
		}
		s.rule.PartOf = append(s.rule.PartOf, name)
	}
	s.fields["part_of"] = f.Value
}

// parts checks that every part_of names a rule about the same kind of subject and that none is part of itself, and notes
// how deep each rule lies.
func (b *builder) parts() {
	byName := map[string]*Rule{}
	var names []string
	for _, r := range b.rules {
		byName[r.Name] = r
		names = append(names, r.Name)
	}
	for _, r := range b.rules {
		for _, whole := range r.PartOf {
			switch w := byName[whole]; {
			case w == nil:
				b.problem(r.Line, 0, r.Name, "part_of: unknown rule %q%s", whole, suggest(whole, names))
			case w.Subject != r.Subject:
				b.problem(r.Line, 0, r.Name, "part_of: %s is about a %s, this rule about a %s", whole, w.Subject, r.Subject)
			}
		}
	}
	for range b.rules {
		if !deepen(byName, b.rules) {
			return
		}
	}
	for _, r := range b.rules {
		if r.depth >= len(b.rules) {
			b.problem(r.Line, 0, r.Name, "part_of: the rule is part of itself, by %s", strings.Join(r.PartOf, ", "))
		}
	}
}

// deepen puts each rule below those it is part of and reports whether that moved any. Rules in a circle sink for ever.
func deepen(byName map[string]*Rule, rules []*Rule) (moved bool) {
	for _, r := range rules {
		for _, whole := range r.PartOf {
			if w := byName[whole]; w != nil && r.depth <= w.depth {
				r.depth, moved = w.depth+1, true
			}
		}
	}
	return moved
}

// judged returns the order in which rules are judged.
func judged(rules []*Rule) []*Rule {
	order := slices.Clone(rules)
	slices.SortStableFunc(order, func(x, y *Rule) int { return cmp.Compare(x.depth, y.depth) })
	return order
}
