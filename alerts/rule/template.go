package rule

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// template is a compiled text: pieces of plain text and expressions in {{ }} between them.
type template struct {
	pieces []piece
}

// piece is plain text or, when its program is set, an expression whose value is printed.
type piece struct {
	plain string
	expression
}

// compileText reads a text template. Faults are placed within the text.
func (w *workshop[S]) compileText(text string) (template, []fault) {
	var t template
	var faults []fault
	rest, done := text, 0
	for {
		before, after, open := strings.Cut(rest, "{{")
		if before != "" {
			t.pieces = append(t.pieces, piece{plain: before})
		}
		if !open {
			return t, faults
		}
		at := done + len(before) + 2
		source, tail, closed := strings.Cut(after, "}}")
		if !closed {
			return t, append(faults, placed(text, at-2, fault{1, 0, "{{ without }}"}))
		}
		e, _, wrong := w.compile(source, printable)
		for _, f := range wrong {
			if strings.TrimSpace(source) == "" {
				f.what = "empty placeholder {{ }}"
			}
			faults = append(faults, placed(text, at, f))
		}
		t.pieces = append(t.pieces, piece{expression: e})
		rest, done = tail, at+len(source)+2
	}
}

// placed moves a fault of a placeholder that begins at an offset of the text to its place in the text.
func placed(text string, offset int, f fault) fault {
	before := text[:offset]
	if f.line == 1 {
		f.column += len(before) - strings.LastIndexByte(before, '\n') - 1
	}
	f.line += strings.Count(before, "\n")
	return f
}

// maxReasonBytes bounds a reason: it is read on a phone.
const maxReasonBytes = 600

// render fills the template in.
func (l *Look[S]) render(t *template) string {
	var b strings.Builder
	for i := range t.pieces {
		p := &t.pieces[i]
		if p.program == nil {
			b.WriteString(p.plain)
			continue
		}
		l.ready(p.inputs)
		v, err := l.machine.Run(p.program, l.env)
		if err != nil {
			b.WriteString("?")
			continue
		}
		b.WriteString(printed(v))
	}
	return clipped(strings.TrimSpace(b.String()))
}

// printed is a value in words: numbers with at most one decimal, lists with "and".
func printed(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case []string:
		if n := len(v); n > 1 {
			return strings.Join(v[:n-1], ", ") + " and " + v[n-1]
		}
		return strings.Join(v, "")
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

// clipped cuts a text on a rune's edge.
func clipped(s string) string {
	if len(s) <= maxReasonBytes {
		return s
	}
	cut := maxReasonBytes
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}

// Reason fills the rule's text in for the subject of the look.
func (l *Look[S]) Reason(r *Rule) string { return l.render(&r.text) }

// Evidence returns what the rule's condition rests on now, oldest first: at most most pieces, the heaviest, then the
// latest. The result is valid until the next call.
func (l *Look[S]) Evidence(r *Rule, most int) []Evidence {
	all := l.evidence[:0]
	for _, i := range r.when.inputs {
		if behind := l.book.inputs[i].behind; behind != nil {
			all = behind(all, l.state, l.now)
		}
	}
	l.evidence = all
	return choose(all, most)
}
