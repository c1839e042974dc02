package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"touchwatch/alerts/alert"
	"touchwatch/alerts/hub"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/episode"
	"touchwatch/processors/keyed"
	"touchwatch/processors/place"
	"touchwatch/processors/signal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const noon = touchpoint.Millis(1_700_000_000_000) / 60_000 * 60_000

// logbook is a Timeline that keeps what it gets.
type logbook struct {
	entries []timeline.Entry
	err     error
}

func (l *logbook) Append(_ context.Context, e timeline.Entry) error {
	if l.err != nil {
		return l.err
	}
	l.entries = append(l.entries, e)
	return nil
}

// shelf is a History with a fixed past.
type shelf struct {
	touchpoints []touchpoint.Touchpoint // newest first
	err         error
	asked       string
}

func (s *shelf) Touchpoints(_ context.Context, id touchpoint.CustomerID, before touchpoint.Millis, limit int) ([]touchpoint.Touchpoint, error) {
	s.asked = fmt.Sprint("touchpoints ", id, " ", before, " ", limit)
	var found []touchpoint.Touchpoint
	for _, t := range s.touchpoints {
		if t.OccurredAt < before && len(found) < limit {
			found = append(found, t)
		}
	}
	return found, s.err
}

func (s *shelf) Minutes(_ context.Context, from, to touchpoint.Millis, channel touchpoint.Channel) ([]MinuteRow, error) {
	s.asked = fmt.Sprint("minutes ", from, " ", to, " ", channel)
	return []MinuteRow{{Minute: from, Channel: "chat", Total: 3}}, s.err
}

func (s *shelf) Experience(_ context.Context, by string, from, to touchpoint.Millis) ([]ExperienceRow, error) {
	s.asked = fmt.Sprint("experience ", by, " ", from, " ", to)
	return nil, s.err
}

// rig is the API over a Redis with hand-written keys.
type rig struct {
	t         *testing.T
	api       *API
	redis     *redis.Client
	server    *miniredis.Miniredis
	board     *hub.Hub
	customers logbook
	places    logbook
	log       bytes.Buffer
}

const partitions = 3

func newRig(t *testing.T, change func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, server: miniredis.RunT(t)}
	r.redis = redis.NewClient(&redis.Options{Addr: r.server.Addr(), MaxRetries: -1, DialTimeout: time.Second, DialerRetries: 1})
	t.Cleanup(func() { _ = r.redis.Close() })
	now := func() time.Time { return noon.At() }
	r.board = hub.New(hub.Options{Now: now})
	opt := Options{
		Version: "1.2.3", Store: &Store{Redis: r.redis, Customers: partitions, Places: partitions}, Board: r.board,
		Customers: &r.customers, Places: &r.places, NoHistory: "install libchdb", Now: now, Log: slog.New(slog.NewTextHandler(&r.log, nil)),
	}
	if change != nil {
		change(&opt)
	}
	r.api = New(opt)
	return r
}

func (r *rig) request(method, target, body string, header ...string) *httptest.ResponseRecorder {
	r.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req := httptest.NewRequest(method, "http://127.0.0.1:8480"+target, reader)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	rec := httptest.NewRecorder()
	r.api.ServeHTTP(rec, req)
	return rec
}

// get asks for target and decodes the answer, which must have the status.
func get[T any](r *rig, status int, target string, header ...string) T {
	r.t.Helper()
	var out T
	decode(r, r.request(http.MethodGet, target, "", header...), status, &out)
	return out
}

func decode(r *rig, rec *httptest.ResponseRecorder, status int, out any) {
	r.t.Helper()
	if rec.Code != status {
		r.t.Fatalf("got %d, want %d: %s", rec.Code, status, rec.Body)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), out); err != nil {
		r.t.Fatalf("%v in %s", err, rec.Body)
	}
}

// fault is a problem document.
type fault struct {
	Title, Detail string
	Status        int
	Errors        []struct{ Message, Location string }
}

