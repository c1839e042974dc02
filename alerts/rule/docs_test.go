package rule

import (
	"os"
	"strings"
	"testing"
)

func TestDocumentationNamesEverythingARuleMaySay(t *testing.T) {
	b, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	for _, subject := range []Subject{Customer, Place} {
		for _, w := range Words(subject) {
			if !strings.Contains(doc, "| `"+w.Signature()+"` |") {
				t.Errorf("docs/rules.md says nothing about %s for a %s", w.Signature(), subject)
			}
			if w.Doc == "" || w.Gives == "" {
				t.Errorf("%s has no description", w.Name)
			}
		}
	}
	for _, field := range fieldNames {
		if !strings.Contains(doc, "| `"+field+"` |") {
			t.Errorf("docs/rules.md says nothing about the field %s", field)
		}
	}
	for _, name := range append(append([]string{}, SignalNames...), builtins...) {
		if !strings.Contains(doc, name) {
			t.Errorf("docs/rules.md does not name %s", name)
		}
	}
}

func TestExamplesOfTheDocumentationAreGood(t *testing.T) {
	b, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for _, block := range strings.Split(string(b), "```yaml\n")[1:] {
		yaml, _, _ := strings.Cut(block, "```")
		if strings.HasPrefix(yaml, "rules:") {
			examples++
			parse(t, yaml)
			continue
		}
		for _, line := range strings.Split(strings.TrimSpace(yaml), "\n") {
			examples++
			parse(t, oneRule(strings.TrimPrefix(line, "when: ")))
		}
	}
	if examples < 5 {
		t.Errorf("only %d examples found", examples)
	}
}
