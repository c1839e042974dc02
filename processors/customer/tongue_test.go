package customer_test

import (
	"testing"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
	"touchwatch/processors/signal/detectors"
	"touchwatch/processors/signal/settings"
)

func TestAShortTextIsReadInTheCustomersLanguage(t *testing.T) {
	unsure := &touchpoint.Mood{Readings: []touchpoint.Reading{{Language: "nl", Displeasure: 0.8, Confidence: 1, Words: []string{"slecht"}}}}
	before := map[string]touchpoint.Touchpoint{
		"nl": {ID: "a", Channel: touchpoint.Chat, Kind: touchpoint.ChatCustomerMessage, Text: "goedemiddag", Language: "nl"},
		"en": {ID: "a", Channel: touchpoint.Chat, Kind: touchpoint.ChatCustomerMessage, Text: "good morning", Language: "en"},
		"":   {ID: "a", Channel: touchpoint.Website, Kind: touchpoint.PageView},
		"by the CRM": {
			ID: "a", Channel: touchpoint.CRM, Kind: touchpoint.ProfileUpdate, Profile: &touchpoint.Profile{Language: "nl"},
		},
	}
	for name, first := range before {
		fold, fx := customer.NewFold(detectors.New(settings.Default()), nil, customer.DefaultRetention), keyed.NewEffects()
		s := fold.New("c1")
		second := touchpoint.Touchpoint{ID: "b", Channel: touchpoint.Chat, Kind: touchpoint.ChatCustomerMessage, Text: "slecht", Mood: unsure}
		for i, tp := range []touchpoint.Touchpoint{first, second} {
			tp.OccurredAt = begin.Add(1) + touchpoint.Millis(i*1000)
			fx.Begin("c1", int64(i))
			fold.Fold(s, &timeline.Entry{Kind: timeline.Touchpoint, Subject: "c1", At: tp.OccurredAt, Touchpoint: &tp}, fx)
		}
		unhappy := false
		for _, g := range s.Signals {
			unhappy = unhappy || g.Name == "negative_text"
		}
		if want := name == "nl" || name == "by the CRM"; unhappy != want {
			t.Errorf("after %q: unhappy %v, want %v", name, unhappy, want)
		}
	}
	if len(unsure.Readings) != 1 || unsure.Displeasure != 0 {
		t.Errorf("the touchpoint was changed: %+v", unsure)
	}
}
