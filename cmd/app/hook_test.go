package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"touchwatch/dashboards/api"
	"touchwatch/deploy/connect"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/stream"
)

// model is somebody else's: it answers as the test says, when the test says.
type model struct {
	*httptest.Server
	asked chan string // texts, as they come

	mu     sync.Mutex
	answer func(w http.ResponseWriter)
}

func newModel(t *testing.T) *model {
	m := &model{asked: make(chan string, 64)}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Text string `json:"text"`
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Error(err)
		}
		m.asked <- q.Text
		m.mu.Lock()
		answer := m.answer
		m.mu.Unlock()
		answer(w)
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *model) answers(with func(w http.ResponseWriter)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = with
}

// hooked is the program with a model outside.
type hooked struct {
	t       *testing.T
	cfg     Config
	program *App
}

// says sends a message in the chat.
func (h *hooked) says(customer, text string) {
	h.t.Helper()
	client, err := h.cfg.Kafka.Client()
	if err != nil {
		h.t.Fatal(err)
	}
	defer connect.CloseKafka(client)
	body := fmt.Sprintf(`{"id":"m-%s","type":"customer_message","thread":"t-%s","text":%q,"language":"en","occurred_at":%q,"customer":{"id":%q}}`,
		customer, customer, text, time.Now().UTC().Format(time.RFC3339Nano), customer)
	if _, err := stream.Produce(context.Background(), client, simulator.TopicChat, 0, []stream.Record{{Key: []byte(customer), Value: []byte(body)}}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hooked) get(path string) (string, error) {
	res, err := http.Get("http://" + h.program.Addr() + path)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %.200s", path, res.Status, body)
	}
	return string(body), err
}

// score waits until a customer is known and has a score for which ok is true.
func (h *hooked) score(customer, what string, ok func(float64) bool) {
	h.t.Helper()
	eventually(h.t, customer+": "+what, func() error {
		body, err := h.get("/api/v1/customers/" + customer)
		if err != nil {
			return err
		}
		var a api.CustomerAnswer
		if err := json.Unmarshal([]byte(body), &a); err != nil {
			return err
		}
		if !ok(a.Score) {
			return fmt.Errorf("the score is %.1f", a.Score)
		}
		return nil
	})
}

// counts waits until the program has counted that outcome.
func (h *hooked) counts(outcome string) {
	h.t.Helper()
	line := fmt.Sprintf("touchwatch_text_opinions_total{outcome=%q} 1\n", outcome)
	eventually(h.t, "an opinion that is "+outcome, func() error {
		body, err := h.get("/metrics")
		if err == nil && !strings.Contains(body, line) {
			err = fmt.Errorf("/metrics has no %q", line)
		}
		return err
	})
}

func calm(score float64) bool { return score > 95 }

func TestNothingWaitsForAModelOutside(t *testing.T) {
	cfg := embeddedServers(t)
	cfg.ClickHouse = connect.ClickHouse{}
	m := newModel(t)
	cfg.Text.Hooks = []TextHook{{Language: "en", URL: m.URL, Timeout: time.Minute}}
	h := &hooked{t: t, cfg: cfg}
	h.program, _ = play(t, cfg, RoleIngest, RoleCustomers, RoleWeb)
	wait, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if !h.program.WaitPrepared(wait) {
		t.Fatal("topics and settings were not there within a minute")
	}

	release := make(chan struct{})
	m.answers(func(w http.ResponseWriter) {
		<-release
		_, _ = io.WriteString(w, `{"displeasure":0.95,"confidence":0.9}`)
	})
	const text = "well, that went just as one knows it from you"
	h.says("cus_slow", text)
	if got := <-m.asked; got != text {
		t.Fatalf("the model was asked about %q", got)
	}
	h.score("cus_slow", "the rules' verdict counts while the model thinks", calm)
	close(release)
	h.score("cus_slow", "the model's verdict counts when it comes", func(score float64) bool { return score < 80 })
	h.counts("written")
	eventually(t, "the customer's page shows the model's verdict", func() error {
		body, err := h.get("/api/v1/customers/cus_slow/touchpoints")
		if err == nil && !strings.Contains(body, `"displeasure":0.95`) {
			err = fmt.Errorf("the touchpoints are %s", body)
		}
		return err
	})

	m.answers(func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"displeasure":7}`) })
	h.says("cus_wrong", text)
	<-m.asked
	h.counts("failed")
	h.score("cus_wrong", "the rules' verdict stands when the answer makes no sense", calm)

	m.Close()
	h.says("cus_gone", text)
	h.score("cus_gone", "the rules' verdict stands when nobody is there", calm)
}
