package embedded

import (
	"slices"
	"strings"
	"testing"
)

func TestLinesAreToldWholeAndLongOnesInParts(t *testing.T) {
	var told []string
	l := &lines{tell: func(s string) { told = append(told, s) }}
	long := strings.Repeat("x", longestLine)
	for _, part := range []string{"a", "b\r\n\n", "c\nd", "\n" + long + "e", "\nnot yet"} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("%q: %d, %v", part, n, err)
		}
	}
	if want := []string{"ab", "c", "d", long, "e"}; !slices.Equal(told, want) {
		t.Errorf("%q", told)
	}
}
