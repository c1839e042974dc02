package settings

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// YAML prints s as a file that Parse reads back to the same settings, with the comments of the embedded one.
// A value that differs from the default has no comment, because the comment explains the default.
func (s *Settings) YAML() []byte {
	defaults := reflect.ValueOf(Default()).Elem()
	var out bytes.Buffer
	var section, sectionDefault reflect.Value
	for _, line := range strings.SplitAfter(string(DefaultYAML), "\n") {
		key, _, isKey := strings.Cut(strings.TrimSpace(line), ":")
		indent := len(line) - len(strings.TrimLeft(line, " "))
		switch {
		case isKey && indent == 2:
			section, sectionDefault = member(reflect.ValueOf(s).Elem(), key), member(defaults, key)
		case isKey && indent == 4:
			value, standard := member(section, key), member(sectionDefault, key)
			if !reflect.DeepEqual(value.Interface(), standard.Interface()) {
				line = fmt.Sprintf("    %s: %s\n", key, format(value))
			}
		}
		out.WriteString(line)
	}
	return out.Bytes()
}

func member(of reflect.Value, key string) reflect.Value {
	f, ok := fieldsOf(of.Type()).named(key)
	if !ok {
		panic("signals.yaml has the key " + key + " that no field has") // Default would have failed before
	}
	return of.FieldByIndex(f.index)
}

func format(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return formatDuration(x)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case string:
		return strconv.Quote(x)
	case []string:
		quoted := make([]string, len(x))
		for i, w := range x {
			quoted[i] = strconv.Quote(w)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	if v.Kind() == reflect.Slice {
		items := make([]string, v.Len())
		for i := range items {
			items[i] = formatMapping(v.Index(i))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return fmt.Sprint(v.Interface())
}

// formatMapping writes a struct on one line, without the keys that say nothing.
func formatMapping(v reflect.Value) string {
	var keys []string
	for _, f := range fieldsOf(v.Type()) {
		if value := v.FieldByIndex(f.index); !value.IsZero() {
			keys = append(keys, f.key+": "+format(value))
		}
	}
	return "{" + strings.Join(keys, ", ") + "}"
}
