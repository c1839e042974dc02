package customer

import (
	"testing"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

func TestAReportSaysSinceWhenTheSignalCounted(t *testing.T) {
	was := []signal.Signal{{Name: "repeat_contact", Episode: "a", First: 10}, {Name: "called_back", Episode: "a", First: 5}}
	for _, c := range []struct {
		now  signal.Signal
		want touchpoint.Millis
	}{
		{signal.Signal{Name: "repeat_contact", Episode: "a", First: 20}, 10},
		{signal.Signal{Name: "repeat_contact", Episode: "a", First: 10}, 0},
		{signal.Signal{Name: "repeat_contact", Episode: "a", First: 7}, 0},
		{signal.Signal{Name: "repeat_contact", Episode: "b", First: 20}, 0},
	} {
		if got := earliest(was, &c.now); got != c.want {
			t.Errorf("%s %s since %d: it counted since %d before, want %d", c.now.Name, c.now.Episode, c.now.First, got, c.want)
		}
	}
}
