// Package history answers questions about the past from the archive's tables: a customer's touchpoints, the minutes, and
// how campaigns and channels felt. It reads only, and leaves writing and the tables to processors/archive.
//
// Every query has a deadline and gets its values as parameters, never inside its text. A ClickHouse that is away, or has
// no tables yet, gives an error that wraps api.ErrNoHistory. A History is safe for concurrent use.
package history

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"touchwatch/dashboards/api"
)

// deadline bounds one question: a person waits for the answer.
const deadline = 10 * time.Second

// History asks one ClickHouse.
type History struct {
	conn driver.Conn
}

var _ api.History = (*History)(nil)

// New returns a History over a connection, which stays the caller's to close.
func New(conn driver.Conn) *History { return &History{conn: conn} }

// ask runs a query with its parameters and calls scan for each row.
func (h *History) ask(ctx context.Context, question, query string, params clickhouse.Parameters, scan func(driver.Rows) error) error {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	rows, err := h.conn.Query(clickhouse.Context(ctx, clickhouse.WithParameters(params)), query)
	if err != nil {
		return fault(question, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fault(question, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fault(question, err)
	}
	return nil
}

// Codes of ClickHouse for tables and databases that do not exist (yet).
const (
	unknownTable    = 60
	unknownDatabase = 81
)

// fault wraps an error. Whatever is no refusal of the query by the server means that there is no history to be had now.
func fault(question string, err error) error {
	var refused *clickhouse.Exception
	if errors.As(err, &refused) && refused.Code != unknownTable && refused.Code != unknownDatabase {
		return fmt.Errorf("%s: %w", question, err)
	}
	return fmt.Errorf("%s: %w: %w", question, api.ErrNoHistory, err)
}

// text writes a parameter of the type String.
func text(s string) string { return escape.Replace(s) }

var escape = strings.NewReplacer("\\", "\\\\", "\n", "\\n", "\t", "\\t", "\r", "\\r", "\x00", "\\0")
