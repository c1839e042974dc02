package app

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// yamlProblem is the text of an error of a configuration file. An unknown key comes with the nearest one of its section, or with
// the section that has a key of this name.
func yamlProblem(file []byte, err error) string {
	text := strings.TrimSpace(yaml.FormatError(err, false, true))
	var unknown *yaml.UnknownFieldError
	if !errors.As(err, &unknown) || unknown.Token == nil {
		return text
	}
	name := unknown.Token.Value
	section := sectionOf(file, unknown.Token.Position.Line, unknown.Token.Position.Column)
	keys := map[string][]string{}
	sectionKeys("", reflect.TypeFor[Config](), keys)
	hint := Suggest(name, keys[section])
	if hint == "" {
		hint = elsewhere(name, keys)
	}
	first, rest, _ := strings.Cut(text, "\n")
	return first + hint + "\n" + rest
}

// elsewhere names the one place where a key of this name may stand, if there is one.
func elsewhere(name string, keys map[string][]string) string {
	var paths []string
	for section, names := range keys {
		if slices.Contains(names, name) {
			paths = append(paths, join(section, name))
		}
	}
	if len(paths) != 1 {
		return ""
	}
	return "; did you mean " + paths[0] + "?"
}

// sectionKeys maps each section, "" for the top, to the keys it may hold. The items of a list are a section of the list's name.
func sectionKeys(section string, t reflect.Type, out map[string][]string) {
	for i := range t.NumField() {
		key := strings.Split(t.Field(i).Tag.Get("yaml"), ",")[0]
		if key == "-" || key == "" {
			continue
		}
		out[section] = append(out[section], key)
		f := t.Field(i).Type
		if f.Kind() == reflect.Slice {
			f = f.Elem()
		}
		if f.Kind() == reflect.Struct {
			sectionKeys(join(section, key), f, out)
		}
	}
}

func join(section, key string) string {
	if section == "" {
		return key
	}
	return section + "." + key
}

// sectionOf is the section of a YAML file's key at line and column, both from 1: what the lines above that are indented less begin with.
func sectionOf(file []byte, line, column int) string {
	var path []string
	lines := bytes.Split(file, []byte("\n"))
	depth := column - 1
	for i := min(line, len(lines)) - 2; i >= 0 && depth > 0; i-- {
		at := len(lines[i]) - len(bytes.TrimLeft(lines[i], " -")) // a list's dash indents its item
		key, _, ok := strings.Cut(string(lines[i][at:]), ":")
		if ok && at < depth && !strings.HasPrefix(key, "#") {
			path, depth = append(path, key), at
		}
	}
	slices.Reverse(path)
	return strings.Join(path, ".")
}
