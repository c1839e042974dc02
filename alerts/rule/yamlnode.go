package rule

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// entries are the pairs of a mapping node.
func entries(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

func keyOf(n *ast.MappingValueNode) string {
	if token := n.Key.GetToken(); token != nil {
		return token.Value
	}
	return ""
}

// scalar is a single value as text: numbers and true/false as they are written, so that "severity: 1" is refused by its own check.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	case *ast.NullNode:
		return "", true
	}
	return "", false
}

func lineOf(n ast.Node) int {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		return lineOf(m.Values[0].Key)
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		return lineOf(m.Key)
	}
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

// position finds the place in the file of a fault inside a value. The column is 0 where YAML has folded or escaped the
// text, so that nobody is sent to a wrong one.
func position(n ast.Node, f fault) (line, column int) {
	line = lineOf(n)
	switch n := n.(type) {
	case *ast.LiteralNode:
		if strings.HasPrefix(n.GetToken().Value, "|") {
			return line + f.line, 0
		}
		return line + 1, 0
	case *ast.StringNode:
		token := n.GetToken()
		if f.line > 1 || strings.Contains(strings.TrimSpace(token.Origin), "\n") || strings.Contains(token.Origin, "\\") {
			return line, 0
		}
		column = token.Position.Column + f.column
		if strings.HasPrefix(strings.TrimSpace(token.Origin), `"`) || strings.HasPrefix(strings.TrimSpace(token.Origin), "'") {
			column++
		}
	}
	return line, column
}
