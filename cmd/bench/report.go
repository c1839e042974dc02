package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Value is one figure: what it is, how much, in which unit.
type Value struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"`
	// Target is what the figure should be, such as "≥ 0.65", and Met whether it is; empty where there is no target.
	Target string `json:"target,omitempty"`
	Met    *bool  `json:"met,omitempty"`
}

// Row is one measurement: a case of a part, with its figures in order.
type Row struct {
	Part   string  `json:"part"`
	Case   string  `json:"case"`
	Values []Value `json:"values"`
	// Note says what a reader has to know beside the figures.
	Note string `json:"note,omitempty"`
}

// Value returns a figure by its name, and false when the row has none of it.
func (r *Row) Value(name string) (float64, bool) {
	for _, v := range r.Values {
		if v.Name == name {
			return v.Value, true
		}
	}
	return 0, false
}

func (r *Row) add(name string, value float64, unit string) {
	r.Values = append(r.Values, Value{Name: name, Value: value, Unit: unit})
}

// atMost adds a figure that should not be larger than a target, atLeast one that should not be smaller.
func (r *Row) atMost(name string, value float64, unit string, target float64) {
	met := value <= target
	r.Values = append(r.Values, Value{Name: name, Value: value, Unit: unit, Target: "≤ " + figure(target), Met: &met})
}

func (r *Row) atLeast(name string, value float64, unit string, target float64) {
	met := value >= target
	r.Values = append(r.Values, Value{Name: name, Value: value, Unit: unit, Target: "≥ " + figure(target), Met: &met})
}

// Report is all that was measured, and on what.
type Report struct {
	Date     time.Time         `json:"date"`
	Machine  Machine           `json:"machine"`
	Versions map[string]string `json:"versions"`
	Servers  string            `json:"servers"` // "embedded", "real" or "given"
	Rows     []Row             `json:"rows"`
}

// JSON writes the report as one indented object.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// Table writes one Markdown table for every run of rows of one part that have the same figures, with aligned columns, part by part.
func (r *Report) Table(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s servers, %s\n", r.Date.Format("2006-01-02 15:04 MST"), r.Servers, r.Machine)
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		fmt.Fprintf(&b, "%s %s; ", name, r.Versions[name])
	}
	b.WriteString("\n")
	rows := slices.Clone(r.Rows)
	slices.SortStableFunc(rows, func(a, b Row) int { return slices.Index(Parts, a.Part) - slices.Index(Parts, b.Part) })
	for i := 0; i < len(rows); {
		end := i + 1
		for end < len(rows) && rows[end].Part == rows[i].Part && columns(&rows[end]) == columns(&rows[i]) {
			end++
		}
		writeTable(&b, rows[i:end])
		i = end
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// columns identifies which figures a row has.
func columns(r *Row) string {
	var b strings.Builder
	for _, v := range r.Values {
		b.WriteString(v.Name + "\x00" + v.Unit + "\x00")
	}
	return b.String()
}

func writeTable(b *strings.Builder, rows []Row) {
	head := []string{rows[0].Part}
	for _, v := range rows[0].Values {
		name := v.Name
		if v.Unit != "" {
			name += ", " + v.Unit
		}
		head = append(head, name)
	}
	lines := [][]string{head}
	var notes []string
	for i := range rows {
		line := []string{rows[i].Case}
		for _, v := range rows[i].Values {
			line = append(line, cell(&v))
		}
		lines = append(lines, line)
		if rows[i].Note != "" {
			notes = append(notes, rows[i].Case+": "+rows[i].Note)
		}
	}
	width := make([]int, len(head))
	for _, line := range lines {
		for i, text := range line {
			width[i] = max(width[i], len([]rune(text)))
		}
	}
	b.WriteByte('\n')
	for n, line := range lines {
		for i, text := range line {
			fmt.Fprintf(b, "| %s%s ", text, strings.Repeat(" ", width[i]-len([]rune(text))))
		}
		b.WriteString("|\n")
		if n == 0 {
			for i := range line {
				fmt.Fprintf(b, "| %s ", strings.Repeat("-", max(width[i], 3)))
			}
			b.WriteString("|\n")
		}
	}
	for _, note := range notes {
		b.WriteString(note + "\n")
	}
}

// cell is a figure with its target, where it has one.
func cell(v *Value) string {
	text := figure(v.Value)
	if v.Met == nil {
		return text
	}
	if *v.Met {
		return text + " (" + v.Target + ")"
	}
	return text + " (" + v.Target + ": missed)"
}

// figure writes a number with three significant digits or as a whole number, with thousands apart.
func figure(x float64) string {
	switch {
	case x == 0:
		return "0"
	case x < 0:
		return "-" + figure(-x)
	case x < 100:
		return strconv.FormatFloat(x, 'g', 3, 64)
	}
	digits := strconv.FormatFloat(x, 'f', 0, 64)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// millis and perMillion put durations and processor time into figures.
func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func perMillion(cpu time.Duration, events int64) float64 {
	return cpu.Seconds() * 1e6 / float64(max(events, 1))
}
