package simulator_test

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"touchwatch/ingest/decode"
	"touchwatch/ingest/identity"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/touchpoint"
)

var start = time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)

// headers gives decoding a record's headers.
func headers(r *simulator.Record) decode.Headers {
	return func(name string) string {
		for _, h := range r.Headers {
			if h.Key == name {
				return string(h.Value)
			}
		}
		return ""
	}
}

func decoded(t *testing.T, r *simulator.Record, offset int64) decode.Result {
	t.Helper()
	return decode.Decode(decode.Record{Topic: r.Topic, Offset: offset, Value: r.Value, Headers: headers(r)}, decode.DefaultFormat(r.Topic))
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	options := simulator.Demo(7, start)
	options.TroubleShare = 0.1
	a, b := simulator.New(options), simulator.New(options)
	options.Seed++
	c := simulator.New(options)
	same := 0
	for i := range 20_000 {
		ra, rb, rc := a.Next(), b.Next(), c.Next()
		if ra.Topic != rb.Topic || !bytes.Equal(ra.Key, rb.Key) || !bytes.Equal(ra.Value, rb.Value) || !ra.At.Equal(rb.At) {
			t.Fatalf("record %d differs:\n%s\n%s", i, ra.Value, rb.Value)
		}
		if bytes.Equal(ra.Value, rc.Value) {
			same++
		}
	}
	if same > 10 {
		t.Errorf("%d of 20000 records are the same with another seed", same)
	}
	profiles := b.Profiles()
	for i, p := range a.Profiles() {
		if q := profiles[i]; !bytes.Equal(p.Value, q.Value) {
			t.Fatalf("profile %d differs", i)
		}
	}
}

func TestListeningDoesNotChangeTheWorld(t *testing.T) {
	t.Parallel()
	options := simulator.Demo(3, start)
	deaf := simulator.New(options)
	options.Remember, options.Tell = true, func(simulator.Fact) {}
	heard := simulator.New(options)
	for i := range 20_000 {
		if a, b := deaf.Next(), heard.Next(); !bytes.Equal(a.Value, b.Value) {
			t.Fatalf("record %d differs:\n%s\n%s", i, a.Value, b.Value)
		}
	}
}

func TestRecordsComeInTheOrderOfTime(t *testing.T) {
	t.Parallel()
	w := simulator.New(simulator.Demo(1, start))
	last := start
	for i := range 50_000 {
		r := w.Next()
		if r.At.Before(last) {
			t.Fatalf("record %d at %s after one at %s", i, r.At, last)
		}
		last = r.At
	}
}

// Each touchpoint that decoding finds must be one that the world tells of, of that customer, and the other way round:
// decoded, its party resolved as ingest does it, over any order between keys that keeps the order of each key.
func TestEveryTouchpointIsWhoseTheWorldSays(t *testing.T) {
	t.Parallel()
	options := simulator.Demo(11, start)
	options.Remember, options.TroubleShare, options.Customers, options.Garbage = true, 0.2, 500, 0
	w := simulator.New(options)
	directory := identity.NewMap(map[touchpoint.Alias]identity.Link{})
	for i, p := range w.Profiles() {
		result := decoded(t, &p, int64(i))
		if len(result.Touchpoints) != 1 {
			t.Fatalf("profile %s: %v", p.Value, result.First())
		}
		if got := directory.Resolve(&result.Touchpoints[0]); got != touchpoint.CustomerID(p.Key) {
			t.Fatalf("profile of %s went to %s", p.Key, got)
		}
	}
	seen := map[touchpoint.ID]touchpoint.CustomerID{}
	repeated := 0
	for i := range 60_000 {
		r := w.Next()
		result := decoded(t, &r, int64(i))
		if invalid := result.First(); invalid != nil || result.Skipped > 0 {
			t.Fatalf("%s %s: %v, %d skipped\n%s", r.Topic, headers(&r)("tw-format"), invalid, result.Skipped, r.Value)
		}
		for j := range result.Touchpoints {
			tp := &result.Touchpoints[j]
			if err := tp.Validate(touchpoint.MillisOf(r.At), 24*time.Hour); err != nil {
				t.Fatalf("%s: %v\n%s", tp.ID, err, r.Value)
			}
			if tp.OccurredAt == 0 || tp.OccurredAt > touchpoint.MillisOf(r.At) {
				t.Fatalf("%s happened at %s, sent at %s", tp.ID, tp.OccurredAt.At(), r.At)
			}
			who := directory.Resolve(tp)
			if before, again := seen[tp.ID]; again {
				repeated++
				if before != who {
					t.Fatalf("%s belongs to %s, then to %s", tp.ID, before, who)
				}
			}
			seen[tp.ID] = who
		}
	}
	truth := w.Truth()
	for id, who := range seen {
		if want, ok := truth.Owners[id]; !ok || want != who {
			t.Fatalf("%s went to %q, the world says %q (known: %t)", id, who, want, ok)
		}
	}
	if len(seen) != len(truth.Owners) {
		t.Errorf("%d touchpoints decoded, the world tells of %d", len(seen), len(truth.Owners))
	}
	if repeated == 0 || truth.Duplicates == 0 || truth.Late == 0 {
		t.Errorf("%d repeated, %d duplicates, %d late: want some of each", repeated, truth.Duplicates, truth.Late)
	}
	if conflicts := directory.Conflicts(); len(conflicts) > 0 {
		t.Errorf("%d aliases claimed by two customers, first %+v", len(conflicts), conflicts[0])
	}
}

