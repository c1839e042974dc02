package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestLinesAreReadWhateverTheirLength(t *testing.T) {
	in := "\ufefffirst\r\n" + strings.Repeat("x", maxLine+10) + "\n\nlast"
	var got []string
	var warnings strings.Builder
	err := eachLine(strings.NewReader(in), "in.tsv", &warnings, func(n int, line string) error {
		got = append(got, fmt.Sprintf("%d %d %.5s", n, len(line), line))
		return nil
	})
	want := []string{"1 5 first", fmt.Sprintf("2 %d xxxxx", maxLine), "3 0 ", "4 4 last"}
	if err != nil || strings.Join(got, "|") != strings.Join(want, "|") || !strings.Contains(warnings.String(), "in.tsv line 2 is longer than 1024 KiB") {
		t.Errorf("%q, %v, %q", got, err, warnings.String())
	}
}

func TestALanguageTagIsNoGreeting(t *testing.T) {
	for tag, want := range map[string]bool{"": true, "en": true, "de-AT": true, "de_AT": true, "Hi": false, "ok": false, "a b": false, "no way": false, "xx": false} {
		if got := isLanguageTag(tag); got != want {
			t.Errorf("%q: %v", tag, got)
		}
	}
}
