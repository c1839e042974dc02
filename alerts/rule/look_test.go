package rule

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/place"
	"touchwatch/processors/signal"
)

// sig is a signal that came up some time before start.
func sig(name string, channel touchpoint.Channel, points int, before time.Duration) signal.Signal {
	at := start.Add(-before)
	id := touchpoint.ID(fmt.Sprintf("%s-%d", name, before/time.Second))
	return signal.Signal{
		Name: name, Family: name, Episode: string(id), First: at, At: at, Weight: int32(points * 100), Half: 6 * 3600, Channel: channel,
		Evidence: []touchpoint.ID{id}, Reason: name + " " + before.String() + " ago",
	}
}

func person(signals ...signal.Signal) *customer.State {
	slices.SortFunc(signals, func(a, b signal.Signal) int { return int(a.At - b.At) })
	return &customer.State{ID: "cus_1", Now: start, Signals: signals}
}

func withContacts(s *customer.State, marks ...signal.Mark) *customer.State {
	slices.SortFunc(marks, func(a, b signal.Mark) int { return int(a.At - b.At) })
	s.Windows = []customer.Window{{Family: repeatFamily, Marks: marks}}
	return s
}

func contact(key string, channel touchpoint.Channel, before time.Duration) signal.Mark {
	return signal.Mark{At: start.Add(-before), ID: touchpoint.ID(key), Kind: 1, Note: key + "/" + before.String(), Channel: channel}
}

// find evaluates a condition about a customer now.
func find(t *testing.T, when string, s *customer.State) Finding {
	t.Helper()
	b := parse(t, oneRule("'"+strings.ReplaceAll(when, "'", "''")+"'")).Customers()
	look := b.Look(s, s.Now)
	defer look.Close()
	f, err := look.Find(b.Rules[0], false)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	return f
}

func TestConditionsAboutCustomers(t *testing.T) {
	jane := person(
		sig("rage_click", touchpoint.Website, -12, time.Hour), sig("rage_click", touchpoint.Website, -12, 30*time.Hour),
		sig("long_wait", touchpoint.Call, -20, 23*time.Hour), sig("good_rating", touchpoint.Chat, 10, 2*time.Hour),
	)
	jane.Profile = touchpoint.Profile{Name: "Jane", Segment: "vip", Value: 7000, Owner: "kim", Language: "de", Relationship: "partner", Consent: "denied"}
	jane.Channels = []customer.ChannelCount{{Channel: "call", Last: 5}, {Channel: "website", Last: 9}}
	jane.Total = 12
	withContacts(jane, contact("call:1", "call", 23*time.Hour), contact("chat:1", "chat", 2*time.Hour), contact("chat:2", "chat", 119*time.Minute))
	stranger := person()
	stranger.ID, stranger.Language = "anon_1", "nl"
	yes := func(s *customer.State, conditions ...string) {
		t.Helper()
		for _, c := range conditions {
			if !find(t, c, s).Holds {
				t.Errorf("%s: %s is false", s.ID, c)
			}
		}
	}
	yes(
		jane, `score < 97`, `score > 80`, `active("rage_click")`, `not active("detractor")`, `count("rage_click", 24) == 1`, `count("rage_click", 72) == 2`,
		`negatives_24h == 2`, `negatives(1) == 0`, `negatives(2) == 1`, `negatives(48) == 3`, `channels_bad_24h == 2`, `channels_bad(2) == 1`,
		`"call" in bad_channels`, `not ("chat" in bad_channels)`, `len(bad_channels) == 2`, `any(bad_channels, # startsWith "web")`, `negative_contact`,
		`contacts(24) == 2`, `contacts(3) == 1`, `contacts(2) == 0`, `"chat" in contact_channels(24)`, `value >= 5000`, `segment == "vip"`, `owner == "kim"`, `language == "de"`,
		`relationship == "partner"`, `consent == "denied"`, `name == "Jane"`, `id == "cus_1"`, `known`, `not anonymous`, `touchpoints == 12`,
		`last_channel == "website"`, `worst startsWith "rage_click 1h"`, `reason("long_wait") contains "23h"`, `reason("detractor") == ""`,
		`by_channel == "website: rage_click 1h0m0s ago (60 min earlier); call: long_wait 23h0m0s ago (23 h earlier)"`, `contact_trouble startsWith "long_wait"`,
	)
	yes(
		stranger, `score == 100`, `anonymous`, `not known`, `name == "anon_1"`, `language == "nl"`, `last_channel == ""`, `value == 0`, `worst == ""`,
		`contacts(168) == 0`, `by_channel == ""`, `len(bad_channels) == 0`,
	)
}

