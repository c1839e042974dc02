package archive

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// suspicion is people whose touchpoints may count otherwise since a minute of each. All minutes of one suspicion lie about as far back.
type suspicion struct {
	people []string
	since  []int64 // seconds since 1970, beside people; the earliest first
	bytes  int     // of both as parameters of a query
}

// suspicionSpans are how far behind the latest of a parcel the minutes of one suspicion may lie. A signal over half a year must not have the
// database look through half a year for everybody else: for a few people an index tells where they are.
var suspicionSpans = [...]time.Duration{time.Hour, 6 * time.Hour, 24 * time.Hour, 8 * 24 * time.Hour}

// suspicions says where the judgement of touchpoints may have changed, by the first evidence of each customer's signals.
func suspicions(signals []signalRow) []suspicion {
	first, latest := map[string]int64{}, int64(0)
	for i := range signals {
		s, id := int64(minuteOf(signals[i].since()))/1000, string(signals[i].Customer)
		if known, ok := first[id]; !ok || s < known {
			first[id] = s
		}
		latest = max(latest, s)
	}
	people := slices.SortedFunc(maps.Keys(first), func(a, b string) int { return cmp.Or(cmp.Compare(first[a], first[b]), cmp.Compare(a, b)) })
	var all []suspicion
	for i, id := range people {
		if i == 0 || span(latest-first[id]) != span(latest-first[people[i-1]]) || all[len(all)-1].bytes > paramBytes-paramBytes/10 {
			all = append(all, suspicion{})
		}
		all[len(all)-1].add(id, first[id])
	}
	return all
}

func (s *suspicion) add(id string, since int64) {
	const number = len("1795971347,")
	s.people, s.since = append(s.people, id), append(s.since, since)
	s.bytes += len(id) + len("'',") + number
}

// span is which of the spans an age in seconds lies in.
func span(seconds int64) int {
	for i, s := range suspicionSpans {
		if seconds <= int64(s/time.Second) {
			return i
		}
	}
	return len(suspicionSpans)
}

// minutesOf marks the minutes of the people's touchpoints, of each from the minute on since which they are suspected.
func (w *writer) minutesOf(ctx context.Context, s suspicion) error {
	ctx, cancel := context.WithTimeout(ctx, insertTimeout)
	defer cancel()
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{
		"people": arrayOf(s.people, quoted),
		"since":  arrayOf(s.since, func(at int64) string { return strconv.FormatInt(at, 10) }),
		"first":  seconds(s.since[0]),
	}))
	rows, err := w.conn.Query(ctx, `SELECT DISTINCT minute FROM touchpoints WHERE minute >= {first:DateTime('UTC')} AND customer IN {people:Array(String)}
		AND toInt64(toUnixTimestamp(minute)) >= transform(customer, {people:Array(String)}, {since:Array(Int64)}, toInt64(0))`)
	if err != nil {
		return fmt.Errorf("find the minutes that signals change: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var minute time.Time
		if err := rows.Scan(&minute); err != nil {
			return fmt.Errorf("find the minutes that signals change: %w", err)
		}
		w.dirty[minute.Unix()] = true
	}
	return rows.Err()
}

// arrayOf writes a parameter of a type Array.
func arrayOf[T any](list []T, write func(T) string) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = write(v)
	}
	return "[" + strings.Join(words, ",") + "]"
}

func quoted(s string) string { return "'" + escape.Replace(s) + "'" }

// escape writes a string for between single quotes.
var escape = strings.NewReplacer("\\", "\\\\", "'", "\\'", "\n", "\\n", "\t", "\\t", "\r", "\\r", "\x00", "\\0")
