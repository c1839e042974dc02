package rule

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"touchwatch/alerts/alert"
)

// reading walks an expression as its author wrote it: it checks names, arguments and what is allowed at all, and
// notes which inputs the expression needs and with which scores it compares.
type reading[S any] struct {
	*workshop[S]
	source    string
	condition bool // or a severity: it is judged again and again, not printed once
	root      ast.Node
	faults    []fault
	uses      map[string]*word[S]
	args      map[string][]literal
	keys      []string       // of uses, in the order of appearance
	least     alert.Severity // of the severities that are the outcome
}

func (r *reading[S]) fault(n ast.Node, format string, args ...any) {
	e := (&file.Error{Location: n.Location()}).Bind(file.NewSource(r.source))
	r.faults = append(r.faults, fault{max(e.Line, 1), e.Column, fmt.Sprintf(format, args...)})
}

// visit checks one node and what is below it.
func (r *reading[S]) visit(n ast.Node) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		r.name(n)
	case *ast.CallNode:
		r.call(n)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode, *ast.PointerNode:
	case *ast.UnaryNode:
		r.visit(n.Node)
	case *ast.BinaryNode:
		r.binary(n)
	case *ast.ConditionalNode:
		r.all(n.Cond, n.Exp1, n.Exp2)
	case *ast.ArrayNode:
		r.all(n.Nodes...)
	case *ast.BuiltinNode:
		r.builtin(n)
	case *ast.PredicateNode:
		r.visit(n.Node)
	default:
		r.fault(n, "%s is not part of the rule language: use names, numbers, texts in quotes, lists, and, or, not and comparisons", n.String())
	}
}

func (r *reading[S]) all(nodes ...ast.Node) {
	for _, n := range nodes {
		r.visit(n)
	}
}

// name checks a word that stands alone.
func (r *reading[S]) name(n *ast.IdentifierNode) {
	w := r.vocabulary.find(n.Value)
	switch {
	case w == nil:
		r.fault(n, "unknown name %q%s", n.Value, suggest(n.Value, r.vocabulary.names(false)))
	case len(w.Args) > 0:
		r.fault(n, "%s needs arguments: %s", n.Value, w.Signature())
	case r.condition && n.Value == "score":
		r.fault(n, "score must be compared with a plain number, such as score < 40")
	default:
		r.use(n.Value, w, nil)
	}
}

// call checks a word with arguments.
func (r *reading[S]) call(n *ast.CallNode) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		r.fault(n, "%s is not part of the rule language", n.String())
		return
	}
	w := r.vocabulary.find(callee.Value)
	switch {
	case w == nil:
		r.fault(n, "unknown function %q%s", callee.Value, suggest(callee.Value, append(r.vocabulary.names(true), builtins...)))
		return
	case len(w.Args) == 0:
		r.fault(n, "%s takes no arguments: write it without brackets", callee.Value)
		return
	case len(w.Args) != len(n.Arguments):
		r.fault(n, "%s takes %d arguments, not %d: %s", callee.Value, len(w.Args), len(n.Arguments), w.Signature())
		return
	}
	args := make([]literal, len(w.Args))
	for i, arg := range w.Args {
		args[i] = r.argument(w, arg, n.Arguments[i])
	}
	r.use(n.String(), w, args)
}

// argument reads a literal argument.
func (r *reading[S]) argument(w *word[S], arg Arg, n ast.Node) literal {
	if arg.Kind == Number {
		number, ok := n.(*ast.IntegerNode)
		if !ok || number.Value < 1 || number.Value > arg.Most {
			r.fault(n, "%s of %s must be a whole number from 1 to %d, not %s", arg.Name, w.Name, arg.Most, n.String())
			return literal{}
		}
		return literal{number: number.Value}
	}
	nodes := []ast.Node{n}
	if list, ok := n.(*ast.ArrayNode); ok && arg.Kind == SignalList {
		nodes = list.Nodes
	}
	var l literal
	for _, n := range nodes {
		name, ok := n.(*ast.StringNode)
		if !ok {
			r.fault(n, "%s of %s must be the name of a signal in quotes, such as %q, not %s", arg.Name, w.Name, SignalNames[0], n.String())
			return literal{}
		}
		if !slices.Contains(SignalNames, name.Value) {
			r.fault(n, "unknown signal %q%s", name.Value, suggest(name.Value, SignalNames))
		}
		l.names = append(l.names, name.Value)
	}
	if len(l.names) == 0 {
		r.fault(n, "%s of %s needs at least one signal", arg.Name, w.Name)
		return literal{names: []string{""}}
	}
	return l
}

