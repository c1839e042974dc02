package settings

import (
	_ "embed"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// DefaultYAML is the embedded file: every key with its default and the reason for it.
//
//go:embed signals.yaml
var DefaultYAML []byte

// Default returns the shipped settings.
func Default() *Settings {
	s, err := Parse("signals.yaml", nil)
	if err != nil {
		panic(err) // the embedded file is part of this package and covered by its tests
	}
	return s
}

// Parse reads an operator's file over the defaults: the keys it names change, the others stay. Beside signals it
// tolerates rules, which other packages read. name is what errors call the file. An unknown key, a wrong type or a value
// out of its range is an error with file, line, column, key and what is expected; all of them are reported together.
func Parse(name string, file []byte) (*Settings, error) {
	s := new(Settings)
	if err := read("signals.yaml", DefaultYAML, s); err != nil {
		return nil, err
	}
	if err := read(name, file, s); err != nil {
		return nil, err
	}
	return s, nil
}

// read applies one file to s.
func read(name string, file []byte, s *Settings) error {
	tree, err := parser.ParseBytes(file, 0)
	if err != nil {
		return syntax(name, err)
	}
	r := reader{name: name}
	for i, doc := range tree.Docs {
		if doc.Body == nil {
			continue
		}
		if i > 0 {
			r.fail(doc.Body, "", "one YAML document in the file, here a second one starts")
			break
		}
		r.top(doc.Body, s)
	}
	return errors.Join(r.errs...)
}

// syntax makes a parser's complaint an error with file and line on one line.
func syntax(name string, err error) error {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil {
		p := y.GetToken().Position
		return fmt.Errorf("%s:%d:%d: no valid YAML: %s", name, p.Line, p.Column, y.GetMessage())
	}
	return fmt.Errorf("%s: no valid YAML: %w", name, err)
}

// reader walks a syntax tree and the struct it fills side by side.
type reader struct {
	name string
	errs []error
}

func (r *reader) fail(at ast.Node, key, format string, args ...any) {
	where := r.where(at)
	if key != "" {
		where += ": " + key
	}
	r.errs = append(r.errs, fmt.Errorf("%s: want %s", where, fmt.Sprintf(format, args...)))
}

// where names a node's place in the file.
func (r *reader) where(at ast.Node) string {
	if token := at.GetToken(); token != nil && token.Position != nil {
		return fmt.Sprintf("%s:%d:%d", r.name, token.Position.Line, token.Position.Column)
	}
	return r.name
}

// top reads the top level: signals is ours, rules is somebody else's.
func (r *reader) top(node ast.Node, s *Settings) {
	for key, value := range r.pairs(node, "", "a mapping with the keys signals and rules") {
		switch key.name {
		case "signals":
			r.fill(value, "signals", reflect.ValueOf(s).Elem())
		case "rules":
		default:
			r.fail(key.node, key.name, "one of the keys signals, rules")
		}
	}
}

type keyNode struct {
	name string
	node ast.Node
}

// pairs yields the entries of a mapping; a null is an empty one. Anything else, and a key that comes twice, is reported.
func (r *reader) pairs(node ast.Node, path, want string) func(yield func(keyNode, ast.Node) bool) {
	var values []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	case *ast.NullNode:
	default:
		r.fail(node, path, "%s, got %s", want, describe(node))
	}
	return func(yield func(keyNode, ast.Node) bool) {
		seen := make(map[string]bool, len(values))
		for _, v := range values {
			name := v.Key.GetToken().Value
			if seen[name] {
				r.fail(v.Key, join(path, name), "each key once")
				continue
			}
			seen[name] = true
			if !yield(keyNode{name, v.Key}, v.Value) {
				return
			}
		}
	}
}

// fill reads a mapping into a struct.
func (r *reader) fill(node ast.Node, path string, into reflect.Value) {
	fields := fieldsOf(into.Type())
	for key, value := range r.pairs(node, path, "a mapping") {
		f, ok := fields.named(key.name)
		if !ok {
			r.fail(key.node, join(path, key.name), "one of the keys %s", fields.names())
			continue
		}
		target, full := into.FieldByIndex(f.index), join(path, key.name)
		switch {
		case target.Kind() == reflect.Struct:
			r.fill(value, full, target)
		case target.Kind() == reflect.Slice && target.Type().Elem().Kind() == reflect.Struct:
			r.list(value, full, target)
		default:
			r.set(value, full, f, target)
		}
	}
	if whole, ok := into.Addr().Interface().(interface{ check() error }); ok && len(r.errs) == 0 {
		if err := whole.check(); err != nil {
			r.errs = append(r.errs, fmt.Errorf("%s: %s: %w", r.where(node), path, err))
		}
	}
}

// list reads a list of mappings into a slice of structs, which it replaces.
func (r *reader) list(node ast.Node, path string, into reflect.Value) {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		r.fail(node, path, "a list of mappings, got %s", describe(node))
		return
	}
	all := reflect.MakeSlice(into.Type(), len(seq.Values), len(seq.Values))
	for i, value := range seq.Values {
		r.fill(value, fmt.Sprintf("%s[%d]", path, i), all.Index(i))
	}
	into.Set(all)
}

// set reads one value into one field.
func (r *reader) set(node ast.Node, path string, f field, into reflect.Value) {
	var ok bool
	switch into.Interface().(type) {
	case time.Duration:
		var d time.Duration
		if d, ok = durationOf(node); ok {
			if ok = d >= f.minDuration && d <= f.maxDuration; ok {
				into.SetInt(int64(d))
			}
		}
	case float64:
		var v float64
		if v, ok = numberOf(node); ok {
			if ok = v >= f.min && v <= f.max; ok {
				into.SetFloat(v)
			}
		}
	case int:
		var v float64
		if v, ok = numberOf(node); ok {
			if ok = v == float64(int(v)) && v >= f.min && v <= f.max; ok {
				into.SetInt(int64(v))
			}
		}
	case bool:
		var b *ast.BoolNode
		if b, ok = node.(*ast.BoolNode); ok {
			into.SetBool(b.Value)
		}
	case string:
		var v string
		if v, ok = wordOf(node); ok {
			into.SetString(v)
		}
	case []string:
		var list []string
		if list, ok = wordsOf(node); ok {
			into.Set(reflect.ValueOf(list))
		}
	}
	if !ok {
		r.fail(node, path, "%s, got %s", f.wants(), describe(node))
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func describe(node ast.Node) string {
	switch n := node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	case *ast.StringNode:
		return fmt.Sprintf("%q", n.Value)
	}
	return strings.TrimSpace(node.String())
}
