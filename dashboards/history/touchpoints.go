package history

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"touchwatch/ingest/touchpoint"
)

// maxTouchpoints bounds one answer.
const maxTouchpoints = 1000

const touchpointsQuery = `
SELECT id, channel, kind, customer, occurred_at, received_at,
	page, element, form, field, queue, platform, campaign, product, release, agent, url, thread, view_id,
	text, language, judged, displeasure, problem, confidence, intents, words,
	rating_metric, rating_score, rating_min, rating_max, clicked, click_x, click_y, click_outcome,
	duration_ms, status, amount, reach, links, attributes, aliases,
	format, source_topic, source_partition, source_epoch, source_offset, source_index
FROM (
	SELECT * FROM touchpoints
	WHERE customer = {customer:String} AND minute <= {before:DateTime64(3, 'UTC')} AND occurred_at < {before:DateTime64(3, 'UTC')}
	ORDER BY revision DESC LIMIT 1 BY minute, channel, id)
ORDER BY occurred_at DESC LIMIT {limit:UInt32} WITH TIES`

// Touchpoints returns up to limit (at most 1,000) touchpoints of a customer that occurred before a moment (zero: all), newest
// first, and more when several happened in the last one's millisecond.
func (h *History) Touchpoints(ctx context.Context, id touchpoint.CustomerID, before touchpoint.Millis, limit int) ([]touchpoint.Touchpoint, error) {
	if before == 0 {
		before = touchpoint.MillisOf(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
	}
	params := clickhouse.Parameters{
		"customer": text(string(id)),
		"before":   before.At().Format("2006-01-02 15:04:05.000"),
		"limit":    strconv.Itoa(min(max(limit, 1), maxTouchpoints)),
	}
	var list []touchpoint.Touchpoint
	err := h.ask(ctx, "touchpoints of a customer", touchpointsQuery, params, func(rows driver.Rows) error {
		t, err := scanTouchpoint(rows)
		if err == nil {
			list = append(list, t)
		}
		return err
	})
	return list, err
}

// scanTouchpoint reads a row in the order of touchpointsQuery.
func scanTouchpoint(rows driver.Rows) (t touchpoint.Touchpoint, err error) {
	var (
		id, channel, kind, customer string
		occurred, received          time.Time
		judged, clicked             bool
		mood                        touchpoint.Mood
		rating                      touchpoint.Rating
		click                       touchpoint.Click
		duration                    int64
		aliases                     []string
	)
	p := &t.Place
	err = rows.Scan(
		&id, &channel, &kind, &customer, &occurred, &received,
		&p.Page, &p.Element, &p.Form, &p.Field, &p.Queue, &p.Platform, &p.Campaign, &p.Product, &p.Release, &p.Agent, &p.URL, &p.Thread, &p.ViewID,
		&t.Text, &t.Language, &judged, &mood.Displeasure, &mood.Problem, &mood.Confidence, &mood.Intents, &mood.Words,
		&rating.Metric, &rating.Score, &rating.Min, &rating.Max, &clicked, &click.X, &click.Y, &click.Outcome,
		&duration, &t.Status, &t.Amount, &t.Reach, &t.Links, &t.Attrs, &aliases,
		&t.Format, &t.Source.Topic, &t.Source.Partition, &t.Source.Epoch, &t.Source.Offset, &t.Source.Index,
	)
	if err != nil {
		return t, err
	}
	t.ID, t.Channel, t.Kind, t.Customer = touchpoint.ID(id), touchpoint.Channel(channel), touchpoint.Kind(kind), touchpoint.CustomerID(customer)
	t.OccurredAt, t.ReceivedAt, t.Duration = touchpoint.MillisOf(occurred), touchpoint.MillisOf(received), touchpoint.Millis(duration)
	if judged {
		mood.Intents, mood.Words = orNil(mood.Intents), orNil(mood.Words)
		t.Mood = &mood
	}
	if rating.Metric != "" {
		t.Rating = &rating
	}
	if clicked {
		t.Click = &click
	}
	if len(t.Attrs) == 0 {
		t.Attrs = nil
	}
	for _, a := range aliases {
		kind, value, _ := strings.Cut(a, ":")
		t.Aliases = append(t.Aliases, touchpoint.Alias{Kind: touchpoint.AliasKind(kind), Value: value})
	}
	return t, nil
}

func orNil(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}
