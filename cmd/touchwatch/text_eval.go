package main

import (
	"fmt"
	"io"
	"maps"
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

func textEvalCommand() *cobra.Command {
	var threshold float64
	var misses int
	var words app.Text
	cmd := &cobra.Command{
		Use: "eval FILE.tsv", Short: "Measure the judgement on labelled texts: label, tab, language, tab, text", Args: cobra.ExactArgs(1),
		Long: `Measure the judgement on labelled texts, one a line: label, tab, language (or empty), tab, text. The label 'negative' is what is
looked for, every other label is the rest. Prints precision, recall, F1 and AUC in all and per language, the share of texts
flagged, and the worst misses. Where the label 'problem' occurs, precision, recall and F1 of the problem signal stand beside.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !(threshold >= -1 && threshold <= 1) {
				return fmt.Errorf("--threshold: want a displeasure from -1 to 1, got %g", threshold)
			}
			if misses < 0 {
				return fmt.Errorf("--misses: want a number from 0 on, got %d", misses)
			}
			engine, err := engineOf(&words)
			if err != nil {
				return err
			}
			set, err := readLabelled(args[0], cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			judge(engine, set)
			tellLabels(cmd.ErrOrStderr(), set)
			return printFigures(cmd.OutOrStdout(), set, threshold, misses)
		},
	}
	judgeFlags(cmd, &words)
	cmd.Flags().Float64Var(&threshold, "threshold", settings.Default().NegativeText.Threshold, "displeasure from which a text counts as negative, -1 to 1")
	cmd.Flags().IntVar(&misses, "misses", 10, "how many of the worst misses to print")
	return cmd
}

// readLabelled reads labelled texts. Labels are taken in small letters.
func readLabelled(path string, warnings io.Writer) ([]eval.Scored, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var set []eval.Scored
	err = eachLine(file, path, warnings, func(n int, line string) error {
		parts := strings.SplitN(line, "\t", 3)
		if len(parts) != 3 || strings.TrimSpace(parts[0]) == "" {
			return fmt.Errorf("%s line %d: want label, tab, language, tab, text; got %.60q", path, n, line)
		}
		set = append(set, eval.Scored{Label: strings.ToLower(strings.TrimSpace(parts[0])), Language: parts[1], Text: parts[2]})
		return nil
	})
	if err == nil && len(set) == 0 {
		err = fmt.Errorf("%s is empty: want lines of label, tab, language, tab, text", path)
	}
	return set, err
}

// judge gives each text its scores.
func judge(engine *text.Engine, set []eval.Scored) {
	for i := range set {
		mood, _ := engine.Read(set[i].Text, set[i].Language)
		set[i].Score, set[i].Problem = float64(mood.Displeasure), float64(mood.Problem)
	}
}

// tellLabels says which labels were read, and warns when the one that is looked for is missing.
func tellLabels(out io.Writer, set []eval.Scored) {
	counts := map[string]int{}
	for i := range set {
		counts[set[i].Label]++
	}
	var named []string
	for _, label := range slices.Sorted(maps.Keys(counts)) {
		named = append(named, fmt.Sprintf("%s %d", label, counts[label]))
	}
	printf(out, "labels: %s\n", strings.Join(named, ", "))
	if counts[eval.Negative] == 0 {
		printf(out, "warning: no text is labelled %q: precision, recall, F1 and AUC are undefined\n", eval.Negative)
	}
}

func printFigures(out io.Writer, set []eval.Scored, threshold float64, misses int) error {
	problems := slices.ContainsFunc(set, func(s eval.Scored) bool { return s.Label == eval.Problem })
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	printf(table, "language\ttexts\tnegative\tflagged\tprecision\trecall\tF1\tAUC\tflagged %%\t")
	if problems {
		printf(table, "problems\ttold\tprecision\trecall\tF1\t")
	}
	printf(table, "\n")
	row := func(name string, part []eval.Scored) {
		f := eval.Measure(part, threshold)
		printf(table, "%s\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%.1f\t", name, f.Texts, f.Negatives, f.Flagged,
			figure(f.Precision, f.Negatives > 0 && f.Flagged > 0), figure(f.Recall, f.Negatives > 0), figure(f.F1, f.Negatives > 0),
			figure(f.AUC, f.Negatives > 0 && f.Negatives < f.Texts), 100*float64(f.Flagged)/float64(f.Texts))
		if problems {
			p := eval.MeasureProblem(part, settings.Default().ProblemReport.Threshold)
			printf(table, "%d\t%d\t%s\t%s\t%s\t", p.Negatives, p.Flagged,
				figure(p.Precision, p.Negatives > 0 && p.Flagged > 0), figure(p.Recall, p.Negatives > 0), figure(p.F1, p.Negatives > 0))
		}
		printf(table, "\n")
	}
	byLanguage := map[string][]eval.Scored{}
	for _, s := range set {
		byLanguage[s.Language] = append(byLanguage[s.Language], s)
	}
	for _, language := range slices.Sorted(maps.Keys(byLanguage)) {
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

// figure prints a share, and a dash for one that nothing defines.
func figure(v float64, defined bool) string {
	if !defined {
		return "–"
	}
	return fmt.Sprintf("%.3f", v)
}
