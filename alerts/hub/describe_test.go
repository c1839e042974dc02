package hub

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/touchpoint"
)

const docs = "../../docs"

func description(t *testing.T) map[string]any {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(docs, "asyncapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := yaml.Unmarshal(body, &doc); err != nil {
		t.Fatal(yaml.FormatError(err, false, true))
	}
	// Numbers and map types as JSON has them.
	plain, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	doc = nil
	if err := json.Unmarshal(plain, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func at(doc any, path string) any {
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		m, ok := doc.(map[string]any)
		if !ok {
			return nil
		}
		doc = m[part]
	}
	return doc
}

func TestTheDescriptionHasTheFieldsOfTheCode(t *testing.T) {
	doc := description(t)
	for name, value := range map[string]any{
		"Request": Request{}, "Filter": Filter{}, "Message": Message{}, "Snapshot": Snapshot{}, "Delta": Delta{}, "Problem": Problem{}, "RiskRow": RiskRow{},
		"Minute": Minute{}, "FeedItem": FeedItem{}, "Progress": Progress{}, "SourceProgress": SourceProgress{}, "Alert": alert.Alert{},
		"Subject": alert.Subject{}, "Evidence": alert.Evidence{}, "Alias": touchpoint.Alias{},
	} {
		var fields, always []string
		for i := range reflect.TypeOf(value).NumField() {
			tag, options, _ := strings.Cut(reflect.TypeOf(value).Field(i).Tag.Get("json"), ",")
			fields = append(fields, tag)
			if options != "omitempty" {
				always = append(always, tag)
			}
		}
		schema := at(doc, "components/schemas/"+name)
		var described, required []string
		properties, _ := at(schema, "properties").(map[string]any)
		for p := range properties {
			described = append(described, p)
		}
		list, _ := at(schema, "required").([]any)
		for _, r := range list {
			required = append(required, r.(string))
		}
		for _, l := range [][]string{fields, always, described, required} {
			slices.Sort(l)
		}
		if !slices.Equal(fields, described) {
			t.Errorf("%s: code has %v, description has %v", name, fields, described)
		}
		if !slices.Equal(always, required) {
			t.Errorf("%s: code always sends %v, description requires %v", name, always, required)
		}
	}
}

func TestTheDescriptionListsTheWordsOfTheCode(t *testing.T) {
	doc := description(t)
	words := func(path string) (list []string) {
		values, _ := at(doc, path).([]any)
		for _, v := range values {
			list = append(list, v.(string))
		}
		return list
	}
	var topics, severities, reasons []string
	for _, v := range allTopics {
		topics = append(topics, string(v))
	}
	for _, v := range alert.Severities {
		severities = append(severities, string(v))
	}
	for _, v := range touchpoint.Reasons {
		reasons = append(reasons, string(v))
	}
	var codes []string
	for _, r := range append(slices.Clone(endReasons), CodeUnknownTopic) {
		if r != endClient && r != endBroken {
			codes = append(codes, r)
		}
	}
	for path, want := range map[string][]string{
		"components/schemas/Topic/enum": topics, "components/schemas/Severity/enum": severities, "components/schemas/Problem/properties/code/enum": codes,
		"components/schemas/DeadHeaders/properties/tw-dead-reason/enum": reasons,
	} {
		got := words(path)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: code has %v, description has %v", path, want, got)
		}
	}
}

func TestEveryReferenceOfTheDescriptionLeadsSomewhere(t *testing.T) {
	doc := description(t)
	count := 0
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				count++
				if inside, ok := strings.CutPrefix(ref, "#"); ok {
					if at(doc, inside) == nil {
						t.Errorf("%s leads nowhere", ref)
					}
				} else if _, err := os.Stat(filepath.Join(docs, ref)); err != nil {
					t.Error(err)
				}
			}
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(doc)
	if count < 50 {
		t.Errorf("only %d references found", count)
	}
}

func TestTheWordsNameEveryCode(t *testing.T) {
	body, err := os.ReadFile(filepath.Join(docs, "live-protocol.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range append(slices.Clone(endReasons), CodeUnknownTopic) {
		if r != endClient && r != endBroken && !strings.Contains(string(body), "`"+r+"`") {
			t.Errorf("live-protocol.md does not explain %s", r)
		}
	}
}
