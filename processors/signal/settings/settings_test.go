package settings

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestDefaultsAreComplete(t *testing.T) {
	d := reflect.ValueOf(Default()).Elem()
	for _, section := range fieldsOf(d.Type()) {
		v := d.FieldByIndex(section.index)
		for _, f := range fieldsOf(v.Type()) {
			if v.FieldByIndex(f.index).IsZero() {
				t.Errorf("%s.%s has no default", section.key, f.key)
			}
		}
	}
}

func TestAFileOverridesOnlyTheKeysItNames(t *testing.T) {
	s, err := Parse("own.yaml", []byte("signals:\n  rage_click:\n    weight: -20\n    ignore: [next, 5, yes]\n  negative_text:\n    half_life: 2.5d\nrules:\n  - name: whatever\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.RageClick.Weight = -20
	want.RageClick.Ignore = []string{"next", "5", "yes"}
	want.NegativeText.Half = 60 * time.Hour
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"unknown signal", "signals:\n  rage_clik:\n    weight: -1\n", "own.yaml:2:3: signals.rage_clik: want one of the keys rage_click, dead_click"},
		{"unknown key", "signals:\n  rage_click:\n    clicsk: 3\n", "own.yaml:3:5: signals.rage_click.clicsk: want one of the keys weight, half_life, clicks"},
		{"unknown top key", "signal:\n  rage_click: {}\n", "own.yaml:1:1: signal: want one of the keys signals, rules"},
		{"wrong type", "signals:\n  rage_click:\n    gap: fast\n", `own.yaml:3:10: signals.rage_click.gap: want a time between 100ms and 10s, such as 90s, 30m, 6h or 3d, got "fast"`},
		{"time without unit", "signals:\n  rage_click:\n    gap: 5\n", "own.yaml:3:10: signals.rage_click.gap: want a time between 100ms and 10s, such as 90s, 30m, 6h or 3d, got 5"},
		{"out of range", "signals:\n  rage_click:\n    weight: 12\n", "own.yaml:3:13: signals.rage_click.weight: want a number from -100 to 0, got 12"},
		{"no whole number", "signals: {rage_click: {clicks: 2.5}}", "signals.rage_click.clicks: want a whole number from 2 to 50, got 2.5"},
		{"not a bool", "signals: {unanswered_chat: {bot_answers: 1}}", "signals.unanswered_chat.bot_answers: want true or false, got 1"},
		{"not a list", "signals: {rage_click: {ignore: next}}", `want a list of words, got "next"`},
		{"not a mapping", "signals: [1]", "own.yaml:1:10: signals: want a mapping, got a list"},
		{"empty value", "signals:\n  purchase:\n    weight:\n", "signals.purchase.weight: want a number from 0 to 100, got nothing"},
		{"key twice", "signals:\n  purchase: {weight: 1}\n  purchase: {weight: 2}\n", "own.yaml:3"},
		{"bad YAML", "signals:\n\trage_click: 1\n", "own.yaml:2"},
		{"not a number", "signals: {purchase: {weight: .nan}}", "signals.purchase.weight: want a number from 0 to 100"},
		{"a time zone nobody knows", "signals: {service: {time_zone: Mars}}", `own.yaml:1:20: signals.service: time zone "Mars": want a name`},
		{"hours", "signals: {service: {hours: [always]}}", `signals.service: hours "always": want days and times`},
		{"a target for nobody", "signals: {service: {targets: [{first: 5s}]}}", "target 1: want a queue, a segment or both"},
		{"a target out of range", "signals: {service: {targets: [{queue: a, first: 5d}]}}", "signals.service.targets[0].first: want a time between 1s and 3d"},
		{"targets that are no list", "signals: {service: {targets: {queue: a}}}", "signals.service.targets: want a list of mappings, got a mapping"},
		{"percents the wrong way round", "signals: {answer_due: {from: 90}}", "signals.answer_due: late (80) must not be less than from (90)"},
		{"two documents", "signals: {}\n---\nsignals: {}\n", "want one YAML document"},
	} {
		_, err := Parse("own.yaml", []byte(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want …%s…", c.name, err, c.want)
		}
	}
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	_, err := Parse("own.yaml", []byte("signals:\n  rage_click:\n    clicks: 0\n    gap: 0s\n"))
	if err == nil || strings.Count(err.Error(), "own.yaml:") != 2 {
		t.Fatalf("want both problems, got %v", err)
	}
}

func TestAnEmptyFileChangesNothing(t *testing.T) {
	for _, file := range []string{"", "\n# nothing\n", "signals:\n", "rules: []\n", "signals:\n  rage_click:\n"} {
		s, err := Parse("own.yaml", []byte(file))
		if err != nil || !reflect.DeepEqual(s, Default()) {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func TestPrintedSettingsReadBackTheSame(t *testing.T) {
	if got := string(Default().YAML()); got != string(DefaultYAML) {
		t.Error("the defaults print differently from the embedded file")
	}
	s := Default()
	s.RageClick.Ignore = []string{"next", "a \"quoted\" word", "−"}
	s.RepeatContact.FewWithin = 90 * time.Minute
	s.LowStars.AtMost = 2.5
	s.UnansweredChat.BotAnswers = false
	s.Service = Service{
		TimeZone: "Europe/Amsterdam", Hours: []string{"mon-fri 08:00-18:00"}, Holidays: []string{"2026-12-25"},
		Targets: []Target{{Queue: "Billing \"NL\"", First: 30 * time.Second}, {Segment: "vip", Call: time.Minute, Hours: []string{"mon-sun 00:00-24:00"}}},
	}
	back, err := Parse("printed.yaml", s.YAML())
	if err != nil || !reflect.DeepEqual(back, s) {
		t.Fatalf("%v\n%s", err, s.YAML())
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("signals:\n  rage_click:\n    weight: -20\n"))
	f.Add([]byte("signals: &a {purchase: *a}"))
	f.Add([]byte("- 1\n? [x]\n: y"))
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := Parse("fuzz.yaml", file)
		if err != nil {
			return
		}
		back, err := Parse("printed.yaml", s.YAML())
		if err != nil || !reflect.DeepEqual(back, s) {
			t.Fatalf("prints to something else: %v\n%s", err, s.YAML())
		}
	})
}
