package customer_test

import (
	"bytes"
	"testing"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
	"touchwatch/processors/signal/detectors"
	"touchwatch/processors/signal/settings"
)

// told folds entries of one customer, one second after the other.
func told(entries ...timeline.Entry) *customer.State {
	fold, fx := customer.NewFold(detectors.New(settings.Default()), nil, customer.DefaultRetention), keyed.NewEffects()
	s := fold.New("c1")
	for i, e := range entries {
		fx.Begin("c1", int64(i))
		fold.Fold(s, &e, fx)
	}
	return s
}

func said(kind timeline.Kind, id touchpoint.ID, at int, displeasure float32) timeline.Entry {
	t := &touchpoint.Touchpoint{
		ID: id, Channel: touchpoint.Chat, Kind: touchpoint.ChatCustomerMessage, Text: "a text of some length", Language: "en",
		OccurredAt: begin + touchpoint.Millis(at*1000), Place: touchpoint.Place{Thread: string(id)},
		Mood: &touchpoint.Mood{Displeasure: displeasure, Confidence: 1, Words: []string{"text"}},
	}
	return timeline.Entry{Kind: kind, Subject: "c1", At: t.OccurredAt, Touchpoint: t}
}

func weight(s *customer.State, name string) (sum int32) {
	for _, g := range s.Signals {
		if g.Name == name {
			sum += g.Weight
		}
	}
	return sum
}

func TestAnOpinionTakesThePlaceOfTheRulesVerdict(t *testing.T) {
	opinion := func(at int, displeasure float32) timeline.Entry {
		e := said(timeline.Opinion, "b", at, displeasure)
		e.At += 700
		return e
	}
	before := []timeline.Entry{said(timeline.Touchpoint, "a", 0, 0.5), said(timeline.Touchpoint, "b", 10, 0.8)}
	plain := told(before...)
	for _, c := range []struct {
		name        string
		displeasure float32
	}{{"it is worse", 1}, {"it is nothing", 0}, {"it is praise", -0.9}} {
		want := told(before[0], said(timeline.Touchpoint, "b", 10, c.displeasure))
		got := told(append(before[:2:2], opinion(10, c.displeasure))...)
		if weight(got, "negative_text") != weight(want, "negative_text") || weight(got, "negative_text") == weight(plain, "negative_text") {
			t.Errorf("%s: negative_text %d, want %d, before %d", c.name, weight(got, "negative_text"), weight(want, "negative_text"), weight(plain, "negative_text"))
		}
		if got.Total != plain.Total || len(got.Hours) != len(plain.Hours) {
			t.Errorf("%s: an opinion counts as a touchpoint", c.name)
		}
		again := told(append(before[:2:2], opinion(10, c.displeasure), opinion(10, c.displeasure))...)
		x, _ := customer.Encode(nil, got)
		if y, _ := customer.Encode(nil, again); !bytes.Equal(x, y) {
			t.Errorf("%s: written twice it changes the state", c.name)
		}
	}
	if first := told(before[1], opinion(10, 0)); weight(first, "negative_text") != 0 {
		t.Errorf("the only mark of a window: %d", weight(first, "negative_text"))
	}
}

func TestAnOpinionOnAnUnknownTouchpointChangesNothing(t *testing.T) {
	s := told(said(timeline.Touchpoint, "a", 0, 0.5), said(timeline.Opinion, "b", 10, 1))
	if want := weight(told(said(timeline.Touchpoint, "a", 0, 0.5)), "negative_text"); weight(s, "negative_text") != want {
		t.Errorf("%d, want %d", weight(s, "negative_text"), want)
	}
}
