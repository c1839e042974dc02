package calibrate

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"touchwatch/ingest/decode"
	"touchwatch/ingest/identity"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal/settings"
)

// The simulated world proves nothing if it was made from the detectors' own words and limits. These tests hold the two apart.

var slot = regexp.MustCompile(`\{\w+\}`)

func wordsOf(s string) []string {
	return strings.FieldsFunc(strings.ToLower(slot.ReplaceAllString(s, " 0 ")), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\''
	})
}

// lines of a file of texts or words, without comments and headings; texts keep only those of people with a complaint.
func lines(t *testing.T, path, comment string, keep func(heading string) bool) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	heading := ""
	for _, l := range strings.Split(string(b), "\n") {
		l, _, _ = strings.Cut(l, comment)
		switch l = strings.TrimSpace(l); {
		case l == "" || strings.HasPrefix(l, "language"):
		case strings.HasPrefix(l, "["):
			heading = l
		case keep(heading):
			if _, text, found := strings.Cut(l, "| "); found { // the causes that a text is about
				l = text
			}
			all = append(all, l)
		}
	}
	return all
}

func TestTextsAreNotMadeFromTheWordLists(t *testing.T) {
	t.Parallel()
	anything := func(string) bool { return true }
	complaints := regexp.MustCompile(`complain|angry|bad\]|site\.|batch\.`).MatchString
	for _, language := range []string{"en", "de", "nl", "ru"} {
		phrases := map[string]bool{} // of the word lists, of two and more words; true when a text holds it
		for _, l := range lines(t, "../../processors/signal/text/lexicon/"+language+".txt", "//", anything) {
			for _, entry := range strings.Split(l, ",") {
				if w := wordsOf(entry); len(w) >= 2 {
					phrases[strings.Join(w, " ")] = false
				}
			}
		}
		texts := lines(t, "../../ingest/simulator/texts/"+language+".txt", "#", anything)
		for _, text := range texts {
			w := wordsOf(text)
			if _, is := phrases[strings.Join(w, " ")]; is && len(w) >= 3 {
				t.Errorf("%s: the text %q is an entry of the word list", language, text)
			}
			for n := 2; n <= 4; n++ {
				for i := 0; i+n <= len(w); i++ {
					if p := strings.Join(w[i:i+n], " "); phrases[p] || has(phrases, p) {
						phrases[p] = true
					}
				}
			}
		}
		used := 0
		for _, in := range phrases {
			if in {
				used++
			}
		}
		bad := lines(t, "../../ingest/simulator/texts/"+language+".txt", "#", complaints)
		spoken := 0
		for _, text := range bad {
			if holds(wordsOf(text), phrases) {
				spoken++
			}
		}
		t.Logf("%s: %d of %d phrases of the word list occur in the world's %d texts; %d of %d complaints hold one of three words and more",
			language, used, len(phrases), len(texts), spoken, len(bad))
		if used*100 > 12*len(phrases) || spoken*100 > 50*len(bad) {
			t.Errorf("%s: the world speaks like the word lists", language)
		}
	}
}

func has(phrases map[string]bool, p string) bool { _, is := phrases[p]; return is }

// holds reports whether a text contains a phrase of three or four words.
func holds(w []string, phrases map[string]bool) bool {
	for n := 3; n <= 4; n++ {
		for i := 0; i+n <= len(w); i++ {
			if has(phrases, strings.Join(w[i:i+n], " ")) {
				return true
			}
		}
	}
	return false
}

// sides counts what lies below a limit and what does not.
type sides struct{ below, above int }

func (s *sides) add(v, limit float64) {
	if v < limit {
		s.below++
	} else {
		s.above++
	}
}

