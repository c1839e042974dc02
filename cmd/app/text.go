package app

import (
	"fmt"
	"net/url"
	"os"
	"time"

	"touchwatch/dashboards/api"
	"touchwatch/processors/signal/text"
	"touchwatch/processors/signal/text/linear"
	"touchwatch/processors/signal/text/opinion"
)

// Text says how ingest judges what customers write. The verdict is recorded with the touchpoint, so a change here holds for
// what comes in afterwards.
type Text struct {
	// Lexicons are files of words that add to the shipped ones and overrule them; of several the later ones win.
	Lexicons []string `yaml:"lexicons"`
	// Model is a file made by 'touchwatch text train'; it judges together with the rules. Empty: the rules alone.
	Model string `yaml:"model"`
	// Hooks are models outside that are asked beside, by language.
	Hooks []TextHook `yaml:"hooks"`
}

// TextHook is an HTTP endpoint that judges texts. Texts leave the company's machines when it is somebody else's.
type TextHook struct {
	// Language is ISO 639-1; empty: texts of every language that has no hook of its own.
	Language string `yaml:"language"`
	// URL is where each text is sent, http or https.
	URL string `yaml:"url"`
	// Timeout is how long an answer may take, 10ms to 1m; 0 means 2s. Nothing waits for it.
	Timeout time.Duration `yaml:"timeout"`
}

// hookTimeout is used when none is set.
const hookTimeout = 2 * time.Second

// validate returns all problems of the hooks.
func (t *Text) validate() []error {
	var problems []error
	seen := map[string]bool{}
	for i, h := range t.Hooks {
		key := fmt.Sprintf("text.hooks[%d]", i)
		if u, err := url.Parse(h.URL); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			problems = append(problems, fmt.Errorf("%s.url: want an address such as http://127.0.0.1:9000/judge, got %q", key, h.URL))
		}
		if len(h.Language) != 0 && len(h.Language) != 2 {
			problems = append(problems, fmt.Errorf("%s.language: want two letters such as de, or nothing for all others, got %q", key, h.Language))
		}
		if seen[h.Language] {
			problems = append(problems, fmt.Errorf("%s.language: %q has a hook already", key, h.Language))
		}
		seen[h.Language] = true
		if h.Timeout != 0 && (h.Timeout < 10*time.Millisecond || h.Timeout > time.Minute) {
			problems = append(problems, fmt.Errorf("%s.timeout: want 10ms to 1m, got %s", key, h.Timeout))
		}
	}
	return problems
}

// opinions builds the desk that asks the hooks, nil when there are none.
func (a *App) opinions() *opinion.Desk {
	if len(a.cfg.Text.Hooks) == 0 {
		return nil
	}
	o := opinion.Options{
		Log:    &api.KafkaTimeline{Client: a.kafka, Topic: TopicTimeline, Partitions: a.cfg.Topics.TimelinePartitions},
		Logger: a.log, Metrics: opinion.NewMetrics(a.reg),
	}
	for _, h := range a.cfg.Text.Hooks {
		timeout := h.Timeout
		if timeout == 0 {
			timeout = hookTimeout
		}
		o.Hooks = append(o.Hooks, opinion.Hook{Language: h.Language, URL: h.URL, Timeout: timeout})
	}
	return opinion.New(o)
}

// Engine reads the files and builds the engine.
func (t *Text) Engine() (*text.Engine, error) {
	all := text.Lexicons()
	for i, path := range t.Lexicons {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("text.lexicons[%d]: %w", i, err)
		}
		lex, err := text.ParseLexicon(path, b)
		if err != nil {
			return nil, fmt.Errorf("text.lexicons[%d]: %w", i, err)
		}
		all = append(all, lex)
	}
	engine, err := text.New(all...)
	if err != nil {
		return nil, fmt.Errorf("text.lexicons: %w", err)
	}
	if t.Model == "" {
		return engine, nil
	}
	b, err := os.ReadFile(t.Model)
	if err != nil {
		return nil, fmt.Errorf("text.model: %w", err)
	}
	m, err := linear.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("text.model: %s: %w", t.Model, err)
	}
	return engine.With(m), nil
}
