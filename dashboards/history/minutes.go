package history

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"touchwatch/dashboards/api"
	"touchwatch/ingest/touchpoint"
)

// counted selects, of the minutes in a span, the rows that are true: those of the newest computation of their minute.
const counted = `(
	SELECT * FROM touchpoint_minutes FINAL
	WHERE minute >= {from:DateTime('UTC')} AND minute < {to:DateTime('UTC')} AND (minute, version) IN (
		SELECT minute, max(version) FROM touchpoint_minutes
		WHERE minute >= {from:DateTime('UTC')} AND minute < {to:DateTime('UTC')} GROUP BY minute))`

const minutesQuery = `
SELECT minute, channel, sum(total), sum(negatives), uniqMerge(customers), sum(score_sum) / sum(total) / 100,
	quantilesDDMerge(0.005, 0.5, 0.95)(durations)
FROM ` + counted + `
WHERE {channel:String} = '' OR channel = {channel:String}
GROUP BY minute, channel ORDER BY minute, channel`

// Minutes returns the minutes that begin from ≤ minute < to, of one channel or of all (""), oldest first. A minute without
// touchpoints has no row.
func (h *History) Minutes(ctx context.Context, from, to touchpoint.Millis, channel touchpoint.Channel) ([]api.MinuteRow, error) {
	params := span(from, to)
	params["channel"] = text(string(channel))
	var list []api.MinuteRow
	err := h.ask(ctx, "minutes", minutesQuery, params, func(rows driver.Rows) error {
		var minute time.Time
		var name string
		var total, negatives, customers uint64
		var score float64
		var durations []float64
		if err := rows.Scan(&minute, &name, &total, &negatives, &customers, &score, &durations); err != nil {
			return err
		}
		list = append(list, api.MinuteRow{
			Minute: touchpoint.MillisOf(minute), Channel: touchpoint.Channel(name), Total: int64(total), Negatives: int64(negatives),
			Customers: int64(customers), Score: score, DurationP50: known(durations[0]), DurationP95: known(durations[1]),
		})
		return nil
	})
	return list, err
}

const experienceQuery = `
SELECT {by:Identifier} AS key, sum(total), sum(negatives), uniqMerge(customers), sum(score_sum) / sum(total) / 100 AS score
FROM ` + counted + `
GROUP BY key ORDER BY score, key`

// Experience sums the touchpoints of the minutes that begin from ≤ minute < to by "campaign" or "channel", the worst mean
// score first. Touchpoints without a campaign are summed under "".
func (h *History) Experience(ctx context.Context, by string, from, to touchpoint.Millis) ([]api.ExperienceRow, error) {
	if by != "campaign" && by != "channel" {
		return nil, fmt.Errorf("experience by %q: want campaign or channel", by)
	}
	params := span(from, to)
	params["by"] = by
	var list []api.ExperienceRow
	err := h.ask(ctx, "experience", experienceQuery, params, func(rows driver.Rows) error {
		var row api.ExperienceRow
		var total, negatives, customers uint64
		if err := rows.Scan(&row.Key, &total, &negatives, &customers, &row.Score); err != nil {
			return err
		}
		row.Total, row.Negatives, row.Customers = int64(total), int64(negatives), int64(customers)
		list = append(list, row)
		return nil
	})
	return list, err
}

// span makes the parameters of a span: minutes that begin at or after from, and before to.
func span(from, to touchpoint.Millis) clickhouse.Parameters {
	up := func(m touchpoint.Millis) string { return strconv.FormatInt((max(int64(m), 0)+59_999)/60_000*60, 10) }
	return clickhouse.Parameters{"from": up(from), "to": up(to)}
}

// known turns the quantile of nothing into 0.
func known(q float64) float64 {
	if math.IsNaN(q) {
		return 0
	}
	return q
}
