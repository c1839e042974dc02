package app

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// envPrefix starts the variables that set configuration keys; those with a reserved prefix belong to tools and tests.
const envPrefix = "TOUCHWATCH_"

var reservedEnv = []string{"TOUCHWATCH_TEST_", "TOUCHWATCH_LIBCHDB", "TOUCHWATCH_BIN", "TOUCHWATCH_TOKEN"}

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
		if field.Kind() == reflect.Slice {
			value = "[" + value + "]"
		}
		if err := yaml.UnmarshalWithOptions([]byte(value), field.Addr().Interface(), yaml.Strict()); err != nil {
			problems = append(problems, fmt.Errorf("environment variable %s: want a %s, got %q", name, field.Type(), value))
		}
	}
	return errors.Join(problems...)
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
