package app

import (
	"fmt"
	"os"

	"touchwatch/processors/signal/text"
	"touchwatch/processors/signal/text/linear"
)

// Text says how ingest judges what customers write. The verdict is recorded with the touchpoint, so a change here holds for
// what comes in afterwards.
type Text struct {
	// Lexicons are files of words that add to the shipped ones and overrule them; of several the later ones win.
	Lexicons []string `yaml:"lexicons"`
	// Model is a file made by 'touchwatch text train'; it judges together with the rules. Empty: the rules alone.
	Model string `yaml:"model"`
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
