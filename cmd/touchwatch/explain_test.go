package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/episode"
	"touchwatch/processors/signal"
)

func TestAnExplanationNamesEverythingThatAddsUp(t *testing.T) {
	at := touchpoint.MillisOf(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	s := &customer.State{
		ID: "cus_1", Profile: touchpoint.Profile{Name: "Jana Weber", Segment: "vip", Value: 48200, Owner: "m.sommer"},
		Aliases: []touchpoint.Alias{{Kind: touchpoint.AliasPhone, Value: "+4915112345678"}, {Kind: touchpoint.AliasCookie, Value: "c"}},
		Signals: []signal.Signal{
			{Name: "purchase", Family: "recovery", Episode: "old", At: at.Add(-1000 * time.Hour), Weight: 800, Half: 86_400, Channel: "website"},
			{Name: "rage_click", Family: "friction", Episode: "a", At: at.Add(-time.Hour), Weight: -4000, Half: 3600, Cap: 3000, Channel: "website", Reason: "clicked in vain"},
			{Name: "rage_click", Family: "friction", Episode: "b", At: at, Weight: -1200, Half: 3600, Cap: 3000, Channel: "website", Reason: "clicked again"},
		},
		Episodes: []episode.Episode{{Rule: "score_low", Severity: "high", Phase: episode.Acknowledged, Since: at, Reason: "is down", By: "kim"}, {Rule: "gone", Phase: episode.Resolved}},
	}
	e := explain(&stateView{State: s, Score: s.Score(at), Explanation: s.Explain(at), AsOf: at.At().UTC()})
	var out bytes.Buffer
	if err := e.write(&out, s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Jana Weber (cus_1), vip, worth 48200 a year, owner m.sommer\n", "reach by  phone +4915112345678\n", "as of     2026-03-02 09:00:00 UTC\n",
		"  100.00  baseline\n", "  -20.00  2026-03-02 08:00:00 website rage_click: clicked in vain (was -40.00, halves every 1 h)\n",
		"  -12.00  2026-03-02 09:00:00 website rage_click: clicked again (halves every 1 h)\n",
		"   +2.00  limit of friction: friction takes at most 30 points together", "   70.00  score\n", "1 more have faded to nothing.\n",
		"high alert score_low since 2026-03-02 09:00:00: is down\ntaken care of by kim\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "gone") || strings.Contains(out.String(), "cookie") {
		t.Errorf("alerts that are over and cookies help nobody:\n%s", out.String())
	}
	b, err := json.Marshal(e)
	if err != nil || !strings.Contains(string(b), `"score":70,"contributions":[`) || !strings.Contains(string(b), `"as_of":"2026-03-02T09:00:00Z"`) {
		t.Errorf("%v: %s", err, b)
	}
}