func TestAllFormatsAndKindsOccur(t *testing.T) {
	t.Parallel()
	missing := map[string]bool{}
	for _, format := range decode.Formats() {
		if format != "touchwatch.profile" {
			missing["format "+format] = true
		}
	}
	for _, kind := range []touchpoint.Kind{
		touchpoint.PageView, touchpoint.ClickKind, touchpoint.FormStart, touchpoint.FormField, touchpoint.FormError, touchpoint.FormSubmit,
		touchpoint.PageLeave, touchpoint.ScriptError, touchpoint.RequestFailed, touchpoint.CheckoutFailed, touchpoint.Purchase,
		touchpoint.Search, touchpoint.Identify, touchpoint.WebSurveyAnswer,
		touchpoint.ChatOpened, touchpoint.ChatCustomerMessage, touchpoint.ChatAgentMessage, touchpoint.ChatClosed, touchpoint.ChatRating,
		touchpoint.ChatHandover, touchpoint.SocialPost, touchpoint.SocialMention, touchpoint.SocialReview, touchpoint.SocialReply,
		touchpoint.CallQueued, touchpoint.CallAnswered, touchpoint.CallHoldStart, touchpoint.CallHoldEnd, touchpoint.CallTransferred,
		touchpoint.CallTurn, touchpoint.CallEnded, touchpoint.CallSurvey, touchpoint.CallRecord,
	} {
		missing["kind "+string(kind)] = true
	}
	for _, language := range []string{"en", "de", "nl", "ru"} {
		missing["language "+language] = true
	}
	for _, format := range []string{"segment", "touchwatch.website"} {
		missing["several events in a record of "+format] = true
	}
	options := simulator.Demo(5, start)
	options.TroubleShare, options.Garbage = 0.2, 0
	w := simulator.New(options)
	for i := 0; i < 60_000 && len(missing) > 0; i++ {
		r := w.Next()
		result := decoded(t, &r, int64(i))
		for j := range result.Touchpoints {
			tp := &result.Touchpoints[j]
			delete(missing, "format "+tp.Format)
			delete(missing, "kind "+string(tp.Kind))
			if tp.Text != "" {
				delete(missing, "language "+tp.Language)
			}
			if len(result.Touchpoints) > 1 {
				delete(missing, "several events in a record of "+tp.Format)
			}
		}
	}
	for what := range missing {
		t.Errorf("nothing of the %s", what)
	}
}

