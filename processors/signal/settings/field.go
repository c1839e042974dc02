package settings

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// field is one key of a settings struct: where its value goes and what it may be.
type field struct {
	key                      string
	index                    []int
	kind                     reflect.Type
	min, max                 float64
	minDuration, maxDuration time.Duration
}

type fields []field

// fieldsOf lists the keys of a struct in order, those of inlined structs included.
func fieldsOf(t reflect.Type) fields {
	var all fields
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				all = append(all, inner)
			}
			continue
		}
		one := field{key: f.Tag.Get("yaml"), index: []int{i}, kind: f.Type}
		if f.Type == reflect.TypeFor[time.Duration]() {
			one.minDuration, _ = parseDuration(f.Tag.Get("min"))
			one.maxDuration, _ = parseDuration(f.Tag.Get("max"))
		} else {
			one.min, _ = strconv.ParseFloat(f.Tag.Get("min"), 64)
			one.max, _ = strconv.ParseFloat(f.Tag.Get("max"), 64)
		}
		all = append(all, one)
	}
	return all
}

func (fs fields) named(key string) (field, bool) {
	i := slices.IndexFunc(fs, func(f field) bool { return f.key == key })
	if i < 0 {
		return field{}, false
	}
	return fs[i], true
}

func (fs fields) names() string {
	keys := make([]string, len(fs))
	for i, f := range fs {
		keys[i] = f.key
	}
	return strings.Join(keys, ", ")
}

// wants says in words what the field takes.
func (f field) wants() string {
	switch f.kind.Kind() {
	case reflect.Int64:
		return fmt.Sprintf("a time between %s and %s, such as 90s, 30m, 6h or 3d", formatDuration(f.minDuration), formatDuration(f.maxDuration))
	case reflect.Float64:
		return fmt.Sprintf("a number from %g to %g", f.min, f.max)
	case reflect.Int:
		return fmt.Sprintf("a whole number from %g to %g", f.min, f.max)
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a word"
	}
	return "a list of words"
}

func durationOf(node ast.Node) (time.Duration, bool) {
	s, ok := node.(*ast.StringNode)
	if !ok {
		return 0, false
	}
	return parseDuration(s.Value)
}

// parseDuration reads Go's durations and days: 500ms, 90s, 1h30m, 3d.
func parseDuration(s string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err != nil || n < 0 || n > 100_000 || math.IsNaN(n) {
			return 0, false
		}
		return time.Duration(n * float64(24*time.Hour)), true
	}
	d, err := time.ParseDuration(s)
	return d, err == nil
}

// formatDuration writes d in the largest unit that keeps it whole.
func formatDuration(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if d != 0 && d%u.unit == 0 {
			return strconv.FormatInt(int64(d/u.unit), 10) + u.name
		}
	}
	if d == 0 {
		return "0s"
	}
	return d.String()
}

func numberOf(node ast.Node) (float64, bool) {
	switch n := node.(type) {
	case *ast.IntegerNode:
		switch v := n.Value.(type) {
		case int64:
			return float64(v), true
		case uint64:
			return float64(v), true
		}
	case *ast.FloatNode:
		return n.Value, true
	}
	return 0, false
}

// wordsOf reads a list of strings; a plain word such as next or 5 is taken as it is written.
func wordsOf(node ast.Node) ([]string, bool) {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		return nil, false
	}
	words := make([]string, 0, len(seq.Values))
	for _, v := range seq.Values {
		word, ok := wordOf(v)
		if !ok {
			return nil, false
		}
		words = append(words, word)
	}
	return words, true
}

// wordOf reads one string; a plain word such as next or 5 is taken as it is written.
func wordOf(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.BoolNode, *ast.FloatNode:
		return node.GetToken().Value, true
	}
	return "", false
}
