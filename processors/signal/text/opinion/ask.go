package opinion

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"touchwatch/ingest/touchpoint"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 16 << 10

// question is the body of a request.
type question struct {
	ID       touchpoint.ID      `json:"id"`
	Language string             `json:"language"` // ISO 639-1, "" when it could not be told
	Channel  touchpoint.Channel `json:"channel"`
	Text     string             `json:"text"`
	Rules    verdict            `json:"rules"` // what the rules say
}

// verdict is the body of an answer. What it leaves out stays as the rules say.
type verdict struct {
	Displeasure *float32 `json:"displeasure"` // −1 … 1
	Problem     *float32 `json:"problem"`     // 0 … 1
	Confidence  *float32 `json:"confidence"`  // 0 … 1
}

// ask posts one text and returns the mood that its answer makes of the rules'.
func (e *endpoint) ask(ctx context.Context, client *http.Client, t *touchpoint.Touchpoint) (touchpoint.Mood, error) {
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	body, err := json.Marshal(question{
		ID: t.ID, Language: t.Language, Channel: t.Channel, Text: t.Text,
		Rules: verdict{&t.Mood.Displeasure, &t.Mood.Problem, &t.Mood.Confidence},
	})
	if err != nil {
		return touchpoint.Mood{}, fmt.Errorf("ask for an opinion: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(body))
	if err != nil {
		return touchpoint.Mood{}, fmt.Errorf("ask for an opinion: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return touchpoint.Mood{}, fmt.Errorf("ask for an opinion: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return touchpoint.Mood{}, fmt.Errorf("read an opinion: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return touchpoint.Mood{}, fmt.Errorf("ask for an opinion: the answer is %s", response.Status)
	}
	return parse(answer, t.Mood)
}

// parse reads an answer over the rules' mood.
func parse(answer []byte, rules *touchpoint.Mood) (touchpoint.Mood, error) {
	mood := touchpoint.Mood{Displeasure: rules.Displeasure, Problem: rules.Problem, Confidence: rules.Confidence, Intents: rules.Intents, Words: rules.Words}
	if len(answer) > maxAnswer {
		return mood, fmt.Errorf("read an opinion: the answer is longer than %d bytes", maxAnswer)
	}
	var v verdict
	if err := json.Unmarshal(answer, &v); err != nil {
		return mood, fmt.Errorf("read an opinion: %w", err)
	}
	for _, f := range []struct {
		name     string
		from, to *float32
		lowest   float32
	}{{"displeasure", v.Displeasure, &mood.Displeasure, -1}, {"problem", v.Problem, &mood.Problem, 0}, {"confidence", v.Confidence, &mood.Confidence, 0}} {
		if f.from == nil {
			continue
		}
		if !(*f.from >= f.lowest && *f.from <= 1) {
			return mood, fmt.Errorf("read an opinion: want %s from %g to 1, got %g", f.name, f.lowest, *f.from)
		}
		*f.to = *f.from
	}
	if v.Displeasure == nil && v.Problem == nil {
		return mood, fmt.Errorf("read an opinion: want displeasure or problem, got %.80s", answer)
	}
	return mood, nil
}