func TestConditionsAboutPlaces(t *testing.T) {
	s := &place.State{ID: "page:/checkout", Now: start, Total: 9}
	for i := range 30 { // customer i%20, one a minute, the last one now
		s.Hits = append(s.Hits, place.Hit{
			Customer: touchpoint.CustomerID(fmt.Sprint("cus_", i%20)), Signal: []string{"rage_click", "failed_request", "long_wait"}[i%3],
			Channel: "website", At: start.Add(time.Duration(i-29) * time.Minute), Reason: fmt.Sprint("line ", i),
		})
	}
	for _, when := range []string{
		`customers(10) == 10`, `customers(25) == 20`, `hits(25) == 25`, `customers(60) == 20`, `hits(60) == 30`, `customers_with("rage_click", 9) == 3`,
		`customers_with(["rage_click", "failed_request"], 9) == 6`, `customers_with("detractor", 60) == 0`,
		// Of 30 minutes the last 10 are left out. One of the seven who raged before has raged again since.
		`customers_before("rage_click", 10) == 7 * 10 / 50.0`, `customers_before("detractor", 10) == 0`, `customers_before("rage_click", 60) == 0`,
		`kind == "page"`, `name == "/checkout"`, `place == "page:/checkout"`, `signals == 9`, `latest == "line 29"`,
	} {
		b := parse(t, strings.Replace(oneRule("'"+when+"'"), "customer", "place", 1)).Places()
		look := b.Look(s, s.Now)
		if f, err := look.Find(b.Rules[0], false); err != nil || !f.Holds {
			t.Errorf("%s: %v %v", when, f, err)
		}
		look.Close()
	}
}

func TestChangesNamesTheMomentAWindowEnds(t *testing.T) {
	s := person(sig("rage_click", "website", -12, time.Hour), sig("rage_click", "website", -12, 3*time.Hour), sig("long_wait", "call", -9, 5*time.Hour))
	for when, want := range map[string]time.Duration{
		`active("rage_click")`:           23 * time.Hour,
		`count("rage_click", 24) >= 1`:   21 * time.Hour,
		`channels_bad_24h >= 2`:          19 * time.Hour,
		`channels_bad_24h >= 3`:          0, // it does not hold, and time will not make it
		`channels_bad_24h < 3`:           19 * time.Hour,
		`negatives_24h < 3`:              19 * time.Hour, // time will make it hold
		`score < 99`:                     0,              // the fold watches the score
		`known and active("long_wait")`:  19 * time.Hour,
		`active("long_wait") or value>3`: 19 * time.Hour,
	} {
		got := find(t, when, s).Changes
		if want == 0 && got == 0 {
			continue
		}
		if got.Sub(start) != want {
			t.Errorf("%s: changes after %v, want %v", when, got.Sub(start), want)
		}
	}
}

// Between now and the moment that Find names, no condition changes its mind; that is what the fold's timers rest on.
func TestNoConditionTurnsBeforeItsMoment(t *testing.T) {
	conditions := []string{
		`active("rage_click") and not active("long_wait")`, `count("rage_click", 12) >= 2`, `negatives(6) < 2`, `channels_bad(12) == 2`,
		`contacts(12) >= 2 or active("long_wait")`, `contacts(6) == 1`, `negative_contact and negatives_24h > 1`, `"call" in bad_channels`,
		`"chat" in contact_channels(20)`, `(negative_contact ? contacts(24) : negatives(3)) > 1`, `-negatives(8) < -1`, `len(bad_channels) > 1`,
		`reason("rage_click") contains "1"`,
	}
	random := rand.New(rand.NewPCG(7, 7))
	turned := 0
	for range 300 {
		var signals []signal.Signal
		for range random.IntN(6) {
			name := []string{"rage_click", "long_wait", "purchase"}[random.IntN(3)]
			points := map[string]int{"rage_click": -12, "long_wait": -10, "purchase": 5}[name]
			channel := []touchpoint.Channel{"website", "call", "chat"}[random.IntN(3)]
			signals = append(signals, sig(name, channel, points, time.Duration(random.IntN(30*60))*time.Minute))
		}
		s := person(signals...)
		var marks []signal.Mark
		for i := range random.IntN(5) {
			marks = append(marks, contact(fmt.Sprint("c", i), []touchpoint.Channel{"chat", "call"}[random.IntN(2)], time.Duration(random.IntN(30*60))*time.Minute))
		}
		withContacts(s, marks...)
		when := conditions[random.IntN(len(conditions))]
		s.Now = start
		before := find(t, when, s)
		until := start.Add(40 * time.Hour)
		if before.Changes != 0 {
			until = before.Changes - 1
		}
		for _, at := range []touchpoint.Millis{until, start + (until-start)/2, start + 1} {
			s.Now = at
			if after := find(t, when, s); after.Holds != before.Holds {
				t.Fatalf("%s: %v now, %v after %v, but the next moment was to be %v\n%+v", when, before.Holds, after.Holds, at.Sub(start), before.Changes, s)
			}
		}
		if before.Changes != 0 {
			s.Now = before.Changes
			if find(t, when, s).Holds != before.Holds {
				turned++
			}
		}
	}
	if turned < 20 {
		t.Errorf("only %d conditions turned at their moment: the test does not reach what it is for", turned)
	}
}

