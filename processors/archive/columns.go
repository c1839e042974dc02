package archive

import (
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"touchwatch/ingest/touchpoint"
)

// column is one column of a table: its name, and how its values come out of the rows R.
type column[R any] struct {
	name   string
	values func(rows []R) any
}

// col makes a column from what one row has.
func col[R, V any](name string, of func(*R) V) column[R] {
	return column[R]{name, func(rows []R) any {
		values := make([]V, len(rows))
		for i := range rows {
			values[i] = of(&rows[i])
		}
		return values
	}}
}

// statement is the INSERT for these columns.
func statement[R any](table string, columns []column[R]) string {
	s := "INSERT INTO " + table + " ("
	for i, c := range columns {
		if i > 0 {
			s += ", "
		}
		s += c.name
	}
	return s + ")"
}

// fill puts the rows into a batch.
func fill[R any](batch driver.Batch, columns []column[R], rows []R) error {
	for i, c := range columns {
		if err := batch.Column(i).Append(c.values(rows)); err != nil {
			return err
		}
	}
	return nil
}

// moment is a time as ClickHouse takes it; what is unknown is 1970.
func moment(m touchpoint.Millis) time.Time { return time.UnixMilli(int64(m)).UTC() }

// texts converts a list of named strings.
func texts[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}
