package decode

import (
	"regexp"
	"strings"
	"testing"

	"touchwatch/ingest/touchpoint"
)

var section = regexp.MustCompile("(?s)\n### ([a-z0-9.]+)\n(.*?)\n```[a-z]*\n(.*?)\n```")

func TestTheDocumentationNamesEveryFormatAndReason(t *testing.T) {
	doc := string(read(t, "../../docs/formats.md"))
	for _, reason := range touchpoint.Reasons {
		if !strings.Contains(doc, "| `"+string(reason)+"` |") {
			t.Errorf("no line about reason %s", reason)
		}
	}
	found := map[string]string{}
	for _, m := range section.FindAllStringSubmatch(doc, -1) {
		found[m[1]] = m[3]
	}
	for _, format := range Formats() {
		if found[format] == "" {
			t.Errorf("no section with an example of %s", format)
		}
	}
}

func TestTheDocumentationsExamplesDecode(t *testing.T) {
	doc := string(read(t, "../../docs/formats.md"))
	decoded := 0
	for _, m := range section.FindAllStringSubmatch(doc, -1) {
		format, example := m[1], m[3]
		if format == "mastodon" {
			continue // shortened inside its payload
		}
		r := Decode(Record{Value: []byte(example)}, format)
		if len(r.Touchpoints) != 1 || len(r.Bad) != 0 || r.Touchpoints[0].OccurredAt == 0 {
			t.Errorf("%s: %+v", format, outcome(r))
		}
		decoded++
	}
	if decoded < len(Formats())-1 {
		t.Errorf("only %d examples", decoded)
	}
}

// outcome is a result in few words.
func outcome(r Result) []string {
	var words []string
	for i := range r.Touchpoints {
		words = append(words, string(r.Touchpoints[i].Kind))
	}
	for _, bad := range r.Bad {
		words = append(words, bad.Invalid.Error())
	}
	return words
}
