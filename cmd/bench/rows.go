package bench

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// rowSample is columns of rows that the program has stored, to insert again without making them.
type rowSample struct {
	names  []string
	values []reflect.Value // a slice per column, all of one length
	n      int
	serial int64 // of ids, which are made anew so that no row replaces another
}

// rowTable is where rows go again; sampledRows is how many are read.
const (
	rowTable    = "bench_touchpoints"
	sampledRows = 20_000
)

// sampleRows reads stored touchpoints and creates an empty table like theirs.
func (t *trial) sampleRows() (*rowSample, error) {
	ctx := t.run.ctx
	rows, err := t.past.Query(ctx, "SELECT * FROM touchpoints LIMIT "+strconv.Itoa(sampledRows))
	if err != nil {
		return nil, fmt.Errorf("read sample rows: %w", err)
	}
	defer func() { _ = rows.Close() }()
	s := &rowSample{names: rows.Columns()}
	var cells []any
	for _, c := range rows.ColumnTypes() {
		s.values = append(s.values, reflect.MakeSlice(reflect.SliceOf(c.ScanType()), 0, sampledRows))
		cells = append(cells, reflect.New(c.ScanType()).Interface())
	}
	for rows.Next() {
		for i := range cells {
			cells[i] = reflect.New(s.values[i].Type().Elem()).Interface()
		}
		if err := rows.Scan(cells...); err != nil {
			return nil, fmt.Errorf("read sample rows: %w", err)
		}
		for i := range s.values {
			s.values[i] = reflect.Append(s.values[i], reflect.ValueOf(cells[i]).Elem())
		}
		s.n++
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read sample rows: %w", err)
	}
	if s.n == 0 {
		return nil, errors.New("the archive holds no rows to insert again")
	}
	if err := t.past.Exec(ctx, "CREATE TABLE IF NOT EXISTS "+rowTable+" AS touchpoints"); err != nil {
		return nil, fmt.Errorf("create table: %w", err)
	}
	return s, nil
}

// insert writes n rows in one block.
func (s *rowSample) insert(ctx context.Context, conn driver.Conn, n int) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"async_insert": 0, "max_partitions_per_insert_block": 0}))
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO "+rowTable+" ("+strings.Join(s.names, ", ")+")")
	if err != nil {
		return fmt.Errorf("insert rows: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for i, name := range s.names {
		for left := n; left > 0; left -= s.n {
			values := s.values[i].Slice(0, min(left, s.n)).Interface()
			if name == "id" {
				values = s.ids(min(left, s.n))
			}
			if err := batch.Column(i).Append(values); err != nil {
				return fmt.Errorf("insert column %s: %w", name, err)
			}
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("insert %d rows: %w", n, err)
	}
	return nil
}

// ids are ids as long as real ones.
func (s *rowSample) ids(n int) []string {
	all := make([]string, n)
	for i := range all {
		s.serial++
		all[i] = "website:bench-" + strconv.FormatInt(1e12+s.serial, 10)
	}
	return all
}
