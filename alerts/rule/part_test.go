package rule

import (
	"strings"
	"testing"
	"time"

	"touchwatch/processors/episode"
)

// named is a rule called name with more fields.
func namedRule(name, subject string, more ...string) string {
	when := "score < 40"
	if subject == "place" {
		when = "hits(5) > 3"
	}
	lines := []string{"  - name: " + name, "    title: R", "    subject: " + subject, "    when: " + when, "    severity: high", "    text: it happened"}
	for _, m := range more {
		lines = append(lines, "    "+m)
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestARuleIsJudgedAfterThoseItIsPartOf(t *testing.T) {
	set := parse(t, "rules:\n"+namedRule("a", "customer", "part_of: [b, c]")+namedRule("b", "customer", "part_of: [c]")+namedRule("c", "customer")+namedRule("d", "customer"))
	var order []string
	for _, r := range set.Customers().Order {
		order = append(order, r.Name)
	}
	if got := strings.Join(order, " "); got != "c d b a" {
		t.Errorf("judged in the order %s", got)
	}
	if set.Customers().Find("a") == nil || set.Customers().Rules[0].Name != "a" {
		t.Error("rules are no longer found by name")
	}
}

func TestWhatIsWrongWithPartOfIsNamed(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{namedRule("a", "customer", "part_of: [bb]") + namedRule("bbb", "customer"), `rule a: part_of: unknown rule "bb": did you mean "bbb"?`},
		{namedRule("a", "customer", "part_of: [p]") + namedRule("p", "place"), "rule a: part_of: p is about a place, this rule about a customer"},
		{namedRule("a", "customer", "part_of: [a]"), "rule a: part_of: the rule is part of itself, by a"},
		{namedRule("a", "customer", "part_of: [b]") + namedRule("b", "customer", "part_of: [a]"), "rule b: part_of: the rule is part of itself, by a"},
		{namedRule("a", "customer", "part_of: b") + namedRule("b", "customer"), "part_of must be a list of rules, such as [score_low]"},
		{namedRule("a", "customer", "part_of: [b, b]") + namedRule("b", "customer"), "part_of: want the names of other rules, each once"},
	} {
		if _, err := Parse("test.yaml", []byte("rules:\n"+c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want …%s…", err, c.want)
		}
	}
}

func TestACoveredConditionIsSilentUntilSomethingNewHappens(t *testing.T) {
	b := &bench{t: t, rule: Rule{Name: "r", Cooldown: time.Hour}}
	covered := holding(0)
	covered.Covered = true
	b.want(b.at(0, covered), Stay, episode.Resolved, 0)
	if b.ep == nil || b.ep.Outcome != Merged {
		t.Fatalf("remembered is %+v", b.ep)
	}
	b.want(b.at(time.Minute, holding(0)), Stay, episode.Resolved, 0)                // the other is over, nothing new
	b.want(b.at(2*time.Minute, holding(0, 2*time.Minute)), Fire, episode.Firing, 0) // something new: no cool-down
	both := holding(0, 2*time.Minute)
	both.Covered = true
	b.want(b.at(3*time.Minute, both), Resolve, episode.Resolved, 0)
	if b.ep.Outcome != Merged || b.ep.Version != 2 {
		t.Errorf("ended as %+v", b.ep)
	}
	b.want(b.at(4*time.Minute, Case{}), Rest, episode.Idle, 0)
}

func TestACoveredConditionDoesNotWaitForItsTime(t *testing.T) {
	b := &bench{t: t, rule: Rule{Name: "r", For: time.Minute}}
	b.want(b.at(0, holding(0)), Begin, episode.Pending, time.Minute)
	covered := holding(0)
	covered.Covered = true
	b.want(b.at(30*time.Second, covered), Stay, episode.Resolved, 0)
	b.want(b.at(2*time.Minute, holding(0)), Stay, episode.Resolved, 0)
}
