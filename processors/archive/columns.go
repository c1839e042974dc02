package archive

import (
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"touchwatch/ingest/touchpoint"
)

// fillChunk is how many rows of a column are taken out at once: values that fit into the processor's cache, in memory that is used again.
const fillChunk = 2048

// column is one column of a table: its name, and how its values come out of the rows R, a part of them at a time.
type column[R any] struct {
	name   string
	values func(rows []R, put func(values any) error) error
}

// col makes a column from what one row has.
func col[R, V any](name string, of func(*R) V) column[R] {
	return column[R]{name, func(rows []R, put func(any) error) error {
		values := make([]V, min(len(rows), fillChunk))
		for part := range slices.Chunk(rows, fillChunk) {
			for i := range part {
				values[i] = of(&part[i])
			}
			if err := put(values[:len(part)]); err != nil {
				return err
			}
		}
		return nil
	}}
}

// few makes a column of words that are few in a batch, whose type in the table is LowCardinality. The client looks each of them up as a value of any
// type: a word that comes again is not made into one again.
func few[R any](name string, of func(*R) string) column[R] {
	return column[R]{name, func(rows []R, put func(any) error) error {
		known := map[string]any{}
		boxed := col(name, func(r *R) any {
			word := of(r)
			v, ok := known[word]
			if !ok {
				v = word
				known[word] = v
			}
			return v
		})
		return boxed.values(rows, put)
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
		if err := c.values(rows, batch.Column(i).Append); err != nil {
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