func TestTheRateIsKeptFromTheFirstSecondOn(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{5, 50, 400} {
		w := simulator.New(simulator.Options{Seed: 2, Start: start, Rate: rate})
		// What the world tells of is what decoding finds: TestEveryTouchpointIsWhoseTheWorldSays.
		all := float64(0)
		count := func(until time.Time) float64 {
			before := all
			for r := w.Next(); r.At.Before(until); r = w.Next() {
			}
			all = 0
			for _, n := range w.Truth().Touchpoints {
				all += float64(n)
			}
			return all - before
		}
		first := count(start.Add(10 * time.Second))
		if first < 0.6*rate*10 || first > 1.4*rate*10 {
			t.Errorf("rate %v: %v touchpoints in the first 10 s", rate, first)
		}
		span := min(300, 40_000/rate) // seconds: enough touchpoints to tell a tenth more from chance
		later := count(start.Add(time.Duration(10+span)*time.Second)) / span
		if math.Abs(later-rate) > 0.1*rate {
			t.Errorf("rate %v: %.1f touchpoints a second afterwards", rate, later)
		}
		truth := w.Truth()
		for channel, low := range map[touchpoint.Channel]float64{touchpoint.Website: 0.6, touchpoint.Chat: 0.04, touchpoint.Call: 0.04, touchpoint.Social: 0.01} {
			if share := float64(truth.Touchpoints[channel]) / all; share < low {
				t.Errorf("rate %v: only %.3f of the touchpoints are on %s", rate, share, channel)
			}
		}
	}
}

func TestGarbageIsNothingThatDecodes(t *testing.T) {
	t.Parallel()
	w := simulator.New(simulator.Options{Seed: 4, Start: start, Garbage: 0.05})
	bad := int64(0)
	for i := range 20_000 {
		r := w.Next()
		result := decoded(t, &r, int64(i))
		if result.First() != nil {
			bad++
		}
	}
	if garbage := w.Truth().Garbage; bad != garbage || garbage < 200 {
		t.Errorf("%d records did not decode, the world sent %d on purpose", bad, garbage)
	}
}

func TestTheStoryIsToldInOrder(t *testing.T) {
	var facts []simulator.Fact
	options := simulator.Demo(1, start)
	options.Tell = func(f simulator.Fact) {
		if f.Kind != simulator.Happened {
			facts = append(facts, f)
		}
	}
	w := simulator.New(options)
	jana := touchpoint.CustomerID(w.Profiles()[0].Key)
	if !bytes.Contains(w.Profiles()[0].Value, []byte("Jana Weber")) {
		t.Fatalf("the first profile is %s", w.Profiles()[0].Value)
	}
	var herChat, herPost time.Time
	for r := w.Next(); r.At.Before(start.Add(240 * time.Second)); r = w.Next() {
		if herChat.IsZero() && bytes.Contains(r.Value, []byte(`"email":"jana.weber@example.com"},"thread":"c-`)) {
			herChat = r.At
		}
		if herPost.IsZero() && bytes.Contains(r.Value, []byte(`"handle":"x:jana_weber"`)) {
			herPost = r.At
		}
	}
	at := func(kind simulator.FactKind, customer touchpoint.CustomerID) time.Duration {
		for _, f := range facts {
			if f.Kind == kind && f.Customer == customer {
				return f.At.At().Sub(start)
			}
		}
		t.Fatalf("no %s of %q", kind, customer)
		return 0
	}
	first := facts[0]
	if first.Kind != simulator.Troubled || first.Customer != jana || first.At.At().Sub(start) < 4*time.Second {
		t.Errorf("the first thing that goes wrong is %+v", first)
	}
	broken, mended := at(simulator.Broken, ""), at(simulator.Mended, "")
	moments := []time.Duration{
		at(simulator.Troubled, jana), herChat.Sub(start), broken, herPost.Sub(start), mended, at(simulator.Recovered, jana),
	}
	for i := 1; i < len(moments); i++ {
		if moments[i] <= moments[i-1] {
			t.Errorf("the story is out of order: %v", moments)
		}
	}
	if moments[1] > 8*time.Second {
		t.Errorf("the second channel shows after %s", moments[1])
	}
	hit := map[touchpoint.CustomerID]bool{}
	for _, f := range facts {
		if since := f.At.At().Sub(start); f.Kind == simulator.Troubled && since > broken && since < broken+2*time.Minute {
			hit[f.Customer] = true
		}
	}
	if len(hit) < 20 {
		t.Errorf("the broken page hits only %d customers", len(hit))
	}
}

