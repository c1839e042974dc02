package main

import (
	"testing"
	"time"
)

func TestARebuildSaysHowFarItIsAndHowLongItTakes(t *testing.T) {
	p, at := pace{}, time.Unix(1_800_000_000, 0)
	for i, c := range []struct {
		phase       string
		done, total int64
		want        string
	}{
		{"", 0, 0, ""},
		{"deleting", 500, 0, "deleting: 500"},
		{"deleting", 2500, 0, "deleting: 2500, 1000/s"},
		{"customers", 1000, 9000, "customers: 1000 of 9000"},
		{"customers", 5000, 9000, "customers: 5000 of 9000, 2000/s, about 2s left"},
		{"customers", 5000, 9000, "customers: 5000 of 9000"},
		{"customers", 9100, 9000, "customers: 9100 of 9000, 2050/s"},
	} {
		if got := p.line(at.Add(time.Duration(2*i)*time.Second), c.phase, c.done, c.total); got != c.want {
			t.Errorf("after %d s: got %q, want %q", 2*i, got, c.want)
		}
	}
}
