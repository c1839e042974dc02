package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"touchwatch/ingest/touchpoint"
)

// History answers from the archive. Each method honours ctx and may return ErrNoHistory.
type History interface {
	// Touchpoints returns up to limit touchpoints of a customer that occurred before a moment (zero: now), newest first. It
	// may return more, so as not to split a millisecond.
	Touchpoints(ctx context.Context, id touchpoint.CustomerID, before touchpoint.Millis, limit int) ([]touchpoint.Touchpoint, error)
	// Minutes returns the minutes from ≤ minute < to, of one channel or of all (""), oldest first.
	Minutes(ctx context.Context, from, to touchpoint.Millis, channel touchpoint.Channel) ([]MinuteRow, error)
	// Experience sums touchpoints from ≤ occurred_at < to by "campaign" or "channel", the worst mean score first.
	Experience(ctx context.Context, by string, from, to touchpoint.Millis) ([]ExperienceRow, error)
}

// ErrNoHistory says that the archive cannot be reached or was never set up.
var ErrNoHistory = errors.New("the archive is not available")

// MinuteRow is one channel in one minute of event time, out of the archive.
type MinuteRow struct {
	Minute      touchpoint.Millis  `json:"minute"`
	Channel     touchpoint.Channel `json:"channel"`
	Total       int64              `json:"total" doc:"touchpoints"`
	Negatives   int64              `json:"negatives" doc:"touchpoints that brought a negative signal"`
	Customers   int64              `json:"customers" doc:"distinct customers"`
	Score       float64            `json:"score" doc:"mean score of the customers after their touchpoints"`
	DurationP50 float64            `json:"duration_p50_ms" doc:"median duration, 0 when none had one"`
	DurationP95 float64            `json:"duration_p95_ms"`
}

// ExperienceRow is how touchpoints of one campaign or channel felt.
type ExperienceRow struct {
	Key       string  `json:"key" doc:"campaign or channel"`
	Total     int64   `json:"total" doc:"touchpoints"`
	Negatives int64   `json:"negatives"`
	Customers int64   `json:"customers" doc:"distinct customers"`
	Score     float64 `json:"score" doc:"mean score of the customers after their touchpoints"`
}

// MinutesAnswer lists minutes.
type MinutesAnswer struct {
	Minutes []MinuteRow       `json:"minutes" doc:"oldest first"`
	From    touchpoint.Millis `json:"from"`
	To      touchpoint.Millis `json:"to"`
}

// ExperienceAnswer lists campaigns or channels.
type ExperienceAnswer struct {
	By   string            `json:"by"`
	Rows []ExperienceRow   `json:"rows" doc:"worst first"`
	From touchpoint.Millis `json:"from"`
	To   touchpoint.Millis `json:"to"`
}

// maxMinutesSpan bounds one request for minutes: 31 days of four channels are 180,000 rows.
const maxMinutesSpan = 31 * 24 * time.Hour

func (a *API) registerHistory(routes huma.API) {
	huma.Register(routes, operation(http.MethodGet, "/minutes", "list-minutes", "Counts per minute and channel, from the archive", 422), a.minutes)
	huma.Register(routes, operation(http.MethodGet, "/experience", "list-experience", "How campaigns or channels felt, from the archive"), a.experience)
}

type minutesInput struct {
	From    int64  `query:"from" minimum:"0" doc:"first moment; default: 24 hours before to"`
	To      int64  `query:"to" minimum:"0" doc:"first moment that does not belong to it; default: now"`
	Channel string `query:"channel" maxLength:"64" doc:"one channel; absent: all"`
}

func (a *API) minutes(ctx context.Context, in *minutesInput) (*answer[MinutesAnswer], error) {
	from, to := touchpoint.Millis(in.From), touchpoint.Millis(in.To)
	if to == 0 {
		to = a.now()
	}
	if from == 0 {
		from = to.Add(-24 * time.Hour)
	}
	if from >= to || to.Sub(from) > maxMinutesSpan {
		return nil, huma.Error422UnprocessableEntity("from must lie before to, at most 31 days", &huma.ErrorDetail{Location: "query.from", Value: in.From})
	}
	if a.opt.History == nil {
		return nil, a.noHistory()
	}
	rows, err := a.opt.History.Minutes(ctx, from, to, touchpoint.Channel(in.Channel))
	if err != nil {
		return nil, a.historyFault("read minutes from the archive", err)
	}
	return reply(MinutesAnswer{Minutes: nonNil(rows), From: from, To: to}), nil
}

type experienceInput struct {
	By    string `query:"by" enum:"campaign,channel" default:"campaign"`
	Hours int    `query:"hours" minimum:"1" maximum:"2160" default:"24" doc:"how far back"`
}

func (a *API) experience(ctx context.Context, in *experienceInput) (*answer[ExperienceAnswer], error) {
	to := a.now()
	from := to.Add(-time.Duration(in.Hours) * time.Hour)
	if a.opt.History == nil {
		return nil, a.noHistory()
	}
	rows, err := a.opt.History.Experience(ctx, in.By, from, to)
	if err != nil {
		return nil, a.historyFault("read the experience from the archive", err)
	}
	return reply(ExperienceAnswer{By: in.By, Rows: nonNil(rows), From: from, To: to}), nil
}

func (a *API) historyFault(operation string, err error) error {
	if errors.Is(err, ErrNoHistory) {
		return a.noHistory()
	}
	return a.fault(operation, err)
}

// noHistory says how to get an archive.
func (a *API) noHistory() error {
	return huma.Error503ServiceUnavailable("there is no history: the archive is not available. To get it, " + a.opt.NoHistory)
}

func nonNil[T any](rows []T) []T {
	if rows == nil {
		return []T{}
	}
	return rows
}
