// Package doctor looks at the servers that the product stands on and says what they are not fit for: each finding has a severity,
// what is so, and what to do about it. Reading the servers and judging what was read are apart; the judgements are pure.
//
// It changes nothing on any server. What topics and tables there should be is told by its caller. Its functions are safe for concurrent use.
package doctor

import (
	"cmp"
	"slices"
)

// Severity says how much a finding matters.
type Severity string

// The severities.
const (
	OK      Severity = "ok"      // as it should be
	Warning Severity = "warning" // runs, but a promise may not hold
	Error   Severity = "error"   // does not run, or loses data
)

// Finding is one thing that was looked at.
type Finding struct {
	Server   string   `json:"server"` // "kafka", "redis" or "clickhouse"
	Check    string   `json:"check"`  // such as "eviction policy"
	Severity Severity `json:"severity"`
	Found    string   `json:"found"`            // what is so
	Advice   string   `json:"advice,omitempty"` // what to do; empty when there is nothing to do
}

// Worst returns the highest severity of the findings; OK when there are none.
func Worst(all []Finding) Severity {
	rank := map[Severity]int{OK: 0, Warning: 1, Error: 2}
	worst := OK
	for _, f := range all {
		if rank[f.Severity] > rank[worst] {
			worst = f.Severity
		}
	}
	return worst
}

// Count returns how many findings have a severity.
func Count(all []Finding, s Severity) int {
	n := 0
	for _, f := range all {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// sorted puts findings about one server into the order of their checks, so that two runs read alike.
func sorted(all []Finding) []Finding {
	slices.SortStableFunc(all, func(a, b Finding) int { return cmp.Compare(a.Check, b.Check) })
	return all
}

// unreachable is the one finding about a server that does not answer.
func unreachable(server string, err error, advice string) []Finding {
	return []Finding{{Server: server, Check: "reachable", Severity: Error, Found: err.Error(), Advice: advice}}
}
