package rule

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// Bounds of one expression. A support lead's rule has a dozen nodes and needs no memory worth mentioning.
const (
	maxNodes     = 200
	memoryBudget = 10_000
)

// builtins are the functions of the expression language that rules may call beside the words. None of them can fail.
var builtins = []string{"len", "any", "all", "none", "lower", "upper", "trim", "abs", "round", "min", "max"}

// expression is a compiled condition or a piece of a text. Its inputs are positions in the inputs of its Book.
type expression struct {
	program *vm.Program
	inputs  []int
	fixed   bool // no input changes by time alone
}

// fault is a problem inside an expression, with its place there.
type fault struct {
	line, column int // line from 1, column from 0
	what         string
}

// workshop compiles the expressions of one Book and gathers the inputs they need.
type workshop[S any] struct {
	vocabulary *vocabulary[S]
	inputs     []input[S]
	types      map[string]any // for the checker: words without arguments by name, those with by key
	limits     []float64
}

func newWorkshop[S any](v *vocabulary[S]) *workshop[S] {
	w := &workshop[S]{vocabulary: v, types: map[string]any{}}
	for _, word := range v.words {
		if len(word.Args) > 0 {
			w.types[word.Name] = func(...any) any { return nil } // so that the parser takes it for ours, not for a builtin
		} else {
			w.types[word.Name] = word.zero
		}
	}
	return w
}

// aim is what an expression is for.
type aim int

const (
	printable aim = iota // a part of a text
	condition            // true or false
	grade                // a severity
)

// compile checks and compiles an expression.
func (w *workshop[S]) compile(source string, to aim) (expression, *reading[S], []fault) {
	if strings.TrimSpace(source) == "" {
		return expression{}, nil, []fault{{1, 0, "the condition is empty"}}
	}
	tree, err := parser.ParseWithConfig(source, w.config(expr.MaxNodes(maxNodes)))
	if err != nil {
		return expression{}, nil, []fault{asFault(err)}
	}
	r := &reading[S]{workshop: w, source: source, uses: map[string]*word[S]{}, condition: to != printable}
	r.visit(tree.Node)
	if to == grade {
		r.grades(tree.Node)
	}
	if len(r.faults) > 0 {
		return expression{}, nil, r.faults
	}
	for _, key := range r.keys {
		w.types[key] = r.uses[key].zero
	}
	options := []expr.Option{expr.Patch(callsToInputs{}), expr.MaxNodes(maxNodes)}
	switch to {
	case condition:
		options = append(options, expr.AsBool())
	case grade:
		options = append(options, expr.AsKind(reflect.String))
	}
	program, err := expr.Compile(source, append(options, w.options()...)...)
	if err != nil {
		return expression{}, nil, []fault{asFault(err)}
	}
	r.root = tree.Node
	e := expression{program: program, fixed: true}
	for _, key := range r.keys {
		e.inputs = append(e.inputs, w.input(key, r.uses[key], r.args[key]))
		e.fixed = e.fixed && r.uses[key].fades == steady
	}
	return e, r, nil
}

func (w *workshop[S]) options() []expr.Option {
	options := []expr.Option{expr.Env(w.types), expr.DisableAllBuiltins()}
	for _, name := range builtins {
		options = append(options, expr.EnableBuiltin(name))
	}
	return options
}

func (w *workshop[S]) config(more ...expr.Option) *conf.Config {
	c := conf.CreateNew()
	for _, option := range append(w.options(), more...) {
		option(c)
	}
	for name := range c.Disabled {
		delete(c.Builtins, name)
	}
	return c
}

// input returns the position of the input with this key, added when it is new.
func (w *workshop[S]) input(key string, word *word[S], args []literal) int {
	for i := range w.inputs {
		if w.inputs[i].key == key {
			return i
		}
	}
	w.inputs = append(w.inputs, input[S]{key: key, source: word.input(args)})
	return len(w.inputs) - 1
}

// callsToInputs puts the input's key in the place of a call: the value is computed before the expression runs,
// at most once for all rules, and the expression only loads it.
type callsToInputs struct{}

// Visit implements ast.Visitor.
func (callsToInputs) Visit(node *ast.Node) {
	if call, ok := (*node).(*ast.CallNode); ok {
		ast.Patch(node, &ast.IdentifierNode{Value: call.String()})
	}
}

// asFault reads the place out of an error of the expression language and says the commonest ones in a rule author's words.
func asFault(err error) fault {
	var at *file.Error
	if !errors.As(err, &at) {
		return fault{1, 0, plainly(err.Error())}
	}
	return fault{max(at.Line, 1), at.Column, plainly(at.Message)}
}

var (
	mismatched = regexp.MustCompile(`^invalid operation: (\S+) \(mismatched types (\S+) and (\S+)\)$`)
	expected   = regexp.MustCompile(`^expected bool, but got (\S+)$`)
)

func plainly(message string) string {
	if m := mismatched.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%s cannot stand between %s and %s", m[1], typeWord(m[2]), typeWord(m[3]))
	}
	if m := expected.FindStringSubmatch(message); m != nil {
		return "a condition must be true or false, this is " + typeWord(m[1])
	}
	if message == "unexpected token EOF" {
		return "the expression ends too early: something is missing after the last word"
	}
	return message
}

// typeWord names a type as the documentation does.
func typeWord(t string) string {
	switch t {
	case "int", "float64":
		return "a number"
	case "string":
		return "a text"
	case "bool":
		return "true or false"
	case "[]string", "[]interface", "[]any", "array":
		return "a list"
	}
	return t
}