func (r *reading[S]) use(key string, w *word[S], args []literal) {
	if _, have := r.uses[key]; have {
		return
	}
	if r.args == nil {
		r.args = map[string][]literal{}
	}
	r.uses[key], r.args[key] = w, args
	r.keys = append(r.keys, key)
}

// operators that conditions may use. The others can fail at run time or build lists without need.
var operators = []string{"and", "&&", "or", "||", "==", "!=", "<", "<=", ">", ">=", "in", "contains", "startsWith", "endsWith", "matches", "+", "-", "*", "/"}

func (r *reading[S]) binary(n *ast.BinaryNode) {
	if !slices.Contains(operators, n.Operator) {
		r.fault(n, "operator %s is not part of the rule language: use %s", n.Operator, strings.Join(operators, " "))
		return
	}
	if n.Operator == "matches" {
		r.pattern(n)
	}
	if r.condition && r.scores(n) {
		return
	}
	r.all(n.Left, n.Right)
}

func (r *reading[S]) pattern(n *ast.BinaryNode) {
	text, ok := n.Right.(*ast.StringNode)
	if !ok {
		r.fault(n.Right, "matches needs a pattern in quotes")
	} else if _, err := regexp.Compile(text.Value); err != nil {
		r.fault(n.Right, "%v", err)
	}
}

// scores handles the comparisons of the score: they must be with plain numbers, because the moment at which a decaying
// score passes a number can be foreseen, and with nothing else.
func (r *reading[S]) scores(n *ast.BinaryNode) bool {
	left, right, operator := n.Left, n.Right, n.Operator
	if isScore(right) {
		left, right, operator = right, left, mirrored(operator)
	}
	if !isScore(left) || r.vocabulary.find("score") == nil {
		return false
	}
	limit, ok := number(right)
	switch {
	case !ok || !slices.Contains([]string{"<", "<=", ">", ">=", "==", "!="}, operator):
		r.fault(n, "score must be compared with a plain number, such as score < 40, not %s", n.String())
	case limit < 0 || limit > 100:
		r.fault(n, "score is between 0 and 100: comparing it with %v says nothing", limit)
	default:
		r.limits = append(r.limits, limitsOf(operator, limit)...)
	}
	r.use("score", r.vocabulary.find("score"), nil)
	return true
}

func isScore(n ast.Node) bool {
	id, ok := n.(*ast.IdentifierNode)
	return ok && id.Value == "score"
}

// limitsOf returns the scores, in hundredths, from which on a comparison says something else than just below.
func limitsOf(operator string, limit float64) []float64 {
	from := math.Ceil(math.Round(limit*1e6)/1e4) / 100         // score >= limit begins here
	above := (math.Floor(math.Round(limit*1e6)/1e4) + 1) / 100 // score > limit begins here
	switch operator {
	case "<", ">=":
		return []float64{from}
	case "<=", ">":
		return []float64{above}
	}
	return []float64{from, above}
}

func mirrored(operator string) string {
	switch operator {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return operator
}

// number reads a plain number, negative ones too.
func number(n ast.Node) (float64, bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return float64(n.Value), true
	case *ast.FloatNode:
		return n.Value, true
	case *ast.UnaryNode:
		v, ok := number(n.Node)
		return -v, ok && n.Operator == "-"
	}
	return 0, false
}

func (r *reading[S]) builtin(n *ast.BuiltinNode) {
	if !slices.Contains(builtins, n.Name) {
		r.fault(n, "unknown function %q%s", n.Name, suggest(n.Name, append(r.vocabulary.names(true), builtins...)))
		return
	}
	r.all(n.Arguments...)
}

// Signature shows how the word is written, such as "count(signal, hours)".
func (w *Word) Signature() string {
	if len(w.Args) == 0 {
		return w.Name
	}
	names := make([]string, len(w.Args))
	for i, a := range w.Args {
		names[i] = a.Name
	}
	return w.Name + "(" + strings.Join(names, ", ") + ")"
}
