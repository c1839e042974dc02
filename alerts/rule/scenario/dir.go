package scenario

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// maxScenarioBytes bounds one file: it is written by hand.
const maxScenarioBytes = 1 << 20

// RunAll plays every file of dir that ends in .txt, in the order of their names, each in a new world. prefix is put before the
// names in failures. It returns an error when dir cannot be read or holds no scenario.
func RunAll(dir fs.FS, prefix string, world func() World) ([]Result, error) {
	var results []Result
	err := fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".txt") {
			return err
		}
		content, err := fs.ReadFile(dir, name)
		if err != nil {
			return fmt.Errorf("read scenario: %w", err)
		}
		if len(content) > maxScenarioBytes {
			return fmt.Errorf("scenario %s has %d bytes, more than the %d that are allowed", name, len(content), maxScenarioBytes)
		}
		results = append(results, Run(path.Join(prefix, name), content, world()))
		return nil
	})
	if err == nil && len(results) == 0 {
		err = fmt.Errorf("no scenario in %s: files end in .txt", prefix)
	}
	return results, err
}
