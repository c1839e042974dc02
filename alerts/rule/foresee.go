package rule

import (
	"slices"

	"github.com/expr-lang/expr/ast"
)

// What can be said of a condition before any customer is seen. Both answers may be wrong on the safe side only:
// a rule is looked at more often than it needs to be, never less.

// restful reports whether the condition is false for every quiet subject.
func (r *reading[S]) restful() bool {
	v, known := r.atRest(r.root)
	holds, isBool := v.(bool)
	return known && isBool && !holds
}

// atRest evaluates a node for a quiet subject: false when the value depends on what quiet does not tell.
func (r *reading[S]) atRest(n ast.Node) (any, bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode, *ast.CallNode:
		if w := r.uses[n.String()]; w != nil && w.quiet != nil {
			return w.quiet, true
		}
	case *ast.IntegerNode:
		return n.Value, true
	case *ast.FloatNode:
		return n.Value, true
	case *ast.BoolNode:
		return n.Value, true
	case *ast.UnaryNode:
		return r.unaryAtRest(n)
	case *ast.BinaryNode:
		return r.binaryAtRest(n)
	}
	return nil, false
}

func (r *reading[S]) unaryAtRest(n *ast.UnaryNode) (any, bool) {
	v, known := r.atRest(n.Node)
	if b, isBool := v.(bool); known && isBool && isNot(n) {
		return !b, true
	}
	if number, isNumber := asNumber(v); known && isNumber && n.Operator == "-" {
		return -number, true
	}
	return nil, false
}

func (r *reading[S]) binaryAtRest(n *ast.BinaryNode) (any, bool) {
	left, leftKnown := r.atRest(n.Left)
	right, rightKnown := r.atRest(n.Right)
	switch n.Operator {
	case "and", "&&":
		return false, (leftKnown && left == false) || (rightKnown && right == false)
	case "or", "||":
		return false, leftKnown && rightKnown && left == false && right == false
	}
	a, aIsNumber := asNumber(left)
	b, bIsNumber := asNumber(right)
	if !leftKnown || !rightKnown || !aIsNumber || !bIsNumber {
		return nil, false
	}
	switch n.Operator {
	case "+":
		return a + b, true
	case "-":
		return a - b, true
	case "*":
		return a * b, true
	case "<":
		return a < b, true
	case "<=":
		return a <= b, true
	case ">":
		return a > b, true
	case ">=":
		return a >= b, true
	case "==":
		return a == b, true
	case "!=":
		return a != b, true
	}
	return nil, false
}

func asNumber(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

func isNot(n *ast.UnaryNode) bool { return n.Operator == "not" || n.Operator == "!" }

// direction says which way time alone can move a value: bits, because it may be both.
type direction int

const (
	still direction = 0
	down  direction = 1 // a number shrinks, a condition becomes false
	up    direction = 2 // a number grows, a condition becomes true
)

// rises reports whether evidence that leaves its window can make the condition true. The score is left out: the fold
// wakes at its limits.
func (r *reading[S]) rises() bool { return r.moves(r.root)&up != 0 }

func (r *reading[S]) moves(n ast.Node) direction {
	switch n := n.(type) {
	case *ast.IdentifierNode, *ast.CallNode:
		w := r.uses[n.String()]
		if w == nil || w.fades == steady {
			return still
		}
		if w.fades == falling {
			return down
		}
		return up | down
	case *ast.UnaryNode:
		if n.Operator == "+" {
			return r.moves(n.Node)
		}
		return opposite(r.moves(n.Node))
	case *ast.BinaryNode:
		return r.binaryMoves(n)
	case *ast.ConditionalNode:
		return either(r.moves(n.Cond) | r.moves(n.Exp1) | r.moves(n.Exp2))
	case *ast.BuiltinNode:
		var d direction
		for _, a := range n.Arguments {
			d |= r.moves(a)
		}
		return either(d)
	case *ast.PredicateNode:
		return either(r.moves(n.Node))
	case *ast.ArrayNode:
		var d direction
		for _, a := range n.Nodes {
			d |= r.moves(a)
		}
		return either(d)
	}
	return still
}

func (r *reading[S]) binaryMoves(n *ast.BinaryNode) direction {
	left, right := r.moves(n.Left), r.moves(n.Right)
	switch n.Operator {
	case "and", "&&", "or", "||", "+":
		return left | right
	case ">", ">=", "-":
		return left | opposite(right)
	case "<", "<=":
		return opposite(left) | right
	}
	return either(left | right)
}

// either turns movement in one direction into movement in both, for nodes that may turn it round.
func either(d direction) direction {
	if d == still {
		return still
	}
	return up | down
}

func opposite(d direction) direction {
	switch d {
	case up:
		return down
	case down:
		return up
	}
	return d
}

// uniqueLimits sorts and compacts.
func uniqueLimits(limits []float64) []float64 {
	slices.Sort(limits)
	return slices.Compact(limits)
}
