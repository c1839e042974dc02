package touchpoint

import "testing"

func TestATextOfUnknownLanguageIsReadInTheCustomersLast(t *testing.T) {
	tp := Touchpoint{Text: "slecht", Mood: &Mood{Readings: []Reading{{Language: "nl", Displeasure: 0.7}, {Language: "de", Displeasure: 0.1}}}}
	if got := tp.ReadIn("nl"); got.Language != "nl" || got.Mood.Displeasure != 0.7 || got.Mood.Readings != nil {
		t.Errorf("%q %+v", got.Language, got.Mood)
	}
	if tp.Language != "" || tp.Mood.Displeasure != 0 {
		t.Errorf("the touchpoint itself was changed: %q %+v", tp.Language, tp.Mood)
	}
	told := tp
	told.Language = "de"
	for _, c := range []struct {
		tp       *Touchpoint
		language string
	}{{&tp, ""}, {&tp, "fr"}, {&told, "nl"}, {&Touchpoint{}, "nl"}} {
		if c.tp.ReadIn(c.language) != c.tp {
			t.Errorf("%+v read in %q", c.tp, c.language)
		}
	}
}