func TestWhatHappensLiesOnBothSidesOfEveryLimit(t *testing.T) {
	t.Parallel()
	set := settings.Default()
	w := simulator.New(simulator.Options{Seed: 8, Customers: 200, Rate: 1, TroubleShare: 0.6, Remember: true})
	start, names := w.Now(), identity.NewMap(map[touchpoint.Alias]identity.Link{})
	type burst struct {
		customer touchpoint.CustomerID
		last     touchpoint.Millis
		clicks   float64
	}
	asked, bursts, errors := map[string]touchpoint.Millis{}, map[string]burst{}, map[string]float64{}
	measured := map[string]map[touchpoint.CustomerID][]float64{}
	note := func(what string, who touchpoint.CustomerID, v float64) {
		if measured[what] == nil {
			measured[what] = map[touchpoint.CustomerID][]float64{}
		}
		measured[what][who] = append(measured[what][who], v)
	}
	for _, p := range w.Profiles() {
		found := decode.Decode(decode.Record{Topic: p.Topic, Value: p.Value, Headers: func(string) string { return "" }}, decode.DefaultFormat(p.Topic)).Touchpoints
		for i := range found {
			names.Resolve(&found[i])
		}
	}
	for r := w.Next(); r.At.Sub(start) < 8*time.Hour; r = w.Next() {
		if r.Topic == simulator.TopicSocial {
			continue // nothing that is measured here
		}
		header := func(name string) string {
			for _, h := range r.Headers {
				if h.Key == name {
					return string(h.Value)
				}
			}
			return ""
		}
		found := decode.Decode(decode.Record{Topic: r.Topic, Value: r.Value, Headers: header}, decode.DefaultFormat(r.Topic)).Touchpoints
		for i := range found {
			tp := &found[i]
			tp.ReceivedAt = touchpoint.MillisOf(r.At)
			who := names.Resolve(tp)
			thread := tp.Place.Thread
			switch tp.Kind {
			case touchpoint.CallAnswered:
				note("wait on the phone", who, float64(tp.Duration)/1000)
			case touchpoint.CallHoldEnd:
				note("hold", who, float64(tp.Duration)/1000)
			case touchpoint.ChatCustomerMessage:
				if _, waits := asked[thread]; !waits {
					asked[thread] = tp.OccurredAt
				}
			case touchpoint.ChatAgentMessage:
				if since := asked[thread]; since > 0 && tp.Attrs["author"] != "bot" {
					note("first answer in the chat", who, tp.OccurredAt.Sub(since).Seconds())
					asked[thread] = -1
				}
			case touchpoint.FormError:
				key := thread + tp.Place.Form + tp.Place.Field
				errors[key]++
				note("errors of a field", who, errors[key])
			case touchpoint.ClickKind:
				if tp.Click == nil || tp.Click.Outcome != "none" {
					continue
				}
				key := thread + tp.Place.Element
				b := bursts[key]
				if tp.OccurredAt.Sub(b.last) > set.RageClick.Gap {
					b.clicks = 0
				}
				bursts[key] = burst{who, tp.OccurredAt, b.clicks + 1}
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(bursts)) {
		note("clicks in vain", bursts[key].customer, bursts[key].clicks)
	}
	troubled := map[touchpoint.CustomerID]bool{}
	for _, trouble := range w.Truth().Troubles {
		troubled[trouble.Customer] = true
	}
	for what, limit := range map[string]float64{
		"wait on the phone": set.LongWait.Call.Seconds(), "hold": set.LongHold.Hold.Seconds(), "first answer in the chat": set.UnansweredChat.First.Seconds(),
		"errors of a field": float64(set.FormStruggle.Errors), "clicks in vain": float64(set.RageClick.Clicks),
	} {
		var calm, upset sides
		for who, values := range measured[what] {
			for _, v := range values {
				if troubled[who] {
					upset.add(v, limit)
				} else {
					calm.add(v, limit)
				}
			}
		}
		t.Logf("%s, limit %g: of people in trouble %d below and %d above, of others %d and %d", what, limit, upset.below, upset.above, calm.below, calm.above)
		if upset.below < 2 || upset.above < 2 || calm.below < 2 || calm.above < 2 {
			t.Errorf("%s: one side of the limit %g is (almost) empty", what, limit)
		}
	}
}
