package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"touchwatch/cmd/app"
	"touchwatch/processors/signal/settings"
	"touchwatch/processors/signal/text"
	"touchwatch/processors/signal/text/eval"
)

// maxLine bounds one line of input.
const maxLine = 1 << 20

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
		Long:    "Judge each line of standard input: a text, or a language (ISO 639-1), a tab and a text. Writes one JSON object a line, in the same order.",
		Example: `  printf 'en\tstill waiting for my refund\n' | touchwatch text score`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			engine, err := words.Engine()
			if err != nil {
				return err
			}
			return scoreTexts(engine, cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	judgeFlags(cmd, &words)
	return cmd
}

func scoreTexts(engine *text.Engine, in io.Reader, out io.Writer) error {
	lines := lineScanner(in)
	buffered := bufio.NewWriter(out)
	encode := json.NewEncoder(buffered)
	encode.SetEscapeHTML(false)
	for lines.Scan() {
		language, body := "", lines.Text()
		if first, rest, ok := strings.Cut(body, "\t"); ok && len(first) <= 3 {
			language, body = first, rest
		}
		mood, spoken := engine.Judge(body, language)
		err := encode.Encode(judged{
			Displeasure: mood.Displeasure, Problem: mood.Problem, Confidence: mood.Confidence, Language: spoken,
			Intents: append([]string{}, mood.Intents...), Words: append([]string{}, mood.Words...),
			Matches: append([]text.Match{}, engine.Matches(body, spoken)...),
		})
		if err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	return buffered.Flush()
}

func lineScanner(in io.Reader) *bufio.Scanner {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	return lines
}

func textEvalCommand() *cobra.Command {
	var threshold float64
	var misses int
	var words app.Text
	cmd := &cobra.Command{
		Use: "eval FILE.tsv", Short: "Measure the judgement on labelled texts: label, tab, language, tab, text", Args: cobra.ExactArgs(1),
		Long: `Measure the judgement on labelled texts, one a line: label, tab, language (or empty), tab, text. The label 'negative' is what is
looked for, every other label is the rest. Prints precision, recall, F1 and AUC in all and per language, and the worst misses.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			engine, err := words.Engine()
			if err != nil {
				return err
			}
			set, err := readLabelled(args[0])
			if err != nil {
				return err
			}
			judge(engine, set)
			return printFigures(cmd.OutOrStdout(), set, threshold, misses)
		},
	}
	judgeFlags(cmd, &words)
	cmd.Flags().Float64Var(&threshold, "threshold", settings.Default().NegativeText.Threshold, "displeasure from which a text counts as negative, −1 to 1")
	cmd.Flags().IntVar(&misses, "misses", 10, "how many of the worst misses to print")
	return cmd
}

// readLabelled reads labelled texts.
func readLabelled(path string) ([]eval.Scored, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := lineScanner(file)
	var set []eval.Scored
	for n := 1; lines.Scan(); n++ {
		parts := strings.SplitN(lines.Text(), "\t", 3)
		if len(parts) != 3 || parts[0] == "" {
			return nil, fmt.Errorf("%s line %d: want label, tab, language, tab, text; got %.60q", path, n, lines.Text())
		}
		set = append(set, eval.Scored{Label: parts[0], Language: parts[1], Text: parts[2]})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return set, nil
}

// judge gives each text its score.
func judge(engine *text.Engine, set []eval.Scored) {
	for i := range set {
		mood, _ := engine.Judge(set[i].Text, set[i].Language)
		set[i].Score = float64(mood.Displeasure)
	}
}

func printFigures(out io.Writer, set []eval.Scored, threshold float64, misses int) error {
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	printf(table, "language\ttexts\tnegative\tflagged\tprecision\trecall\tF1\tAUC\t\n")
	row := func(name string, part []eval.Scored) {
		f := eval.Measure(part, threshold)
		printf(table, "%s\t%d\t%d\t%d\t%.3f\t%.3f\t%.3f\t%.3f\t\n", name, f.Texts, f.Negatives, f.Flagged, f.Precision, f.Recall, f.F1, f.AUC)
	}
	byLanguage := map[string][]eval.Scored{}
	var languages []string
	for _, s := range set {
		if byLanguage[s.Language] == nil {
			languages = append(languages, s.Language)
		}
		byLanguage[s.Language] = append(byLanguage[s.Language], s)
	}
	slices.Sort(languages)
	for _, language := range languages {
		row(language, byLanguage[language])
	}
	row("all", set)
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	for _, m := range eval.Worst(set, threshold, misses) {
		printf(out, "%s judged %+.2f: %s\n", m.Label, m.Score, m.Text)
	}
	return nil
}
