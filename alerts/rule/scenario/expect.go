package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"touchwatch/alerts/alert"
	"touchwatch/processors/episode"
)

// expectation is what a line says will have been told.
type expectation struct {
	none    bool // nothing, or nothing of the rule
	phase   episode.Phase
	rule    string
	subject string
	more    []word // further properties
}

// readExpectation reads the words after "expect".
func readExpectation(words []word) (*expectation, error) {
	bare := []string{}
	e := &expectation{}
	for _, w := range words {
		switch {
		case w.key != "":
			if _, known := properties[w.key]; !known {
				return nil, fmt.Errorf("an alert has no %q: use %s", w.key, strings.Join(propertyNames(), ", "))
			}
			e.more = append(e.more, w)
		case w.value == "late" && !w.quoted:
			e.more = append(e.more, word{key: "late", sign: '=', value: "yes"})
		default:
			bare = append(bare, w.value)
		}
	}
	if len(bare) > 0 && bare[0] == "none" {
		if len(bare) > 2 || len(e.more) > 0 {
			return nil, fmt.Errorf("expect none takes nothing but the name of a rule")
		}
		e.none, e.rule = true, strings.Join(bare[1:], "")
		return e, nil
	}
	if len(bare) != 3 {
		return nil, fmt.Errorf("write expect none, or expect PHASE RULE SUBJECT, as in: expect firing score_low cus_1 reason~\"checkout\"")
	}
	e.phase, e.rule, e.subject = episode.Phase(bare[0]), bare[1], bare[2]
	if !slices.Contains([]episode.Phase{episode.Firing, episode.Acknowledged, episode.Resolved}, e.phase) {
		return nil, fmt.Errorf("unknown phase %q: use firing, acknowledged or resolved", bare[0])
	}
	return e, nil
}

// properties are what an expectation may say of an alert, as texts.
var properties = map[string]func(*alert.Alert) string{
	"reason":   func(a *alert.Alert) string { return a.Reason },
	"title":    func(a *alert.Alert) string { return a.Title },
	"severity": func(a *alert.Alert) string { return string(a.Severity) },
	"score":    func(a *alert.Alert) string { return strconv.FormatFloat(a.Score, 'f', -1, 64) },
	"version":  func(a *alert.Alert) string { return strconv.FormatInt(a.Version, 10) },
	"affected": func(a *alert.Alert) string { return strconv.Itoa(a.Affected) },
	"by":       func(a *alert.Alert) string { return a.AcknowledgedBy },
	"note":     func(a *alert.Alert) string { return a.Note },
	"outcome":  func(a *alert.Alert) string { return a.Outcome },
	"route":    func(a *alert.Alert) string { return a.Route },
	"name":     func(a *alert.Alert) string { return a.Subject.Name },
	"late": func(a *alert.Alert) string {
		if a.Late {
			return "yes"
		}
		return "no"
	},
	"channels": func(a *alert.Alert) string {
		var names []string
		for _, ch := range a.Channels {
			names = append(names, string(ch))
		}
		return strings.Join(names, ",")
	},
	"evidence": func(a *alert.Alert) string {
		var names []string
		for i := range a.Evidence {
			names = append(names, a.Evidence[i].Signal)
		}
		return strings.Join(names, ",")
	},
}

func propertyNames() []string {
	var names []string
	for name := range properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// meets reports whether an alert is the expected one.
func (e *expectation) meets(a *alert.Alert) bool {
	if a.Phase != e.phase || a.Rule != e.rule || a.Subject.ID != e.subject {
		return false
	}
	for _, w := range e.more {
		have := properties[w.key](a)
		if (w.sign == '=' && have != w.value) || (w.sign == '~' && !strings.Contains(have, w.value)) {
			return false
		}
	}
	return true
}

// check compares the expectation with what was told, and returns what is left to expect, or what is wrong.
func (e *expectation) check(told []alert.Alert) ([]alert.Alert, string) {
	if e.none {
		rest := told
		if e.rule != "" {
			rest = slices.DeleteFunc(slices.Clone(told), func(a alert.Alert) bool { return a.Rule != e.rule })
		}
		if len(rest) > 0 {
			return nil, "expected none, but was told:" + listed(rest)
		}
		return told, ""
	}
	for i := range told {
		if e.meets(&told[i]) {
			return slices.Delete(slices.Clone(told), i, i+1), ""
		}
	}
	return told, fmt.Sprintf("expected %s, but was told:%s", e, listed(told))
}

// String shows the expectation as it is written.
func (e *expectation) String() string {
	s := fmt.Sprintf("%s %s %s", e.phase, e.rule, e.subject)
	for _, w := range e.more {
		s += fmt.Sprintf(" %s%c%q", w.key, w.sign, w.value)
	}
	return s
}

// listed shows alerts, one a line, as expectations could be written.
func listed(all []alert.Alert) string {
	if len(all) == 0 {
		return " nothing"
	}
	var b strings.Builder
	for i := range all {
		a := &all[i]
		fmt.Fprintf(&b, "\n\t%s %s %s severity=%s score=%s evidence=%s reason=%q", a.Phase, a.Rule, a.Subject.ID, a.Severity,
			properties["score"](a), properties["evidence"](a), a.Reason)
		if a.Late {
			b.WriteString(" late")
		}
	}
	return b.String()
}
