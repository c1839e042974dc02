package decode

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// own are our formats with the parts that the schemas must agree with.
var own = []struct {
	format string
	kinds  []ownKind
	event  any
}{
	{"touchwatch.website", websiteKinds, websiteEvent{}},
	{"touchwatch.chat", chatKinds, chatEvent{}},
	{"touchwatch.social", socialKinds, socialEvent{}},
	{"touchwatch.call", callKinds, callEvent{}},
	{"touchwatch.profile", nil, profile{}},
}

func schema(t *testing.T, format string) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	s, err := compiler.Compile("../../docs/schemas/" + format + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// valid reports whether the schema accepts a record.
func valid(t *testing.T, s *jsonschema.Schema, record any) bool {
	t.Helper()
	b, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(instance) == nil
}

func examples(t *testing.T, format string) []map[string]any {
	t.Helper()
	var events []map[string]any
	if err := json.Unmarshal(read(t, "../../docs/examples/"+format+".json"), &events); err != nil {
		t.Fatal(err)
	}
	return events
}

func decodes(t *testing.T, format string, record any) bool {
	t.Helper()
	b, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	return len(Decode(Record{Value: b}, format).Bad) == 0
}

func TestExamplesFollowTheirSchemasAndDecode(t *testing.T) {
	for _, f := range own {
		s := schema(t, f.format)
		events := examples(t, f.format)
		if !valid(t, s, events) || !decodes(t, f.format, events) {
			t.Errorf("%s: schema accepts the examples: %v, decoder: %v", f.format, valid(t, s, events), decodes(t, f.format, events))
		}
		list := "events"
		if f.kinds == nil {
			list = "profiles"
		}
		if wrapped := map[string]any{list: events}; !valid(t, s, wrapped) || !decodes(t, f.format, wrapped) {
			t.Errorf("%s: the examples in an object are refused", f.format)
		}
		for i, event := range events {
			if !valid(t, s, event) || !decodes(t, f.format, event) {
				t.Errorf("%s: example %d alone: schema %v, decoder %v", f.format, i, valid(t, s, event), decodes(t, f.format, event))
			}
		}
	}
}

// A field that the decoder needs is one that the schema requires, for each type of event, and the other way round.
func TestSchemasAndDecodersNeedTheSameFields(t *testing.T) {
	for _, f := range own {
		s := schema(t, f.format)
		refused := 0
		for _, event := range examples(t, f.format) {
			for field := range event {
				less := maps.Clone(event)
				delete(less, field)
				bySchema, byDecoder := valid(t, s, less), decodes(t, f.format, less)
				if bySchema != byDecoder {
					t.Errorf("%s %v without %s: schema %v, decoder %v", f.format, event["type"], field, bySchema, byDecoder)
				}
				if !byDecoder {
					refused++
				}
			}
		}
		if refused == 0 {
			t.Errorf("%s: no field is needed", f.format)
		}
	}
}

// Words from closed lists are the same in schema and decoder.
func TestSchemasAndDecodersRefuseTheSameWords(t *testing.T) {
	for _, f := range own {
		s := schema(t, f.format)
		for _, event := range examples(t, f.format) {
			for _, field := range []string{"type", "outcome", "author", "direction", "role", "reason", "relationship", "consent"} {
				if _, has := event[field]; !has {
					continue
				}
				other := maps.Clone(event)
				other[field] = "none of these"
				if bySchema, byDecoder := valid(t, s, other), decodes(t, f.format, other); bySchema != byDecoder || byDecoder {
					t.Errorf("%s %v with another %s: schema %v, decoder %v", f.format, event["type"], field, bySchema, byDecoder)
				}
			}
		}
	}
}

func TestSchemasNameEveryTypeAndField(t *testing.T) {
	for _, f := range own {
		var doc struct {
			Defs map[string]struct {
				Properties map[string]struct {
					Enum []any `json:"enum"`
				} `json:"properties"`
			} `json:"$defs"`
		}
		if err := json.Unmarshal(read(t, "../../docs/schemas/"+f.format+".json"), &doc); err != nil {
			t.Fatal(err)
		}
		def := doc.Defs["event"]
		if f.kinds == nil {
			def = doc.Defs["profile"]
		}
		for _, k := range f.kinds {
			if !slices.Contains(def.Properties["type"].Enum, any(k.name)) {
				t.Errorf("%s: schema lacks type %s", f.format, k.name)
			}
			if !slices.ContainsFunc(examples(t, f.format), func(e map[string]any) bool { return e["type"] == k.name }) {
				t.Errorf("%s: no example of type %s", f.format, k.name)
			}
		}
		if f.kinds != nil && len(def.Properties["type"].Enum) != len(f.kinds) {
			t.Errorf("%s: schema has %d types, decoder %d", f.format, len(def.Properties["type"].Enum), len(f.kinds))
		}
		known := fields(reflect.TypeOf(f.event))
		for name := range def.Properties {
			if !slices.Contains(known, name) {
				t.Errorf("%s: the decoder does not read %s", f.format, name)
			}
		}
		for _, name := range known {
			if _, ok := def.Properties[name]; !ok && name != "events" && name != "profiles" {
				t.Errorf("%s: schema lacks %s", f.format, name)
			}
		}
	}
}

// fields lists the JSON names of a struct and of what it embeds.
func fields(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			names = append(names, fields(f.Type)...)
			continue
		}
		names = append(names, f.Tag.Get("json"))
	}
	return names
}
