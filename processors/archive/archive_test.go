package archive

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

const start = touchpoint.Millis(1_762_160_400_000) // 2025-11-03 09:00 UTC

func TestMigratingTwiceAndAtTheSameTimeIsTheSameAsOnce(t *testing.T) {
	c := server(t)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := Migrate(t.Context(), c, 0, quiet); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if err := Migrate(t.Context(), c, 0, quiet); err != nil {
		t.Fatal(err)
	}
	var tables uint64
	if err := open(t, c).QueryRow(t.Context(), "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name NOT LIKE 'goose%'").Scan(&tables); err != nil || tables != 5 {
		t.Errorf("%d tables, %v", tables, err)
	}
}

func TestMigrateTriesAgainWhatFailedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		statement string // words in the first statement that fails
		fail      func(w http.ResponseWriter)
	}{
		"the server is busy": {"CREATE TABLE IF NOT EXISTS goose", func(w http.ResponseWriter) {
			w.Header().Set("X-ClickHouse-Exception-Code", "202")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "Code: 202. DB::Exception: too many queries at once")
		}},
		"the connection is cut before a version is noted": {"INSERT INTO goose", func(http.ResponseWriter) { panic(http.ErrAbortHandler) }},
		"the connection is cut before a table is made":    {"CREATE TABLE IF NOT EXISTS touchpoints", func(http.ResponseWriter) { panic(http.ErrAbortHandler) }},
	} {
		t.Run(name, func(t *testing.T) {
			server := server(t)
			target, err := url.Parse("http://" + server.Addrs[0])
			if err != nil {
				t.Fatal(err)
			}
			var asked atomic.Int64
			forward := httputil.NewSingleHostReverseProxy(target)
			between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if strings.Contains(strings.Join(strings.Fields(string(body)), " "), c.statement) && asked.Add(1) == 1 {
					c.fail(w)
					return
				}
				r.Body = io.NopCloser(strings.NewReader(string(body)))
				forward.ServeHTTP(w, r)
			}))
			defer between.Close()
			server.Addrs, server.Compression = []string{between.Listener.Addr().String()}, "none"
			if err := Migrate(t.Context(), server, 0, quiet); err != nil {
				t.Error(err)
			}
			if n := asked.Load(); n < 2 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

func TestHowLongRowsAreKeptCanBeChanged(t *testing.T) {
	c, conn := migrated(t)
	for _, days := range []int{2, 2, 400, 0} {
		if err := Migrate(t.Context(), c, days, quiet); err != nil {
			t.Fatal(err)
		}
		for _, e := range expiries {
			var engine string
			if err := conn.QueryRow(t.Context(), "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = '"+e.table+"'").Scan(&engine); err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf("toIntervalDay(%d)", days); days > 0 && !strings.Contains(engine, want) || days == 0 && strings.Contains(engine, "TTL") {
				t.Errorf("%d days: %s is %s", days, e.table, engine)
			}
		}
	}
}

