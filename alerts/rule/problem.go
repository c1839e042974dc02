package rule

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a rules file.
type Problem struct {
	File   string
	Line   int    // from 1; 0 when no line is to blame
	Column int    // from 1; 0 when unknown
	Rule   string // name of the rule, or its place in the list ("rule 3") when it has none; "" for the file itself
	What   string // what is wrong and what to do about it
}

// String is the problem in one line, in the form that editors jump to: file:line:column: rule name: what.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
		if p.Column > 0 {
			fmt.Fprintf(&b, ":%d", p.Column)
		}
	}
	b.WriteString(": ")
	if p.Rule != "" {
		fmt.Fprintf(&b, "rule %s: ", p.Rule)
	}
	b.WriteString(p.What)
	return b.String()
}

// Problems is everything that is wrong with a rules file, in the order of its lines. It is the error of Parse.
type Problems []Problem

// Error lists the problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].String()
	}
	return strings.Join(lines, "\n")
}

// ordered sorts by line, keeping the order of discovery within one.
func (p Problems) ordered() Problems {
	slices.SortStableFunc(p, func(a, b Problem) int { return a.Line - b.Line })
	return p
}

// suggest returns `: did you mean "score"?` when one of the known words is close to the given one, else a list of them
// when it is short, else nothing.
func suggest(word string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if d := edits(strings.ToLower(word), k); d < distance && d < len(k) {
			best, distance = k, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf(": did you mean %q?", best)
	case len(known) <= 14:
		return ": use one of " + strings.Join(known, ", ")
	}
	return ""
}

// edits is the number of inserted, removed, changed or swapped letters between two words (optimal string alignment).
func edits(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
