package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"touchwatch/cmd/app"
	"touchwatch/processors/signal/settings"
	"touchwatch/processors/signal/text/eval"
	"touchwatch/processors/signal/text/train"
)

func textTrainCommand() *cobra.Command {
	var out string
	var words app.Text
	cmd := &cobra.Command{
		Use: "train FILE.tsv", Short: "Train a model on labelled texts of your own, and compare it with the rules", Args: takes("FILE.tsv"),
		Long: fmt.Sprintf(`Train a model on labelled texts of your own, one a line: label, tab, language (or empty), tab, text. The label 'negative' is what is
looked for, every other label is the rest. Prints how the model does on texts that it had not seen (five-fold cross-validation)
beside the rules, and warns when it is not better. At least %d different texts are needed, %d of each kind.`, train.MinLabels, train.MinOfAKind),
		Example: "  touchwatch text train labelled.tsv -o model.bin\n  touchwatch text eval other.tsv --model model.bin",
		RunE: func(cmd *cobra.Command, args []string) error {
			return trainModel(cmd.OutOrStdout(), cmd.ErrOrStderr(), args[0], out, &words)
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "file to write the model to (needed)")
	cmd.Flags().StringSliceVar(&words.Lexicons, "lexicon", nil, "files of words that add to the shipped ones and overrule them")
	if err := cmd.MarkFlagRequired("output"); err != nil {
		panic(err) // the flag is defined above
	}
	return cmd
}

func trainModel(out, warnings io.Writer, path, to string, words *app.Text) error {
	engine, err := engineOf(words)
	if err != nil {
		return err
	}
	set, err := readLabelled(path, warnings)
	if err != nil {
		return err
	}
	m, report, err := train.Train(engine, set, settings.Default().NegativeText.Threshold)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	b, err := m.Bytes()
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, b, 0o644); err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	printf(table, "judge\ttexts\tnegative\tflagged\tprecision\trecall\tF1\tAUC\t\n")
	for _, row := range []struct {
		name string
		f    eval.Figures
	}{{"rules", report.Rules}, {"model", report.Model}} {
		printf(table, "%s\t%d\t%d\t%d\t%.3f\t%.3f\t%.3f\t%.3f\t\n", row.name, row.f.Texts, row.f.Negatives, row.f.Flagged, row.f.Precision, row.f.Recall, row.f.F1, row.f.AUC)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	printf(out, "The model judges %s; %s written, %d KiB.\n", languageNames(report.Languages), to, len(b)>>10)
	if report.Dropped > 0 {
		printf(warnings, "warning: %d texts are labelled in two ways and were left out\n", report.Dropped)
	}
	if !report.Better() {
		printf(warnings, "warning: on texts it had not seen the model is not better than the rules; stay with the rules, or label more\n")
	}
	return nil
}

// languageNames lists languages; the empty one stands for texts whose language could not be told.
func languageNames(languages []string) string {
	names := make([]string, len(languages))
	for i, l := range languages {
		if names[i] = l; l == "" {
			names[i] = "texts of unknown language"
		}
	}
	return strings.Join(names, ", ")
}
