package app

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// envPrefix starts the variables that set configuration keys; those with a reserved prefix belong to tools and tests.
const envPrefix = "TOUCHWATCH_"

var reservedEnv = []string{"TOUCHWATCH_TEST_", "TOUCHWATCH_LIBCHDB", "TOUCHWATCH_BIN", "TOUCHWATCH_CACHE", "TOUCHWATCH_TOKEN"}

// applyEnv sets keys from variables such as TOUCHWATCH_KAFKA_BROKERS=a:9092,b:9092. A variable that names no key is an error.
func (c *Config) applyEnv(environ []string) error {
	keys := map[string]reflect.Value{}
	collectKeys(envPrefix, reflect.ValueOf(c).Elem(), keys)
	var problems []error
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(name, envPrefix) || slices.ContainsFunc(reservedEnv, func(r string) bool { return strings.HasPrefix(name, r) }) {
			continue
		}
		field, ok := keys[name]
		if !ok {
			problems = append(problems, fmt.Errorf("environment variable %s names no configuration key%s", name, Suggest(name, slices.Collect(maps.Keys(keys)))))
			continue
		}
		if err := setKey(field, value); err != nil {
			problems = append(problems, fmt.Errorf("environment variable %s: %w", name, err))
		}
	}
	return errors.Join(problems...)
}

// setKey sets a key to a variable's text. Texts are taken as they are, so that a password may hold any character; an empty list
// is the empty text.
func setKey(field reflect.Value, text string) error {
	switch {
	case field.Kind() == reflect.String:
		field.SetString(text)
		return nil
	case field.Kind() == reflect.Slice:
		list := reflect.MakeSlice(field.Type(), 0, 0)
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = reflect.Append(list, reflect.ValueOf(part).Convert(field.Type().Elem()))
			}
		}
		field.Set(list)
		return nil
	}
	if err := yaml.UnmarshalWithOptions([]byte(text), field.Addr().Interface(), yaml.Strict()); err != nil || text == "" {
		return fmt.Errorf("want %s, got %q", wanted(field), text)
	}
	return nil
}

// wanted says in words what a key takes.
func wanted(field reflect.Value) string {
	switch {
	case field.Type() == reflect.TypeFor[time.Duration]():
		return "a duration such as 90s or 24h"
	case field.Kind() == reflect.Bool:
		return "true or false"
	case field.CanInt() || field.CanUint() || field.CanFloat():
		return "a number"
	}
	return "a " + field.Type().String()
}

// collectKeys maps variable names to the fields they set; lists of sections have none.
func collectKeys(prefix string, v reflect.Value, out map[string]reflect.Value) {
	for i := range v.NumField() {
		key := strings.Split(v.Type().Field(i).Tag.Get("yaml"), ",")[0]
		if key == "-" {
			continue
		}
		name := prefix + strings.ToUpper(key)
		f := v.Field(i)
		switch {
		case f.Kind() == reflect.Struct:
			collectKeys(name+"_", f, out)
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
		default:
			out[name] = f
		}
	}
}

// Suggest returns "; did you mean X?" for the nearest of the names, or "".
func Suggest(got string, names []string) string {
	best, least := "", len(got)/2+1
	slices.Sort(names)
	for _, name := range names {
		if d := distance(got, name); d < least {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			last, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, last+cost)
		}
	}
	return row[len(b)]
}