func TestWhateverATextHoldsComesBackUnchanged(t *testing.T) {
	_, conn := migrated(t)
	texts := []string{
		"an empty line\n\nin the middle", "'; DROP TABLE touchpoints; --", `back\slash \' \n`, "tab\there", "\"quoted\"", "zero\x00byte",
		"ü € 😀 сло́во", "", " ", "2570\n\n2570", "') VALUES ('", "{minutes:String}", "?", "$1", strings.Repeat("x\n\n", 5000),
	}
	w := testWriter(conn)
	p := new(parcel)
	for i, text := range texts {
		p.touches = append(p.touches, newTouchRow(&touchpoint.Touchpoint{
			ID: touchpoint.ID(fmt.Sprint("t", i)), Channel: touchpoint.Chat, Kind: touchpoint.ChatCustomerMessage, Customer: touchpoint.CustomerID(text),
			OccurredAt: start, ReceivedAt: start, Text: text, Duration: 2570, Attrs: map[string]string{text: text},
			Aliases: []touchpoint.Alias{{Kind: touchpoint.AliasContact, Value: text}},
		}))
		p.signals = append(p.signals, signalRow{revision: 2570, Report: signal.Report{
			Customer: touchpoint.CustomerID(text), Signal: signal.Signal{Name: "negative_text", Episode: fmt.Sprint("t", i), First: start, At: start, Weight: -2570, Half: 60, Reason: text},
		}})
	}
	if !w.write(t.Context(), p) {
		t.Fatal("not written")
	}
	for i, text := range texts {
		var got, customer, reason string
		var attrs map[string]string
		var duration int64
		err := conn.QueryRow(t.Context(), fmt.Sprintf(`SELECT t.text, t.customer, t.attributes, t.duration_ms, s.reason
			FROM touchpoints AS t LEFT JOIN signals AS s ON s.customer = t.customer WHERE t.id = 't%d'`, i)).
			Scan(&got, &customer, &attrs, &duration, &reason)
		if err != nil {
			t.Fatal(err)
		}
		if got != text || customer != text || attrs[text] != text || duration != 2570 || reason != text {
			t.Errorf("text %d %.40q came back as %.40q, customer %.40q, attributes %.80q, duration %d, reason %.40q", i, text, got, customer, attrs, duration, reason)
		}
	}
	// Each customer was found by its name, whatever it holds: all are in trouble in the counts.
	for _, g := range groups(t, conn) {
		if g.Total != int64(len(texts)) || g.ScoreSum != int64(len(texts))*(10000-2570) {
			t.Errorf("%+v", g)
		}
	}
}

func TestAnOpinionTakesThePlaceOfWhatTheRulesSaidWhateverIsWrittenLast(t *testing.T) {
	_, conn := migrated(t)
	said := touchpoint.Touchpoint{
		ID: "chat:1", Channel: touchpoint.Chat, Kind: touchpoint.ChatCustomerMessage, Text: "na toll", OccurredAt: start, Mood: &touchpoint.Mood{Displeasure: 0.1},
	}
	judged := said
	judged.Mood = &touchpoint.Mood{Displeasure: 0.9}
	origin := timeline.Origin{ReceivedAt: start.Add(time.Second), Source: touchpoint.Source{Topic: "touchpoints.chat", Offset: 7}}
	entries := []timeline.Entry{
		{Kind: timeline.Opinion, Subject: "c1", At: start.Add(time.Minute), Touchpoint: &judged, Origin: &origin},
		{Kind: timeline.Touchpoint, Subject: "c1", At: origin.ReceivedAt, Source: origin.Source, Touchpoint: &said},
	}
	w := testWriter(conn)
	for i := range entries {
		body, err := timeline.Encode(nil, &entries[i])
		if err != nil {
			t.Fatal(err)
		}
		p := new(parcel)
		if err := p.take(&Topics{Timeline: "customer.timeline"}, "customer.timeline", &stream.Record{Value: body}); err != nil {
			t.Fatal(err)
		}
		if !w.write(t.Context(), p) {
			t.Fatal("not written")
		}
	}
	var displeasure float32
	var received time.Time
	var offset int64
	if err := conn.QueryRow(t.Context(), "SELECT displeasure, received_at, source_offset FROM touchpoints FINAL WHERE id = 'chat:1'").Scan(&displeasure, &received, &offset); err != nil {
		t.Fatal(err)
	}
	if displeasure != 0.9 || touchpoint.MillisOf(received) != origin.ReceivedAt || offset != 7 {
		t.Errorf("displeasure %v, received %s, offset %d: want the opinion's mood and the touchpoint's origin", displeasure, received, offset)
	}
}

// random makes facts of a few minutes, what the customers' signals went through, and what stands in the end.
type random struct {
	rng      *rand.Rand
	touches  []touchpoint.Touchpoint
	rows     []signalRow
	standing map[touchpoint.CustomerID][]signal.Signal
	segments map[touchpoint.CustomerID]string
}

