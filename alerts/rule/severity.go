package rule

import (
	"slices"

	"github.com/expr-lang/expr/ast"

	"touchwatch/alerts/alert"
	"touchwatch/processors/episode"
)

// A rule's severity is a word or an expression that chooses one: 'score < 75 ? "high" : "warning"'. While an alert is open it
// may become more urgent, which is told, and never less: who was called does not hear that it was nothing.

// grades checks that an expression can give severities only, and notes the least of them.
func (r *reading[S]) grades(n ast.Node) {
	switch n := n.(type) {
	case *ast.ConditionalNode:
		r.grades(n.Exp1)
		r.grades(n.Exp2)
	case *ast.StringNode:
		if !slices.Contains(severityNames(), n.Value) {
			r.fault(n, "unknown severity %q%s", n.Value, suggest(n.Value, severityNames()))
			return
		}
		if s := alert.Severity(n.Value); r.least == "" || rank(s) > rank(r.least) {
			r.least = s
		}
	default:
		r.fault(n, "a severity is one of the words %v, or a choice between them such as score < 75 ? \"high\" : \"warning\"", severityNames())
	}
}

// rank orders severities, the most urgent first.
func rank(s alert.Severity) int {
	if i := slices.Index(alert.Severities, s); i >= 0 {
		return i
	}
	return len(alert.Severities)
}

// severity is how urgent the alert of an episode is from now on.
func (r *Rule) severity(e *episode.Episode, c *Case) alert.Severity {
	now, before := c.Severity, alert.Severity(e.Severity)
	if now == "" {
		now = r.Severity
	}
	open := e.Phase == episode.Pending || e.Phase.Open() || e.Phase == episode.Resolved
	if open && e.RuleHash == r.Hash && before != "" && rank(before) < rank(now) {
		return before
	}
	return now
}

func (r *Rule) severityAsWritten() string {
	if r.Grade != "" {
		return r.Grade
	}
	return string(r.Severity)
}
