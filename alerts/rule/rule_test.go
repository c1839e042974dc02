package rule

import "testing"

func TestTheShippedRulesAreGood(t *testing.T) {
	set, err := Parse("default.yaml", DefaultYAML)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range set.Rules() {
		t.Log(r.Name, r.Hash, "rises", r.rises, "restful", r.restful)
	}
	t.Log(set.Limits())
}
