package archive

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// suspected is a row of a signal whose first evidence lies so far back, and before that so far.
func suspected(customer string, back, before time.Duration) signalRow {
	r := signalRow{Report: signal.Report{Customer: touchpoint.CustomerID(customer), Signal: signal.Signal{First: start.Add(-back)}}}
	if before > 0 {
		r.Since = start.Add(-before)
	}
	return r
}

func TestPeopleAreLookedForTogetherWhoseEvidenceIsAboutAsOld(t *testing.T) {
	const day = 24 * time.Hour
	got := suspicions([]signalRow{
		suspected("new", 0, 0), suspected("new", 10*time.Minute, 0), suspected("minutes", 30*time.Minute, 0), suspected("hours", 2*time.Hour, 0),
		suspected("days", 3*day, 0), suspected("moved", time.Minute, 5*day), suspected("year", 200*day, 0),
	})
	want := []string{"[year] 200d", "[moved days] 5d", "[hours] 0d", "[minutes new] 0d"}
	if len(got) != len(want) {
		t.Fatalf("got %+v, want %v", got, want)
	}
	for i, s := range got {
		if text := fmt.Sprintf("%v %dd", s.people, int(start.Sub(touchpoint.Millis(s.since[0]*1000))/day)); text != want[i] {
			t.Errorf("got %s, want %s", text, want[i])
		}
		if !slices.IsSorted(s.since) || len(s.since) != len(s.people) {
			t.Errorf("moments of %v: %v", s.people, s.since)
		}
	}
	if since := got[3].since[1] - got[3].since[0]; since != 20*60 {
		t.Errorf("the earlier of two signals of one customer does not count: %d s between", since)
	}
	if all := suspicions(nil); all != nil {
		t.Errorf("no signals, and %+v", all)
	}
}

func TestParametersOfASuspicionAreBounded(t *testing.T) {
	var rows []signalRow
	for i := range 20_000 {
		rows = append(rows, suspected(fmt.Sprint("anon_", strings.Repeat("x", 20), i), 0, 0))
	}
	people := 0
	for _, s := range suspicions(rows) {
		people += len(s.people)
		if n := len(arrayOf(s.people, quoted)) + len(arrayOf(s.since, func(at int64) string { return fmt.Sprint(at) })); n > paramBytes {
			t.Errorf("%d bytes of parameters for %d people", n, len(s.people))
		}
	}
	if people != len(rows) {
		t.Errorf("%d people of %d", people, len(rows))
	}
}

func TestAnOldSignalMakesNobodyElsesMinutesDirty(t *testing.T) {
	_, conn := migrated(t)
	w := testWriter(conn)
	p := new(parcel)
	for i, customer := range []string{"old", "other", "old", "other"} {
		at := start.Add(-time.Duration(i) * 24 * time.Hour)
		p.touches = append(p.touches, newTouchRow(&touchpoint.Touchpoint{
			ID: touchpoint.ID(fmt.Sprint(i)), Channel: touchpoint.Website, Customer: touchpoint.CustomerID(customer), OccurredAt: at, ReceivedAt: at,
		}))
	}
	if !w.write(t.Context(), p) {
		t.Fatal("not written")
	}
	for _, s := range suspicions([]signalRow{suspected("old", 2*24*time.Hour, 0), suspected("other", 24*time.Hour, 0)}) {
		if err := w.minutesOf(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	const day = 24 * 3600
	now := int64(start) / 1000
	if got, want := slices.Sorted(maps.Keys(w.dirty)), []int64{now - 2*day, now - day, now}; !slices.Equal(got, want) {
		t.Errorf("dirty are %v, want %v: the other's first is not suspected", got, want)
	}
}

func TestWhatASignalNoLongerBlamesIsCountedAnew(t *testing.T) {
	_, conn := migrated(t)
	w := testWriter(conn)
	row := func(at touchpoint.Millis, evidence string, since touchpoint.Millis, revision uint64) signalRow {
		return signalRow{revision: revision, Report: signal.Report{Customer: "c", Since: since, Signal: signal.Signal{
			Name: "repeat_contact", Episode: "e", First: at, At: at, Weight: -1000, Half: 60, Evidence: []touchpoint.ID{touchpoint.ID(evidence)},
		}}}
	}
	later := start.Add(5 * time.Minute)
	p := &parcel{signals: []signalRow{row(start, "early", 0, 1)}}
	for id, at := range map[string]touchpoint.Millis{"early": start, "late": later} {
		p.touches = append(p.touches, newTouchRow(&touchpoint.Touchpoint{ID: touchpoint.ID(id), Channel: touchpoint.Call, Customer: "c", OccurredAt: at, ReceivedAt: at}))
	}
	negatives := func() string {
		var out []string
		for _, g := range groups(t, conn) {
			out = append(out, fmt.Sprint(g.Negatives))
		}
		return strings.Join(out, " then ")
	}
	if w.write(t.Context(), p); negatives() != "1 then 0" {
		t.Fatalf("negatives %s, want the early one", negatives())
	}
	if testWriter(conn).write(t.Context(), &parcel{signals: []signalRow{row(later, "late", start, 2)}}); negatives() != "0 then 1" {
		t.Errorf("negatives %s, want the late one only", negatives())
	}
}