func newRandom(seed uint64) *random {
	r := &random{rng: rand.New(rand.NewPCG(seed, 1)), standing: map[touchpoint.CustomerID][]signal.Signal{}, segments: map[touchpoint.CustomerID]string{}}
	channels := []touchpoint.Channel{touchpoint.Website, touchpoint.Chat, touchpoint.Call, touchpoint.Social}
	for i := range 1500 {
		r.touches = append(r.touches, touchpoint.Touchpoint{
			ID: touchpoint.ID(fmt.Sprint("t", i)), Channel: channels[r.rng.IntN(4)], Kind: touchpoint.PageView,
			Customer: touchpoint.CustomerID(fmt.Sprint("c", r.rng.IntN(40))), OccurredAt: start.Add(time.Duration(r.rng.IntN(5*60_000)) * time.Millisecond),
			ReceivedAt: start, Duration: touchpoint.Millis(max(0, r.rng.IntN(9000)-4000)),
			Place: touchpoint.Place{Page: []string{"", "/a", "/b"}[r.rng.IntN(3)], Campaign: []string{"", "autumn"}[r.rng.IntN(2)]},
		})
	}
	for i := range 40 {
		if i%3 > 0 {
			r.segments[touchpoint.CustomerID(fmt.Sprint("c", i))] = []string{"vip", "gold"}[i%2]
		}
	}
	for i := range 60 {
		r.signal(i)
	}
	return r
}

// signal makes the i-th signal: judged up to three times, each time anew and perhaps by another touchpoint, and in the end perhaps taken back.
func (r *random) signal(i int) {
	mine := r.touches[r.rng.IntN(len(r.touches))]
	var last signal.Signal
	gone := false
	for n := range 1 + r.rng.IntN(3) {
		before := last
		last = signal.Signal{
			Name: "rage_click", Family: "friction", Episode: fmt.Sprint(i), First: mine.OccurredAt, At: mine.OccurredAt.Add(time.Duration(r.rng.IntN(40_000)) * time.Millisecond),
			Weight: int32(r.rng.IntN(6000) - 5000), Half: int32(30 + r.rng.IntN(3600)), Channel: touchpoint.Website, Evidence: []touchpoint.ID{mine.ID},
			Places: []string{"page:/a", "element:x"},
		}
		report := signal.Report{Customer: mine.Customer, Gone: r.rng.IntN(5) == 0, Signal: last}
		if n > 0 && before.First < last.First {
			report.Since = before.First
		}
		gone = report.Gone
		r.rows = append(r.rows, signalRow{Report: report, revision: uint64(len(r.rows) + 1)})
		for range 100 { // the same customer's at another time
			if other := r.touches[r.rng.IntN(len(r.touches))]; other.Customer == mine.Customer {
				mine = other
				break
			}
		}
	}
	if !gone {
		r.standing[mine.Customer] = append(r.standing[mine.Customer], last)
	}
}

// want is what has to come out.
func (r *random) want() []Group {
	facts := make([]Fact, len(r.touches))
	for i := range r.touches {
		facts[i] = FactOf(&r.touches[i])
	}
	return Recount(facts, r.standing, r.segments)
}

// parcels spreads everything over parcels in any order; profiles come before the touchpoints of their customer.
func (r *random) parcels(n int) []*parcel {
	list := make([]*parcel, n)
	for i := range list {
		list[i] = new(parcel)
	}
	for c, segment := range r.segments {
		list[0].profiles = append(list[0].profiles, profileRow{customer: c, Profile: touchpoint.Profile{Segment: segment}, revision: 5})
	}
	for i := range r.touches {
		p := list[r.rng.IntN(n)]
		p.touches = append(p.touches, newTouchRow(&r.touches[i]))
		if r.rng.IntN(10) == 0 { // delivered twice
			p = list[r.rng.IntN(n)]
			p.touches = append(p.touches, newTouchRow(&r.touches[i]))
		}
	}
	for i := range r.rows {
		p := list[r.rng.IntN(n)]
		p.signals = append(p.signals, r.rows[i])
		if r.rng.IntN(4) == 0 {
			p = list[r.rng.IntN(n)]
			p.signals = append(p.signals, r.rows[i])
		}
	}
	return list
}

func TestMinutesAreWhatCountingInMemorySaysWhateverTheOrder(t *testing.T) {
	for _, n := range []int{1, 7} {
		t.Run(fmt.Sprint(n, " parcels"), func(t *testing.T) {
			_, conn := migrated(t)
			r := newRandom(uint64(n))
			for _, p := range r.parcels(n) {
				if !testWriter(conn).write(t.Context(), p) { // each time another process
					t.Fatal("not written")
				}
			}
			expectGroups(t, groups(t, conn), r.want())
		})
	}
}