func TestTroubleComesToTheShareOfCustomersThatItShouldCome(t *testing.T) {
	t.Parallel()
	const people = 300 // and as busy as 1,000 are at the usual rate
	for _, share := range []float64{0.01, 0.1} {
		w := simulator.New(simulator.Options{Seed: 9, Start: start, Customers: people, Rate: 15, TroubleShare: share, Remember: true})
		for r := w.Next(); r.At.Before(start.Add(50 * time.Minute)); r = w.Next() {
		}
		customers := map[touchpoint.CustomerID]bool{}
		outcomes, channels := map[simulator.FactKind]int{}, map[int]int{}
		for _, trouble := range w.Truth().Troubles {
			customers[trouble.Customer] = true
			outcomes[trouble.Outcome]++
			channels[len(trouble.Channels)]++
		}
		if got := float64(len(customers)) / people; math.Abs(got-share) > 0.15*share+0.001 {
			t.Errorf("share %v: %v of the customers had trouble", share, got)
		}
		if share == 0.1 && (outcomes[simulator.Recovered] == 0 || outcomes[simulator.GaveUp] == 0 || channels[2]+channels[3] == 0) {
			t.Errorf("outcomes %v, number of channels %v", outcomes, channels)
		}
	}
}

func TestNobodyWithoutTroubleContactsTheCompanyOften(t *testing.T) {
	t.Parallel()
	contacts, troubled := map[touchpoint.CustomerID]int{}, map[touchpoint.CustomerID]bool{}
	options := simulator.Demo(6, start)
	options.Customers, options.Rate = 100, 15 // each as often as of 300 at the usual rate
	options.Tell = func(f simulator.Fact) {
		if f.Kind == simulator.Troubled {
			troubled[f.Customer] = true
		}
	}
	w := simulator.New(options)
	threads := map[string]bool{}
	for r := w.Next(); r.At.Before(start.Add(40 * time.Minute)); r = w.Next() {
		if r.Topic == simulator.TopicWebsite {
			continue // a visit is no contact
		}
		result := decoded(t, &r, 0)
		for i := range result.Touchpoints {
			tp := &result.Touchpoints[i]
			contact, ok := tp.Contact()
			if alias, _ := touchpoint.Strongest(tp.Aliases); ok && alias.Kind == touchpoint.AliasID && !threads[contact] {
				threads[contact] = true
				contacts[touchpoint.CustomerID(alias.Value)]++
			}
		}
	}
	for customer, n := range contacts {
		if n > 1 && !troubled[customer] {
			t.Errorf("%s, who is in no trouble, contacted the company %d times", customer, n)
		}
	}
}

func TestMemoryIsBoundedHoweverLongTheWorldLives(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a million records")
	}
	options := simulator.Demo(1, start)
	options.Customers = 500
	w := simulator.New(options)
	used := func(records int) uint64 {
		for range records {
			w.Next()
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	few, many := 200_000, 1_000_000
	if underRace {
		few, many = 50_000, 150_000
	}
	before := used(few)
	after := used(many)
	if after > before+before/2+2<<20 {
		t.Errorf("%d bytes after %d records, %d after %d more", before, few, after, many)
	}
	runtime.KeepAlive(w)
}

func TestFactsAreLinesOfJSON(t *testing.T) {
	var b bytes.Buffer
	fact := simulator.Fact{Kind: simulator.Troubled, At: 1762160400000, Customer: "cus_1", Channel: touchpoint.Website, Why: "no luck"}
	if err := simulator.WriteFact(&b, fact); err != nil {
		t.Fatal(err)
	}
	want := `{"kind":"trouble","at":1762160400000,"customer":"cus_1","channel":"website","why":"no luck"}` + "\n"
	if b.String() != want {
		t.Errorf("got  %swant %s", b.String(), want)
	}
}

func BenchmarkNext(b *testing.B) {
	for _, rate := range []float64{50, 2000} {
		b.Run(fmt.Sprintf("rate=%v", rate), func(b *testing.B) {
			options := simulator.Demo(1, start)
			options.Rate, options.Customers = rate, 20_000
			w := simulator.New(options)
			for range 100_000 {
				w.Next()
			}
			b.ReportAllocs()
			bytes := 0
			for b.Loop() {
				bytes += len(w.Next().Value)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(bytes)/float64(b.N), "B/record")
		})
	}
}
