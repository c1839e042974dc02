package archive

import (
	"io/fs"
	"strconv"
	"strings"
)

// Tables returns the names of the archive's tables and the number of the newest migration that this program knows.
func Tables() (names []string, newest int64) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern above is malformed
	}
	for _, path := range files {
		digits, _, _ := strings.Cut(strings.TrimPrefix(path, "migrations/"), "_")
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
			newest = max(newest, n)
		}
	}
	return []string{"touchpoints", "signals", "alerts", "customers", "touchpoint_minutes"}, newest
}