func TestRepeatingAPartAfterACrashChangesNothing(t *testing.T) {
	_, conn := migrated(t)
	r := newRandom(3)
	list := r.parcels(6)
	for _, p := range append(list, list[2], list[4], list[1]) {
		if !testWriter(conn).write(t.Context(), p) {
			t.Fatal("not written")
		}
	}
	expectGroups(t, groups(t, conn), r.want())
}

func TestTheVersionOfACountGrowsWithWhatItSaw(t *testing.T) {
	_, conn := migrated(t)
	one := func(id string) touchRow {
		return newTouchRow(&touchpoint.Touchpoint{ID: touchpoint.ID(id), Channel: touchpoint.Website, Customer: "c", OccurredAt: start, ReceivedAt: start})
	}
	report := func(revision uint64, gone bool) signalRow {
		return signalRow{revision: revision, Report: signal.Report{Customer: "c", Gone: gone, Signal: signal.Signal{Name: "n", Episode: "e", First: start, At: start, Weight: -1000, Half: 60}}}
	}
	version := func() string {
		var v string
		if err := conn.QueryRow(t.Context(), "SELECT toString(max(version)) FROM touchpoint_minutes").Scan(&v); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%40s", v)
	}
	last := ""
	for i, p := range []*parcel{
		{touches: []touchRow{one("a")}},
		{touches: []touchRow{one("b")}},
		{signals: []signalRow{report(1, false)}},
		{signals: []signalRow{report(2, true)}},
		{profiles: []profileRow{{customer: "c", revision: 9, Profile: touchpoint.Profile{Segment: "vip"}}}, touches: []touchRow{one("b")}},
	} {
		if !testWriter(conn).write(t.Context(), p) {
			t.Fatal("not written")
		}
		if v := version(); v <= last {
			t.Errorf("step %d: version %s after %s", i, v, last)
		} else {
			last = v
		}
		if !testWriter(conn).write(t.Context(), p) {
			t.Fatal("not written")
		}
		if v := version(); v != last {
			t.Errorf("step %d: version %s after the same again, want %s: it depends on what was seen, and on nothing else", i, v, last)
		}
	}
	// The customer's segment became known: the group of the unknown segment must not count beside it.
	if g := groups(t, conn); len(g) != 1 || g[0].Segment != "vip" || g[0].Total != 2 {
		t.Errorf("%+v", g)
	}
}

func TestAFactCountsUnderOnePlace(t *testing.T) {
	for want, tp := range map[string]touchpoint.Touchpoint{
		"page:/checkout": {Channel: touchpoint.Website, Place: touchpoint.Place{Page: "/checkout", Element: "button#pay"}},
		"queue:billing":  {Channel: touchpoint.Call, Place: touchpoint.Place{Queue: "billing", Platform: "twilio"}},
		"platform:x":     {Channel: touchpoint.Social, Place: touchpoint.Place{Platform: "x"}},
		"":               {Channel: touchpoint.Chat},
	} {
		if got := Place(&tp); got != want {
			t.Errorf("%+v counts under %q, want %q", tp.Place, got, want)
		}
	}
}

func TestRecountCountsARepeatedFactOnce(t *testing.T) {
	f := Fact{ID: "a", Channel: touchpoint.Website, Customer: "c", OccurredAt: start, Duration: 10}
	g := Recount([]Fact{f, f}, nil, nil)
	want := []Group{{Minute: start, Channel: touchpoint.Website, Total: 1, ScoreSum: 10000, Customers: 1, P50: 10, P95: 10}}
	if !reflect.DeepEqual(g, want) {
		t.Errorf("got %+v", g)
	}
}

func TestParametersAreEscaped(t *testing.T) {
	if got, want := arrayOf([]string{"a", `it's \ "x"`, "b"}, quoted), `['a','it\'s \\ "x"','b']`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !slices.Equal(texts([]touchpoint.ID{"x", "y"}), []string{"x", "y"}) {
		t.Error("texts")
	}
}
