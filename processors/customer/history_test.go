package customer

import (
	"testing"
	"time"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

func TestABackfillDoesNotPushTheLatestOutOfTheHistory(t *testing.T) {
	for _, c := range []struct {
		total int64
		late  time.Duration
		want  bool
	}{
		{1, 0, true},
		{rememberAll, 400 * 24 * time.Hour, true}, // there is room for everything
		{rememberAll + 1, 0, true},
		{rememberAll + 1, rememberLate, true},
		{rememberAll + 1, rememberLate + time.Millisecond, false},
	} {
		s := State{Total: c.total, Last: start}
		if got := s.memorable(&touchpoint.Touchpoint{OccurredAt: start.Add(-c.late)}); got != c.want {
			t.Errorf("the %d-th touchpoint, %s behind the latest: remembered %v, want %v", c.total, c.late, got, c.want)
		}
	}
}

func TestAHistoryShowsTheOpinionOnATouchpoint(t *testing.T) {
	var entries []string
	for i, e := range []timeline.Entry{
		{Kind: timeline.Touchpoint, Touchpoint: &touchpoint.Touchpoint{ID: "a", OccurredAt: 1, Mood: &touchpoint.Mood{Displeasure: 0.1}}},
		{Kind: timeline.Touchpoint, Touchpoint: &touchpoint.Touchpoint{ID: "b", OccurredAt: 2}},
		{Kind: timeline.Opinion, Origin: &timeline.Origin{ReceivedAt: 10}, Touchpoint: &touchpoint.Touchpoint{ID: "a", OccurredAt: 1, Mood: &touchpoint.Mood{Displeasure: 0.9}}},
	} {
		e.Subject, e.At = "cus_1", touchpoint.Millis(10+i)
		body, err := timeline.Encode(nil, &e)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, string(body))
	}
	found, err := DecodeHistory(entries)
	if err != nil || len(found) != 2 {
		t.Fatalf("%+v %v", found, err)
	}
	if a := found[1]; a.ID != "a" || a.Mood.Displeasure != 0.9 || a.ReceivedAt != 10 {
		t.Errorf("the judged touchpoint came back as %+v", a)
	}
}

func TestAHistoryIsReadNewestFirstWhateverTheOrderOfArrival(t *testing.T) {
	var entries []string
	for _, at := range []touchpoint.Millis{3, 1, 2, 2} {
		body, err := timeline.Encode(nil, &timeline.Entry{
			Kind: timeline.Touchpoint, Subject: "cus_1", At: 9,
			Touchpoint: &touchpoint.Touchpoint{ID: touchpoint.ID(rune('a' + len(entries))), OccurredAt: at},
		})
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, string(body))
	}
	found, err := DecodeHistory(entries)
	if err != nil {
		t.Fatal(err)
	}
	ids := ""
	for i := range found {
		ids += string(found[i].ID)
		if found[i].Customer != "cus_1" || found[i].ReceivedAt != 9 {
			t.Errorf("%s came back without what its entry says: %+v", found[i].ID, found[i])
		}
	}
	if ids != "adcb" {
		t.Errorf("read in the order %s, want adcb", ids)
	}
	timer, err := timeline.Encode(nil, &timeline.Entry{Kind: timeline.Timer, Subject: "cus_1", Timer: &timeline.TimerBody{Name: "wake"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "garbage", string(timer)} {
		if _, err := DecodeHistory([]string{entries[0], bad}); err == nil {
			t.Errorf("%q was taken for a touchpoint", bad)
		}
	}
}
