package opinion

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// notes is a log that hands every entry to the test.
type notes struct {
	entries chan timeline.Entry
	err     error
}

func (n *notes) Append(_ context.Context, e timeline.Entry) error {
	if n.err == nil {
		n.entries <- e
	}
	return n.err
}

func message(id, language, text string) touchpoint.Touchpoint {
	return touchpoint.Touchpoint{
		ID: touchpoint.ID(id), Customer: "c1", Channel: touchpoint.Chat, Kind: touchpoint.ChatCustomerMessage, Text: text, Language: language, ReceivedAt: 1000,
		Mood: &touchpoint.Mood{Displeasure: 0.1, Confidence: 0.4, Intents: []string{"urgent"}},
	}
}

// open starts a desk that asks handler about German texts.
func open(t *testing.T, n *notes, handler http.HandlerFunc) (*Desk, *Metrics) {
	t.Helper()
	server := httptest.NewServer(handler)
	m := NewMetrics(nil)
	d := New(Options{
		Hooks: []Hook{{Language: "de", URL: server.URL, Timeout: 5 * time.Second}}, Log: n, Client: server.Client(), Metrics: m,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: func() time.Time { return time.UnixMilli(5000) },
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); d.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended; server.Close() })
	return d, m
}

func TestAnAnswerThatDiffersBecomesAnEntry(t *testing.T) {
	n := &notes{entries: make(chan timeline.Entry, 8)}
	d, _ := open(t, n, func(w http.ResponseWriter, r *http.Request) {
		var q question
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || q.Text != "na toll" || q.Language != "de" || *q.Rules.Displeasure != 0.1 {
			t.Errorf("asked %+v %v", q, err)
		}
		io.WriteString(w, `{"displeasure": 0.9, "confidence": 0.8, "label": "sarcasm"}`)
	})
	agent := message("x", "de", "na toll")
	agent.Kind = touchpoint.ChatAgentMessage
	d.Offer([]touchpoint.Touchpoint{agent, message("y", "en", "oh great"), message("a", "de", "na toll")})
	e := <-n.entries
	if e.Kind != timeline.Opinion || e.Subject != "c1" || e.ID != "opinion/a" || e.At != 5000 || e.Source.Topic != "" || e.Origin == nil {
		t.Errorf("%+v", e)
	}
	if m := e.Touchpoint.Mood; m.Displeasure != 0.9 || m.Confidence != 0.8 || len(m.Intents) != 1 {
		t.Errorf("%+v", m)
	}
}

func TestAnswersThatCannotBeUsedLeaveTheRulesVerdict(t *testing.T) {
	rules := message("a", "de", "x").Mood
	for _, c := range []struct{ answer, want string }{
		{`{"displeasure": 2}`, "want displeasure from -1 to 1, got 2"},
		{`{"problem": -0.5}`, "want problem from 0 to 1"},
		{`{"confidence": 1}`, "want displeasure or problem"},
		{`[]`, "read an opinion"},
		{`{"displeasure": "high"}`, "read an opinion"},
		{strings.Repeat(" ", maxAnswer+1), "longer than"},
	} {
		if _, err := parse([]byte(c.answer), rules); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40s: %v, want …%s…", c.answer, err, c.want)
		}
	}
	if m, err := parse([]byte(`{"problem": 0.7}`), rules); err != nil || m.Displeasure != 0.1 || m.Problem != 0.7 {
		t.Errorf("%+v %v", m, err)
	}
}

func TestAnEndpointThatFailsIsLeftAlone(t *testing.T) {
	var asked atomic.Int32
	n := &notes{entries: make(chan timeline.Entry, 8)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	now := time.UnixMilli(1_000_000)
	m := NewMetrics(nil)
	d := New(Options{
		Hooks: []Hook{{URL: server.URL, Timeout: 5 * time.Second}}, Log: n, Metrics: m, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Now: func() time.Time { return now },
	})
	defer d.opt.Client.CloseIdleConnections()
	tp := message("a", "fr", "nul")
	for range 20 {
		d.handle(t.Context(), d.endpoint("fr"), &tp)
	}
	if asked.Load() != giveUp {
		t.Errorf("asked %d times, want %d", asked.Load(), giveUp)
	}
	now = now.Add(leaveAlone)
	d.handle(t.Context(), d.endpoint("fr"), &tp)
	if asked.Load() != giveUp+1 {
		t.Errorf("asked %d times after the pause", asked.Load())
	}
	if f, s := testutil.ToFloat64(m.texts.WithLabelValues(failed)), testutil.ToFloat64(m.texts.WithLabelValues(skipped)); f != giveUp+1 || s != 15 {
		t.Errorf("%v failed, %v skipped", f, s)
	}
}

func TestOfferNeverBlocks(t *testing.T) {
	d := New(Options{Hooks: []Hook{{URL: "http://127.0.0.1:1", Timeout: time.Second}}, Metrics: NewMetrics(nil)}) // nobody serves the queue
	d.Offer(make([]touchpoint.Touchpoint, 3))
	all := make([]touchpoint.Touchpoint, queueLength+7)
	for i := range all {
		all[i] = message("a", "de", "text")
	}
	d.Offer(all)
	if got := testutil.ToFloat64(d.opt.Metrics.texts.WithLabelValues(dropped)); got != 7 {
		t.Errorf("%v dropped, want 7", got)
	}
}

func TestALateAnswerIsNone(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	tp := message("a", "de", "text")
	e := &endpoint{Hook: Hook{URL: server.URL, Timeout: time.Millisecond}}
	if _, err := e.ask(t.Context(), server.Client(), &tp); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"displeasure": 0.5, "problem": 1}`)
	f.Fuzz(func(t *testing.T, answer string) {
		m, err := parse([]byte(answer), &touchpoint.Mood{})
		if err == nil && !(m.Displeasure >= -1 && m.Displeasure <= 1 && m.Problem >= 0 && m.Problem <= 1 && m.Confidence >= 0 && m.Confidence <= 1) {
			t.Fatalf("%q: %+v", answer, m)
		}
	})
}
