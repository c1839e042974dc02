package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"touchwatch/cmd/app"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal/text"
)

func textCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "text", Short: "Judge texts as ingest does, and measure the judgement on labelled ones"}
	cmd.AddCommand(textScoreCommand(), textEvalCommand(), textTrainCommand())
	return cmd
}

// judged is one line of `touchwatch text score`.
type judged struct {
	Displeasure float32  `json:"displeasure"` // −1 delighted … 1 furious
	Problem     float32  `json:"problem"`     // 0 … 1
	Confidence  float32  `json:"confidence"`  // 0 … 1
	Language    string   `json:"language"`    // ISO 639-1, "" when it could not be told
	Intents     []string `json:"intents"`
	Words       []string `json:"words"` // that decided, most important first
	// Matches are the same words, each with its share.
	Matches []text.Match `json:"matches"`
	// Readings are what each language reads in a text whose language cannot be told; the strongest is the judgement.
	Readings []touchpoint.Reading `json:"readings,omitempty"`
}

// judgeFlags are the flags that say what judges.
func judgeFlags(cmd *cobra.Command, words *app.Text) {
	cmd.Flags().StringVar(&words.Model, "model", "", "model made by 'touchwatch text train', used together with the rules")
	cmd.Flags().StringSliceVar(&words.Lexicons, "lexicon", nil, "files of words that add to the shipped ones and overrule them")
}

func textScoreCommand() *cobra.Command {
	var words app.Text
	cmd := &cobra.Command{
		Use: "score", Short: "Judge each line of standard input, and write one JSON object a line", Args: cobra.NoArgs,
		Long:    "Judge each line of standard input: a text, or a language (ISO 639-1 in small letters, de or de-AT), a tab and a text.\nWrites one JSON object a line, in the same order. A line over 1 MiB is judged by its beginning.",
		Example: `  printf 'en\tstill waiting for my refund\n' | touchwatch text score`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			engine, err := engineOf(&words)
			if err != nil {
				return err
			}
			return scoreTexts(engine, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	judgeFlags(cmd, &words)
	return cmd
}

func scoreTexts(engine *text.Engine, in io.Reader, out, warnings io.Writer) (err error) {
	buffered := bufio.NewWriter(out)
	defer func() { // what was judged is told, whatever comes after
		if flushed := buffered.Flush(); err == nil && flushed != nil {
			err = fmt.Errorf("write: %w", flushed)
		}
	}()
	encode := json.NewEncoder(buffered)
	encode.SetEscapeHTML(false)
	return eachLine(in, "standard input", warnings, func(_ int, line string) error {
		language, body := "", line
		if first, rest, ok := strings.Cut(line, "\t"); ok && isLanguageTag(first) {
			language, body = first, rest
		}
		mood, spoken := engine.Read(body, language)
		err := encode.Encode(judged{
			Displeasure: mood.Displeasure, Problem: mood.Problem, Confidence: mood.Confidence, Language: spoken,
			Intents: append([]string{}, mood.Intents...), Words: append([]string{}, mood.Words...),
			Matches:  append([]text.Match{}, engine.Matches(body, spoken)...),
			Readings: mood.Readings,
		})
		if err != nil {
			return fmt.Errorf("write: %w", err)
		}
		return nil
	})
}

// engineOf builds the engine that the flags ask for. What is wrong with a file of --lexicon is told by the file's own name.
func engineOf(words *app.Text) (*text.Engine, error) {
	for _, path := range words.Lexicons {
		file, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("--lexicon: %w", err)
		}
		if _, err := text.ParseLexicon(path, file); err != nil {
			return nil, fmt.Errorf("--lexicon: %w", err)
		}
	}
	return words.Engine()
}
