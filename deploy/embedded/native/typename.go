package native

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxDepth bounds how deep types nest, so that a hostile name cannot exhaust the stack.
const maxDepth = 32

// sizes are the types of a fixed number of bytes.
var sizes = map[string]fixed{
	"Nothing": 1, "Bool": 1, "Int8": 1, "UInt8": 1, "Enum8": 1,
	"Int16": 2, "UInt16": 2, "Enum16": 2, "Date": 2, "BFloat16": 2,
	"Int32": 4, "UInt32": 4, "Float32": 4, "Date32": 4, "DateTime": 4, "Time": 4, "Decimal32": 4, "IPv4": 4,
	"Int64": 8, "UInt64": 8, "Float64": 8, "DateTime64": 8, "Time64": 8, "Decimal64": 8,
	"Int128": 16, "UInt128": 16, "UUID": 16, "IPv6": 16, "Decimal128": 16,
	"Int256": 32, "UInt256": 32, "Decimal256": 32,
}

// shapes are names that stand for another type.
var shapes = map[string]string{
	"Point": "Tuple(Float64, Float64)", "Ring": "Array(Point)", "LineString": "Array(Point)",
	"Polygon": "Array(Ring)", "MultiLineString": "Array(LineString)", "MultiPolygon": "Array(Polygon)",
}

func parseType(name string) (layout, error) { return parseNested(name, 0) }

func parseNested(name string, depth int) (layout, error) {
	if depth > maxDepth {
		return nil, errors.New("the type nests too deep")
	}
	base, arguments, err := splitType(name)
	if err != nil {
		return nil, err
	}
	if size, ok := sizes[base]; ok {
		return size, nil
	}
	if shape, ok := shapes[base]; ok {
		return parseNested(shape, depth+1)
	}
	switch {
	case base == "String":
		return text{}, nil
	case strings.HasPrefix(base, "Interval"):
		return fixed(8), nil
	case base == "FixedString" || base == "Decimal":
		return parseSized(name, base, arguments)
	case base == "SimpleAggregateFunction" && len(arguments) > 1:
		return parseNested(arguments[1], depth+1)
	case base == "Nullable" || base == "Array" || base == "LowCardinality":
		return parseWrapper(name, base, arguments, depth)
	case base == "Map" && len(arguments) == 2:
		pair, err := parseTuple(arguments, depth)
		return array{pair}, err
	case base == "Tuple" && len(arguments) > 0:
		return parseTuple(arguments, depth)
	case base == "Nested" && len(arguments) > 0:
		row, err := parseTuple(arguments, depth)
		return array{row}, err
	case base == "AggregateFunction":
		return nil, fmt.Errorf("type %s: the state of an aggregate function cannot be sent; use its Merge function", name)
	}
	return nil, fmt.Errorf("type %s cannot be sent; cast it, for example with toString()", name)
}

func parseWrapper(name, base string, arguments []string, depth int) (layout, error) {
	if len(arguments) != 1 {
		return nil, fmt.Errorf("type %s: one argument expected", name)
	}
	of, err := parseNested(arguments[0], depth+1)
	if err != nil {
		return nil, err
	}
	switch base {
	case "Array":
		return array{of}, nil
	case "Nullable":
		return nullable{of}, nil
	}
	if n, ok := of.(nullable); ok {
		of = n.of // null is the first entry of the dictionary
	}
	return lowCardinality{of}, nil
}

func parseSized(name, base string, arguments []string) (layout, error) {
	if len(arguments) == 0 {
		return nil, fmt.Errorf("type %s: a number is missing", name)
	}
	n, err := strconv.Atoi(arguments[0])
	switch {
	case err != nil || n < 1:
		return nil, fmt.Errorf("type %s: %q is not a size", name, arguments[0])
	case base == "FixedString":
		return fixed(n), nil
	case n <= 9:
		return fixed(4), nil
	case n <= 18:
		return fixed(8), nil
	case n <= 38:
		return fixed(16), nil
	}
	return fixed(32), nil
}

// parseTuple parses elements, which may carry names.
func parseTuple(arguments []string, depth int) (layout, error) {
	row := make(tuple, len(arguments))
	for i, argument := range arguments {
		of, err := parseNested(withoutName(argument), depth+1)
		if err != nil {
			return nil, err
		}
		row[i] = of
	}
	return row, nil
}

// withoutName returns the type of "name Type", where the name may be quoted, and of a type alone.
func withoutName(element string) string {
	if strings.HasPrefix(element, "`") {
		if end := closing(element, 0); end > 0 {
			return strings.TrimSpace(element[end+1:])
		}
	}
	name, typeName, named := strings.Cut(element, " ")
	if named && !strings.ContainsAny(name, "(,'") {
		return strings.TrimSpace(typeName)
	}
	return element
}

// splitType cuts "Base(a, b)" into its parts. Commas within brackets and quotes do not count.
func splitType(name string) (base string, arguments []string, err error) {
	open := strings.IndexByte(name, '(')
	if open < 0 {
		return name, nil, nil
	}
	depth, start := 0, open+1
	for i := open; i < len(name); i++ {
		switch name[i] {
		case '\'', '`':
			if i = closing(name, i); i < 0 {
				return "", nil, fmt.Errorf("type %s: a quote is not closed", name)
			}
		case '(':
			depth++
		case ')':
			depth--
			if depth == 0 {
				return name[:open], append(arguments, strings.TrimSpace(name[start:i])), nil
			}
		case ',':
			if depth == 1 {
				arguments = append(arguments, strings.TrimSpace(name[start:i]))
				start = i + 1
			}
		}
	}
	return "", nil, fmt.Errorf("type %s: a bracket is not closed", name)
}

// closing returns where the quote that opens at i ends, or -1.
func closing(s string, i int) int {
	for j := i + 1; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case s[i]:
			return j
		}
	}
	return -1
}
