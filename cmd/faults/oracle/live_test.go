package oracle

import (
	"strconv"
	"testing"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

func TestAHistoryThatEndsOtherwiseIsSeen(t *testing.T) {
	var bodies []string
	var ids []touchpoint.ID
	for i := range historyKept + 5 {
		id := touchpoint.ID("web:" + strconv.Itoa(i))
		b, err := timeline.Encode(nil, &timeline.Entry{Kind: timeline.Touchpoint, Subject: "cus_1", At: 7, Touchpoint: &touchpoint.Touchpoint{ID: id, Channel: touchpoint.Website}})
		if err != nil {
			t.Fatal(err)
		}
		bodies, ids = append(bodies, string(b)), append(ids, id)
	}
	if err := sameHistory(bodies[5:], ids); err != nil {
		t.Error(err)
	}
	if err := sameHistory(bodies[:3], ids[:3]); err != nil {
		t.Error(err)
	}
	for name, stored := range map[string][]string{
		"one is missing": bodies[6:], "one is there twice": append(append([]string{}, bodies[6:]...), bodies[len(bodies)-1]),
		"the latest are missing": bodies[:historyKept], "nothing is there": nil,
	} {
		if sameHistory(stored, ids) == nil {
			t.Errorf("%s: not seen", name)
		}
	}
}