// refused asks and wants a problem that says something.
func (r *rig) refused(status int, says string, rec *httptest.ResponseRecorder) {
	r.t.Helper()
	var f fault
	decode(r, rec, status, &f)
	if ct := rec.Header().Get("Content-Type"); ct != "application/problem+json" {
		r.t.Errorf("content type %q", ct)
	}
	if f.Status != status || !strings.Contains(rec.Body.String(), says) {
		r.t.Errorf("got %s, want status %d and %q", rec.Body, status, says)
	}
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// store writes a customer as the stage would.
func (r *rig) store(id string, weights ...int32) {
	r.t.Helper()
	s := &customer.State{ID: touchpoint.CustomerID(id), Now: noon - 1000, Windows: []customer.Window{{Family: "friction"}}}
	s.Profile.Name = "Jo"
	for i, w := range weights {
		s.Signals = append(s.Signals, signal.Signal{Name: "long_wait", Episode: fmt.Sprint(i), Weight: w, Half: 3600, At: noon - 3_600_000, Channel: "call", Reason: "waited 12 min", Evidence: []touchpoint.ID{"call:1"}})
	}
	body, err := customer.Encode(nil, s)
	r.must(err)
	keys := keyed.NewKeys(keyed.CustomerPrefix, timeline.Partition(id, partitions))
	r.must(r.redis.HSet(context.Background(), keys.States(id), id, body).Err())
	if score := s.Score(s.Now); score < customer.RiskLimit {
		r.must(r.redis.ZAdd(context.Background(), keys.Risk(), redis.Z{Score: score, Member: id}).Err())
	}
}

// remember writes n touchpoints of a customer, one second apart, the newest at noon.
func (r *rig) remember(id string, n int) {
	r.t.Helper()
	keys := keyed.NewKeys(keyed.CustomerPrefix, timeline.Partition(id, partitions))
	for i := range n {
		t := touchpoint.Touchpoint{ID: touchpoint.ID(fmt.Sprint("t", i)), Channel: "chat", Kind: touchpoint.ChatCustomerMessage, OccurredAt: noon - touchpoint.Millis(i)*1000, Text: "hello"}
		body, err := timeline.Encode(nil, &timeline.Entry{Kind: timeline.Touchpoint, Subject: id, At: t.OccurredAt, Touchpoint: &t})
		r.must(err)
		r.must(r.redis.LPush(context.Background(), keys.History(id), body).Err())
	}
}

func (r *rig) alert(id, kind, subject string, phase episode.Phase, severity alert.Severity) {
	r.board.Publish(hub.News{Part: "p", Alerts: []alert.Alert{{ID: id, Version: 1, Phase: phase, Severity: severity, UpdatedAt: noon, Outcome: "recovered", Subject: alert.Subject{Kind: kind, ID: subject}}}})
}

func TestACustomerComesWithAScoreThatAddsUp(t *testing.T) {
	r := newRig(t, nil)
	r.store("cus_1", -4000, -2000, -20000)
	r.alert("a1", "customer", "cus_1", episode.Firing, alert.High)
	r.alert("a2", "customer", "cus_2", episode.Firing, alert.High)
	got := get[CustomerAnswer](r, 200, "/api/v1/customers/cus_1")
	sum := got.Explanation.Baseline
	for _, c := range got.Explanation.Contributions {
		sum += c.Points
	}
	if got.Score != got.Explanation.Score || math.Abs(sum-got.Score) > 1e-9 {
		t.Errorf("score %v, explained %v, contributions sum to %v", got.Score, got.Explanation.Score, sum)
	}
	last := got.Explanation.Contributions[len(got.Explanation.Contributions)-1]
	if len(got.Explanation.Contributions) != 4 || last.Name != "limit" {
		t.Errorf("contributions %+v, want three and the limit", got.Explanation.Contributions)
	}
	if got.AsOf != noon || got.State.Profile.Name != "Jo" || got.State.Windows != nil || len(got.Alerts) != 1 || got.Alerts[0].ID != "a1" {
		t.Errorf("got %+v", got)
	}
	r.refused(404, "nothing is known about customer cus_9", r.request("GET", "/api/v1/customers/cus_9", ""))
}

func TestTouchpointsArePagedWithoutLosingOrRepeatingAny(t *testing.T) {
	past := &shelf{}
	for i := 50; i < 130; i++ {
		past.touchpoints = append(past.touchpoints, touchpoint.Touchpoint{ID: touchpoint.ID(fmt.Sprint("t", i)), OccurredAt: noon - touchpoint.Millis(i)*1000})
	}
	r := newRig(t, func(o *Options) { o.History = past })
	r.remember("cus_1", 50)
	var seen []string
	sources := map[string]int{}
	for before := touchpoint.Millis(0); ; {
		got := get[TouchpointsAnswer](r, 200, fmt.Sprintf("/api/v1/customers/cus_1/touchpoints?limit=20&before=%d", before))
		if len(got.Touchpoints) == 0 {
			break
		}
		for _, tp := range got.Touchpoints {
			seen = append(seen, string(tp.ID))
		}
		sources[got.Source]++
		before = got.Touchpoints[len(got.Touchpoints)-1].OccurredAt
	}
	if len(seen) != 130 || !slices.Contains(seen, "t0") || len(slices.Compact(slices.Sorted(slices.Values(seen)))) != 130 {
		t.Errorf("%d seen: %v", len(seen), seen)
	}
	if sources["live"] != 2 || sources["both"] != 1 || sources["archive"] != 4 {
		t.Errorf("sources %v", sources)
	}
}

func TestAPageDoesNotSplitAMillisecond(t *testing.T) {
	all := []touchpoint.Touchpoint{{ID: "d", OccurredAt: 9}, {ID: "c", OccurredAt: 8}, {ID: "b", OccurredAt: 8}, {ID: "a", OccurredAt: 7}}
	if got := page(all, 2); len(got) != 3 {
		t.Errorf("%d on the page, want both of 8 on it", len(got))
	}
}

func TestWithoutAnArchiveOlderTouchpointsAreExplained(t *testing.T) {
	r := newRig(t, nil)
	r.remember("few", 10)
	r.remember("many", 50)
	if got := get[TouchpointsAnswer](r, 200, "/api/v1/customers/few/touchpoints"); len(got.Touchpoints) != 10 || got.Source != "live" || got.Note != "" {
		t.Errorf("got %+v", got)
	}
	if got := get[TouchpointsAnswer](r, 200, fmt.Sprintf("/api/v1/customers/few/touchpoints?before=%d", noon-60_000)); len(got.Touchpoints) != 0 {
		t.Errorf("got %+v, want the end", got)
	}
	if got := get[TouchpointsAnswer](r, 200, "/api/v1/customers/many/touchpoints?limit=80"); len(got.Touchpoints) != 50 || !strings.Contains(got.Note, "install libchdb") {
		t.Errorf("got %d, note %q", len(got.Touchpoints), got.Note)
	}
	r.refused(503, "install libchdb", r.request("GET", fmt.Sprintf("/api/v1/customers/many/touchpoints?before=%d", noon-60_000), ""))
}

func TestUnhappyIsComputedForNow(t *testing.T) {
	r := newRig(t, nil)
	r.store("sad", -12000)      // one half-life later: 40
	r.store("recovered", -9000) // stored below 50, now 55
	r.store("happy", -100)
	got := get[UnhappyAnswer](r, 200, "/api/v1/unhappy?below=50")
	if len(got.Customers) != 1 || got.Customers[0].Customer != "sad" || got.Customers[0].Score != 40 || got.AsOf != noon {
		t.Errorf("got %+v", got)
	}
	if got := get[UnhappyAnswer](r, 200, "/api/v1/unhappy?below=60"); len(got.Customers) != 2 {
		t.Errorf("got %+v", got)
	}
	r.refused(422, "query.below", r.request("GET", "/api/v1/unhappy?below=90", ""))
}

func TestRiskComesFromTheLivePicture(t *testing.T) {
	r := newRig(t, nil)
	if got := get[RiskAnswer](r, 200, "/api/v1/risk"); got.Customers == nil || len(got.Customers) != 0 {
		t.Errorf("got %+v", got)
	}
	r.board.Publish(hub.News{Part: "p", Risk: []hub.RiskRow{{Customer: "b", Score: 20}, {Customer: "a", Score: 10}}, Progress: &hub.Progress{UpTo: noon}})
	if got := get[RiskAnswer](r, 200, "/api/v1/risk?limit=1"); len(got.Customers) != 1 || got.Customers[0].Customer != "a" || got.UpTo != noon {
		t.Errorf("got %+v", got)
	}
	r.refused(422, "query.limit", r.request("GET", "/api/v1/risk?limit=0", ""))
	r.refused(422, "colour", r.request("GET", "/api/v1/risk?colour=red", ""))
}

func TestAlertsAreNarrowed(t *testing.T) {
	r := newRig(t, nil)
	r.alert("a", "customer", "cus_1", episode.Firing, alert.Critical)
	r.alert("b", "customer", "cus_1", episode.Acknowledged, alert.High)
	r.alert("c", "place", "page:/pay", episode.Resolved, alert.High)
	for query, want := range map[string]string{
		"": "a b c", "?phase=open": "a b", "?phase=firing": "a", "?phase=resolved": "c", "?severity=high": "b c",
		"?subject=cus_1": "a b", "?subject=page%3A%2Fpay": "c", "?phase=open&severity=info": "",
	} {
		var ids []string
		for _, x := range get[AlertsAnswer](r, 200, "/api/v1/alerts"+query).Alerts {
			ids = append(ids, x.ID)
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
	r.refused(422, "query.phase", r.request("GET", "/api/v1/alerts?phase=loud", ""))
}

func TestActionsBecomeEntriesOfTheSubjectsTimeline(t *testing.T) {
	r := newRig(t, nil)
	r.alert("a/1", "customer", "cus_1", episode.Firing, alert.High)
	r.alert("b", "place", "page:/pay", episode.Firing, alert.High)
	var first, again, other ActionAnswer
	decode(r, r.request("POST", "/api/v1/alerts/a%2F1/acknowledge", `{"subject_kind":"customer","subject":"cus_1","by":"kim","note":"calling"}`, "Idempotency-Key", "k1"), 202, &first)
	decode(r, r.request("POST", "/api/v1/alerts/a%2F1/acknowledge", `{"by":"kim"}`, "Idempotency-Key", "k1"), 202, &again)
	decode(r, r.request("POST", "/api/v1/alerts/b/resolve", `{"by":"lee","outcome":"false_alarm"}`), 202, &other)
	if first.Entry == "" || first.Entry != again.Entry || first.Entry == other.Entry {
		t.Errorf("entries %q %q %q", first, again, other)
	}
	e := r.customers.entries[0]
	if e.Kind != timeline.Action || e.Subject != "cus_1" || e.ID != first.Entry || e.At != noon || *e.Action != (timeline.ActionBody{Verb: "acknowledge", Alert: "a/1", By: "kim", Note: "calling"}) {
		t.Errorf("got %+v %+v", e, e.Action)
	}
	if len(r.places.entries) != 1 || r.places.entries[0].Subject != "page:/pay" || r.places.entries[0].Action.Outcome != "false_alarm" {
		t.Errorf("places got %+v", r.places.entries)
	}
}

func TestActionsThatDoNotFitAreRefused(t *testing.T) {
	r := newRig(t, nil)
	r.alert("a", "customer", "cus_1", episode.Firing, alert.High)
	r.alert("over", "customer", "cus_1", episode.Resolved, alert.High)
	post := func(path, body string, header ...string) *httptest.ResponseRecorder {
		return r.request("POST", "/api/v1/alerts/"+path, body, header...)
	}
	r.refused(404, "no alert x", post("x/acknowledge", `{"by":"kim"}`))
	r.refused(409, "ended already: recovered", post("over/resolve", `{"by":"kim"}`))
	r.refused(422, "body.subject", post("a/resolve", `{"by":"kim","subject":"cus_2"}`))
	r.refused(422, "body.subject_kind", post("a/resolve", `{"by":"kim","subject_kind":"place"}`))
	r.refused(422, "body.outcome", post("a/acknowledge", `{"by":"kim","outcome":"handled"}`))
	r.refused(422, "body.outcome", post("a/resolve", `{"by":"kim","outcome":"whatever"}`))
	r.refused(422, "by", post("a/resolve", `{}`))
	r.refused(422, "colour", post("a/resolve", `{"by":"kim","colour":"red"}`))
	r.refused(400, "", post("a/resolve", `{"by":`))
	r.refused(413, "", post("a/resolve", `{"by":"`+strings.Repeat("k", maxBodyBytes)+`"}`))
	r.refused(415, "", post("a/resolve", `by=kim`, "Content-Type", "text/plain"))
	if n := len(r.customers.entries) + len(r.places.entries); n != 0 {
		t.Errorf("%d entries were appended", n)
	}
	r.customers.err = errors.New("broker unreachable")
	rec := post("a/resolve", `{"by":"kim"}`)
	r.refused(503, "broker unreachable", rec)
	if rec.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestAPlaceIsNamedByOneSegment(t *testing.T) {
	r := newRig(t, nil)
	key := "page:/checkout/pay"
	s := place.State{ID: key, Now: noon, Total: 2, Hits: []place.Hit{{Customer: "cus_1", Signal: "rage_click", At: noon}}}
	body, err := s.MarshalMsg([]byte{keyed.StateVersion})
	r.must(err)
	keys := keyed.NewKeys(keyed.PlacePrefix, timeline.Partition(key, partitions))
	r.must(r.redis.HSet(context.Background(), keys.States(key), key, body).Err())
	r.alert("a", "place", key, episode.Firing, alert.High)
	got := get[PlaceAnswer](r, 200, "/api/v1/places/page%3A%2Fcheckout%2Fpay")
	if got.State.ID != key || len(got.State.Hits) != 1 || len(got.Alerts) != 1 {
		t.Errorf("got %+v", got)
	}
	r.refused(404, "no trouble is known", r.request("GET", "/api/v1/places/page%3A%2F", ""))
}

func TestHistoryAnswersOrSaysHowToGetIt(t *testing.T) {
	past := &shelf{}
	r := newRig(t, func(o *Options) { o.History = past })
	if got := get[MinutesAnswer](r, 200, "/api/v1/minutes?channel=chat"); len(got.Minutes) != 1 || past.asked != fmt.Sprint("minutes ", noon-86_400_000, " ", noon, " chat") {
		t.Errorf("got %+v, asked %q", got, past.asked)
	}
	if got := get[ExperienceAnswer](r, 200, "/api/v1/experience?by=channel&hours=2"); got.Rows == nil || past.asked != fmt.Sprint("experience channel ", noon-7_200_000, " ", noon) {
		t.Errorf("got %+v, asked %q", got, past.asked)
	}
	r.refused(422, "from must lie before to", r.request("GET", "/api/v1/minutes?from=5&to=5", ""))
	r.refused(422, "31 days", r.request("GET", "/api/v1/minutes?from=1", ""))
	r.refused(422, "query.by", r.request("GET", "/api/v1/experience?by=mood", ""))
	past.err = errors.New("connection refused")
	r.refused(503, "connection refused", r.request("GET", "/api/v1/minutes", ""))
	past.err = fmt.Errorf("query: %w", context.DeadlineExceeded)
	r.refused(504, "deadline", r.request("GET", "/api/v1/minutes", ""))
	past.err = fmt.Errorf("query: %w", ErrNoHistory)
	r.refused(503, "install libchdb", r.request("GET", "/api/v1/experience", ""))
	none := newRig(t, nil)
	none.refused(503, "install libchdb", none.request("GET", "/api/v1/minutes", ""))
	none.refused(503, "install libchdb", none.request("GET", "/api/v1/experience", ""))
}

func TestWithoutRedisTheAnswerSaysSo(t *testing.T) {
	r := newRig(t, nil)
	r.server.SetError("LOADING Redis is loading the dataset in memory")
	for _, target := range []string{"/customers/x", "/customers/x/touchpoints", "/unhappy", "/places/x"} {
		r.refused(503, "LOADING", r.request("GET", "/api/v1"+target, ""))
	}
}

func TestStatusTellsTheAgeOfThePicture(t *testing.T) {
	r := newRig(t, func(o *Options) {
		o.Checks = []Check{{"redis", func(context.Context) error { return nil }}, {"kafka", func(context.Context) error { return errors.New("no broker answers") }}}
	})
	if got := get[StatusAnswer](r, 200, "/api/v1/status"); got.Age != nil || got.UpTo != 0 {
		t.Errorf("got %+v, want an unknown age", got)
	}
	r.board.Publish(hub.News{Part: "p", Progress: &hub.Progress{UpTo: noon - 700, Sources: []hub.SourceProgress{{Topic: "touchpoints.call", UpTo: noon - 700}}}})
	r.alert("a", "customer", "c", episode.Firing, alert.High)
	got := get[StatusAnswer](r, 200, "/api/v1/status")
	if got.Age == nil || *got.Age != 700 || got.Version != "1.2.3" || got.Ready || got.OpenAlerts != 1 || len(got.Sources) != 1 || got.Checks[1].Reason != "no broker answers" {
		t.Errorf("got %+v", got)
	}
}

func TestReadinessListsWhatIsMissingAndHealthDoesNot(t *testing.T) {
	var kafka error
	r := newRig(t, func(o *Options) {
		o.Checks = []Check{{"kafka", func(context.Context) error { return kafka }}, {"odd", func(context.Context) error { return nil }}}
	})
	for _, path := range []string{"/-/ready", "/readyz"} {
		kafka = errors.New("no broker answers")
		rec := r.request("GET", path, "")
		if rec.Code != 503 || !strings.Contains(rec.Body.String(), `{"name":"kafka","ready":false,"reason":"no broker answers"}`) {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
		kafka = nil
		if rec := r.request("GET", path, ""); rec.Code != 200 || !strings.Contains(rec.Body.String(), `"ready":true`) {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
	}
	r.api.Drain()
	if rec := r.request("GET", "/-/ready", ""); rec.Code != 503 || !strings.Contains(rec.Body.String(), "going away") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	for _, path := range []string{"/-/healthy", "/healthz", "/livez"} {
		if rec := r.request("GET", path, ""); rec.Code != 200 {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
}

func TestACheckThatPanicsIsAReason(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Checks = []Check{{"odd", func(context.Context) error { panic("oops") }}} })
	if rec := r.request("GET", "/-/ready", ""); rec.Code != 503 || !strings.Contains(rec.Body.String(), "oops") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func tokenFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTokensGuardWhatIsNotPublic(t *testing.T) {
	tokens, err := LoadTokens(tokenFile(t, "# support\n0123456789abcdef   # wall board\n\nfedcba9876543210\n"))
	if err != nil {
		t.Fatal(err)
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) })
	r := newRig(t, func(o *Options) { o.Tokens, o.Gatherer, o.Web, o.Live = tokens, prometheus.NewRegistry(), hello, hello })
	for path, open := range map[string]bool{
		"/api/v1/risk": false, "/api/v1/nothing": false, "/metrics": false, "/api/v1/openapi.json": true, "/": true, "/customers/cus_1": true,
		"/-/healthy": true, "/-/ready": true, livePath: true,
	} {
		code := r.request("GET", path, "", "Host", "board.example.com").Code
		if open != (code == 200) || !open && code != 401 {
			t.Errorf("%s without a token: %d", path, code)
		}
		for _, wrong := range []string{"Bearer 0123456789abcdee", "Basic 0123456789abcdef", "Bearer", "Bearer # support"} {
			if code := r.request("GET", path, "", "Authorization", wrong).Code; !open && code != 401 {
				t.Errorf("%s with %q: %d", path, wrong, code)
			}
		}
		if code := r.request("GET", path, "", "Authorization", "Bearer fedcba9876543210").Code; code == 401 {
			t.Errorf("%s with a token: %d", path, code)
		}
	}
	rec := r.request("GET", "/api/v1/risk", "")
	r.refused(401, "Authorization: Bearer", rec)
	if rec.Header().Get("WWW-Authenticate") == "" {
		t.Error("no WWW-Authenticate")
	}
	if n := testutil.ToFloat64(r.api.opt.Metrics.refused.WithLabelValues(refusedToken)); n == 0 {
		t.Error("refusals are not counted")
	}
}

func TestTokenFilesAreStrict(t *testing.T) {
	for content, want := range map[string]string{
		"":                         "holds no token",
		"# only a comment\n":       "holds no token",
		"0123456789abcdef\nshort":  "line 2",
		"0123456789abcdef with it": "no spaces",
	} {
		if _, err := LoadTokens(tokenFile(t, content)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", content, err, want)
		}
	}
	if _, err := LoadTokens(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a missing file was accepted")
	}
	path := tokenFile(t, "0123456789abcdef")
	tokens, err := LoadTokens(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("another-token-of-16"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := tokens.Reload(); err != nil || tokens.Allows("0123456789abcdef") || !tokens.Allows("another-token-of-16") {
		t.Errorf("after a reload: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := tokens.Reload(); err == nil || !tokens.Allows("another-token-of-16") {
		t.Errorf("a failed reload changed the tokens: %v", err)
	}
}

func TestForeignSitesAreKeptOut(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Hosts = []string{"board.lan"} })
	r.alert("a", "customer", "cus_1", episode.Firing, alert.High)
	for host, ok := range map[string]bool{
		"127.0.0.1:8480": true, "localhost:8480": true, "LOCALHOST": true, "[::1]:8480": true, "board.lan:8480": true, "board.localhost": true,
		"evil.example:8480": false, "127.0.0.1.evil.example": false, "10.0.0.7:8480": false, "": false,
	} {
		code := r.request("GET", "/api/v1/risk", "", "Host", host).Code
		if ok != (code == 200) || !ok && code != http.StatusMisdirectedRequest {
			t.Errorf("host %q: %d", host, code)
		}
	}
	cross := r.request("POST", "/api/v1/alerts/a/resolve", `{"by":"evil"}`, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	r.refused(403, "another site", cross)
	if code := r.request("POST", "/api/v1/alerts/a/resolve", `{"by":"kim"}`, "Origin", "http://127.0.0.1:8480", "Sec-Fetch-Site", "same-origin").Code; code != 202 {
		t.Errorf("the board itself got %d", code)
	}
	if len(r.customers.entries) != 1 {
		t.Errorf("%d entries, want the board's one", len(r.customers.entries))
	}
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	r := newRig(t, nil)
	for _, path := range []string{"/api/v1/risk", "/nothing", "/-/healthy"} {
		h := r.request("GET", path, "").Header()
		if h.Get("Content-Security-Policy") == "" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func TestUnknownRoutesAreProblemsAndTheRestIsTheBoards(t *testing.T) {
	web := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("board " + r.URL.Path)) })
	r := newRig(t, func(o *Options) { o.Web = web })
	r.refused(404, "openapi.json", r.request("GET", "/api/v1/nothing", ""))
	r.refused(404, "no DELETE", r.request("DELETE", "/api/v1/risk", ""))
	if rec := r.request("GET", "/customers/cus_1", ""); rec.Body.String() != "board /customers/cus_1" {
		t.Errorf("got %s", rec.Body)
	}
}

func TestAPanicIsAnAnswerAndALogLine(t *testing.T) {
	web := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oops") })
	r := newRig(t, func(o *Options) { o.Web = web })
	r.refused(500, "its log says why", r.request("GET", "/x", ""))
	if !strings.Contains(r.log.String(), "oops") {
		t.Errorf("log: %s", &r.log)
	}
}

func TestTheDescriptionListsEveryRoute(t *testing.T) {
	r := newRig(t, nil)
	doc := get[struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}](r, 200, "/api/v1/openapi.json")
	var routes []string
	for path, methods := range doc.Paths {
		for method := range methods {
			routes = append(routes, strings.ToUpper(method)+" "+strings.TrimPrefix(path, apiPath))
		}
	}
	slices.Sort(routes)
	want := []string{
		"GET /alerts", "GET /customers/{id}", "GET /customers/{id}/touchpoints", "GET /experience", "GET /minutes", "GET /places/{key}", "GET /risk", "GET /status",
		"GET /unhappy", "POST /alerts/{id}/acknowledge", "POST /alerts/{id}/resolve",
	}
	if !slices.Equal(routes, want) || doc.OpenAPI != "3.1.0" {
		t.Errorf("got %s %q", doc.OpenAPI, routes)
	}
}

func TestMetricsAreServedAndBounded(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	r := newRig(t, func(o *Options) { o.Metrics, o.Gatherer = NewMetrics(reg), reg })
	for i := range 5 {
		r.request("GET", fmt.Sprintf("/api/v1/customers/cus_%d", i), "")
		r.request("GET", fmt.Sprintf("/nothing/%d", i), "")
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	body := r.request("GET", "/metrics", "").Body.String()
	if !strings.Contains(body, `touchwatch_http_requests_total{code="404",route="/api/v1/customers/{id}"} 5`) || strings.Contains(body, "cus_1") {
		t.Errorf("got %s", body)
	}
}

func TestTheLiveSocketIsMounted(t *testing.T) {
	h := hub.New(hub.Options{})
	r := newRig(t, func(o *Options) { o.Live = h })
	if rec := r.request("GET", livePath, ""); rec.Code != http.StatusBadRequest {
		t.Errorf("a plain request got %d %s", rec.Code, rec.Body)
	}
	h.Close()
}

func BenchmarkCustomer(b *testing.B) {
	t := &testing.T{}
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer func() { _ = client.Close() }()
	r := &rig{t: t, redis: client, board: hub.New(hub.Options{})}
	r.store("cus_1", -4000, -2000)
	handler := New(Options{Store: &Store{Redis: client, Customers: partitions, Places: partitions}, Board: r.board})
	req := httptest.NewRequest(http.MethodGet, "http://localhost/api/v1/customers/cus_1", nil)
	for b.Loop() {
		handler.ServeHTTP(httptest.NewRecorder(), req)
	}
}