func TestNoConditionAboutAPlaceTurnsBeforeItsMoment(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	turned := 0
	for _, when := range []string{
		`customers_with("rage_click", 10) >= 1 + 2 * customers_before("rage_click", 10)`, `customers_before("rage_click", 20) > 0.9`,
		`customers_with(["rage_click", "dead_click"], 10) > customers_before(["rage_click", "dead_click"], 10)`, `customers(10) < 3`,
	} {
		b := parse(t, strings.Replace(oneRule("'"+when+"'"), "customer", "place", 1)).Places()
		find := func(s *place.State) Finding {
			look := b.Look(s, s.Now)
			defer look.Close()
			f, err := look.Find(b.Rules[0], false)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		for range 200 {
			s := &place.State{ID: "page:/checkout", Now: start}
			for i := range random.IntN(12) {
				s.Hits = append(s.Hits, place.Hit{
					Customer: touchpoint.CustomerID(fmt.Sprint("cus_", i)), Signal: []string{"rage_click", "dead_click"}[random.IntN(2)],
					At: start.Add(-time.Duration(random.IntN(70*60)) * time.Second),
				})
			}
			slices.SortFunc(s.Hits, func(a, b place.Hit) int { return int(a.At - b.At) })
			before := find(s)
			until := start.Add(2 * time.Hour)
			if before.Changes != 0 {
				until = before.Changes - 1
			}
			for _, at := range []touchpoint.Millis{until, start + (until-start)/2, start + 1} {
				s.Now = at
				if find(s).Holds != before.Holds {
					t.Fatalf("%s: %v now, not after %v, but the next moment was to be %v\n%+v", when, before.Holds, at.Sub(start), before.Changes, s)
				}
			}
			if s.Now = before.Changes; before.Changes != 0 && find(s).Holds != before.Holds {
				turned++
			}
		}
	}
	if turned < 50 {
		t.Errorf("only %d conditions turned at their moment: the test does not reach what it is for", turned)
	}
}

func TestRestfulRulesAreFalseForQuietCustomers(t *testing.T) {
	profiles := []touchpoint.Profile{{}, {Name: "A", Value: 1e6, Segment: "vip"}}
	for _, when := range []string{
		`score < 40`, `score <= 99.99 and known`, `known and active("rage_click")`, `negatives_24h == 2 and value > 3`, `2 <= contacts(24)`,
		`not (score > 20)`, `negative_contact and segment == "vip" or active("purchase")`,
	} {
		b := parse(t, oneRule(`'`+when+`'`)).Customers()
		if !b.Rules[0].Restful() {
			t.Errorf("%s is not restful", when)
		}
		for _, p := range profiles {
			s := &customer.State{ID: "cus_1", Now: start, Profile: p}
			if !b.Quiet(s) || find(t, when, s).Holds {
				t.Errorf("%s holds for a quiet customer", when)
			}
		}
	}
	b := parse(t, oneRule(`known`)).Customers()
	if b.Quiet(person(sig("purchase", "website", 1, 0))) || b.Quiet(withContacts(person(), contact("a", "chat", 0))) {
		t.Error("a customer with a signal or a contact is called quiet")
	}
}

func TestReasonFillsTheTextIn(t *testing.T) {
	s := person(sig("rage_click", "website", -12, time.Hour), sig("long_wait", "call", -50, 2*time.Hour))
	s.Profile.Value = 1234.56
	text := `'{{ name }}: {{ score }}, {{value}} a year, {{ bad_channels }}, {{ negatives_24h * 2 }}, {{ known ? "known" : "new" }}, {{ negative_contact }}. {{ worst }}'`
	b := parse(t, strings.Replace(oneRule("known"), "it happened", text, 1)).Customers()
	look := b.Look(s, s.Now)
	defer look.Close()
	want := "cus_1: 49.6, 1234.6 a year, website and call, 4, known, yes. long_wait 2h0m0s ago (2 h earlier)"
	if got := look.Reason(b.Rules[0]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLongReasonIsCutOnARunesEdge(t *testing.T) {
	if got := clipped(strings.Repeat("ж", 1000)); len(got) > maxReasonBytes+3 || !strings.HasSuffix(got, "ж…") {
		t.Errorf("cut to %d bytes, …%q", len(got), got[len(got)-6:])
	}
}

func TestEvidenceIsWhatTheConditionRestsOn(t *testing.T) {
	s := person(
		sig("rage_click", "website", -12, time.Hour), sig("long_wait", "call", -20, 2*time.Hour), sig("purchase", "website", 9, time.Minute),
		sig("churn_threat", "chat", -15, 30*time.Hour),
	)
	withContacts(s, contact("chat:1", "chat", 3*time.Hour), contact("chat:2", "chat", 2*time.Hour))
	for when, want := range map[string]string{
		`active("rage_click")`:              "rage_click",
		`channels_bad_24h >= 2 and known`:   "long_wait rage_click",
		`score < 40 and active("purchase")`: "long_wait rage_click purchase",
		`negative_contact`:                  "long_wait",
		`contacts(24) > 0`:                  "chat:1/3h0m0s chat:2/2h0m0s",
		`known`:                             "",
	} {
		b := parse(t, oneRule(`'`+when+`'`)).Customers()
		look := b.Look(s, s.Now)
		var got []string
		for _, e := range look.Evidence(b.Rules[0], 3) {
			if e.Signal == "" {
				got = append(got, string(e.Touchpoint))
			} else {
				got = append(got, e.Signal)
			}
		}
		look.Close()
		if strings.Join(got, " ") != want {
			t.Errorf("%s rests on %v, want %s", when, got, want)
		}
	}
}

func TestTheHeaviestEvidenceIsChosen(t *testing.T) {
	var signals []signal.Signal
	for i := range 20 {
		signals = append(signals, sig("rage_click", "website", -1-i%10, time.Duration(i)*time.Minute))
	}
	s := person(signals...)
	b := parse(t, oneRule("negatives_24h > 3")).Customers()
	look := b.Look(s, s.Now)
	defer look.Close()
	chosen := look.Evidence(b.Rules[0], 4)
	if len(chosen) != 4 {
		t.Fatalf("%d pieces", len(chosen))
	}
	for i, e := range chosen {
		if e.Points > -8.5 || (i > 0 && e.At < chosen[i-1].At) {
			t.Errorf("piece %d weighs %v at %v", i, e.Points, e.At.Sub(start))
		}
	}
}

func BenchmarkShippedRulesOnACustomerInTrouble(b *testing.B) {
	set, err := Parse("default.yaml", DefaultYAML())
	if err != nil {
		b.Fatal(err)
	}
	var signals []signal.Signal
	for i, name := range []string{"rage_click", "error_click", "failed_request", "form_struggle", "purchase", "dead_click"} {
		signals = append(signals, sig(name, "website", -2, time.Duration(i)*time.Minute))
	}
	s := withContacts(person(signals...), contact("chat:1", "chat", time.Hour))
	book := set.Customers()
	b.ReportAllocs()
	for b.Loop() {
		look := book.Look(s, s.Now)
		for _, r := range book.Rules {
			if f, err := look.Find(r, false); err != nil || f.Holds {
				b.Fatal(r.Name, f, err)
			}
		}
		look.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(book.Rules)), "ns/rule")
}

func BenchmarkConditionWithEverything(b *testing.B) {
	set := parse(b, oneRule(`'score < 40 and channels_bad_24h >= 2 and (segment == "vip" or value > 900) and active("rage_click") and contacts(72) < 3'`))
	s := person(sig("rage_click", "website", -60, 0), sig("long_wait", "call", -30, time.Minute))
	s.Profile.Value = 1000
	book := set.Customers()
	b.ReportAllocs()
	for b.Loop() {
		look := book.Look(s, s.Now)
		if f, err := look.Find(book.Rules[0], false); err != nil || !f.Holds {
			b.Fatal(f, err)
		}
		look.Close()
	}
}
