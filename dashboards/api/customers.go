package api

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"touchwatch/alerts/alert"
	"touchwatch/alerts/hub"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
)

// CustomerAnswer is one customer as known now.
type CustomerAnswer struct {
	State       customer.State       `json:"state"`
	Score       float64              `json:"score" doc:"0 to 100, at as_of"`
	Explanation customer.Explanation `json:"explanation" doc:"baseline and the points of all contributions add up to the score"`
	Alerts      []alert.Alert        `json:"alerts" doc:"open ones, and those that ended in the last hour"`
	AsOf        touchpoint.Millis    `json:"as_of"`
}

// TouchpointsAnswer is a page of a customer's time line.
type TouchpointsAnswer struct {
	Touchpoints []touchpoint.Touchpoint `json:"touchpoints" doc:"newest first; a page never splits a millisecond, so it may be a little longer than asked"`
	Source      string                  `json:"source" enum:"live,archive,both" doc:"where they were read"`
	Note        string                  `json:"note,omitempty" doc:"why older ones may be missing"`
}

// RiskAnswer lists customers at risk.
type RiskAnswer struct {
	Customers []hub.RiskRow     `json:"customers" doc:"lowest score first"`
	UpTo      touchpoint.Millis `json:"up_to" doc:"everything received until then is in the list; zero while unknown"`
}

// UnhappyAnswer lists ids for suppression.
type UnhappyAnswer struct {
	Customers []Unhappy         `json:"customers" doc:"lowest score first"`
	Below     float64           `json:"below"`
	AsOf      touchpoint.Millis `json:"as_of"`
}

type customerInput struct {
	ID string `path:"id" maxLength:"256" doc:"customer id, such as cus_17 or anon_3f9a" example:"cus_17"`
}

func (a *API) registerCustomers(routes huma.API) {
	huma.Register(routes, operation(http.MethodGet, "/customers/{id}", "get-customer", "One customer: state, score with its contributions, alerts", 404), a.customer)
	huma.Register(routes, operation(http.MethodGet, "/customers/{id}/touchpoints", "list-touchpoints", "A customer's touchpoints over all channels, newest first", 404), a.touchpoints)
	huma.Register(routes, operation(http.MethodGet, "/risk", "list-risk", "Customers at risk, lowest score first"), a.risk)
	huma.Register(routes, operation(http.MethodGet, "/unhappy", "list-unhappy", "Ids of customers who are unhappy now, for holding back campaigns"), a.unhappy)
}

func (a *API) customer(ctx context.Context, in *customerInput) (*answer[CustomerAnswer], error) {
	state, err := a.opt.Store.Customer(ctx, touchpoint.CustomerID(in.ID))
	if errors.Is(err, ErrUnknown) {
		return nil, huma.Error404NotFound("nothing is known about customer " + in.ID + ": no touchpoint of theirs arrived, or they were forgotten after a long silence")
	}
	if err != nil {
		return nil, a.fault("read the customer", err)
	}
	at := max(a.now(), state.Now)
	explanation := state.Explain(at)
	state.Windows = nil // what detectors keep for themselves
	return reply(CustomerAnswer{
		State: *state, Score: explanation.Score, Explanation: explanation, AsOf: at,
		Alerts: a.alertsAbout("customer", in.ID),
	}), nil
}

// alertsAbout returns the current alerts of one subject.
func (a *API) alertsAbout(kind, id string) []alert.Alert {
	return slices.DeleteFunc(a.opt.Board.Alerts(), func(x alert.Alert) bool { return x.Subject.Kind != kind || x.Subject.ID != id })
}

type touchpointsInput struct {
	ID     string `path:"id" maxLength:"256" doc:"customer id" example:"cus_17"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"how many"`
	Before int64  `query:"before" minimum:"0" doc:"only those that occurred before this moment; zero for the newest"`
}

// remembered is how many touchpoints of a customer are kept beside the state. With fewer, there are no older ones.
const remembered = 50

func (a *API) touchpoints(ctx context.Context, in *touchpointsInput) (*answer[TouchpointsAnswer], error) {
	before := touchpoint.Millis(in.Before)
	recent, all, err := a.opt.Store.Touchpoints(ctx, touchpoint.CustomerID(in.ID), before)
	if err != nil {
		return nil, a.fault("read the touchpoints", err)
	}
	if len(recent) >= in.Limit || all < remembered {
		return reply(TouchpointsAnswer{Touchpoints: page(recent, in.Limit), Source: "live"}), nil
	}
	return a.olderTouchpoints(ctx, in, recent)
}

// olderTouchpoints completes a page from the archive. Without it, what is remembered is better than nothing, as long as the answer
// says so.
func (a *API) olderTouchpoints(ctx context.Context, in *touchpointsInput, recent []touchpoint.Touchpoint) (*answer[TouchpointsAnswer], error) {
	before := touchpoint.Millis(in.Before)
	if len(recent) > 0 {
		before = recent[len(recent)-1].OccurredAt
	}
	older, err := a.archived(ctx, in.ID, before, in.Limit-len(recent))
	switch {
	case err != nil && len(recent) == 0:
		return nil, err
	case err != nil:
		return reply(TouchpointsAnswer{Touchpoints: recent, Source: "live", Note: "older ones are missing: " + err.Error()}), nil
	case len(recent) == 0:
		return reply(TouchpointsAnswer{Touchpoints: page(older, in.Limit), Source: "archive"}), nil
	}
	return reply(TouchpointsAnswer{Touchpoints: append(recent, older...), Source: "both"}), nil
}

func (a *API) archived(ctx context.Context, id string, before touchpoint.Millis, limit int) ([]touchpoint.Touchpoint, error) {
	if a.opt.History == nil {
		return nil, a.noHistory()
	}
	older, err := a.opt.History.Touchpoints(ctx, touchpoint.CustomerID(id), before, limit)
	if err != nil {
		return nil, a.historyFault("read older touchpoints from the archive", err)
	}
	return older, nil
}

// page cuts a list that is sorted newest first, but not between two of the same millisecond: the next page begins before the last one's.
func page(all []touchpoint.Touchpoint, limit int) []touchpoint.Touchpoint {
	if len(all) <= limit {
		return nonNil(all)
	}
	for limit < len(all) && all[limit].OccurredAt == all[limit-1].OccurredAt {
		limit++
	}
	return all[:limit]
}

type riskInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"50" doc:"how many"`
}

func (a *API) risk(_ context.Context, in *riskInput) (*answer[RiskAnswer], error) {
	rows := a.opt.Board.Risk()
	return reply(RiskAnswer{Customers: nonNil(rows[:min(len(rows), in.Limit)]), UpTo: a.opt.Board.Progress().UpTo}), nil
}

type unhappyInput struct {
	Below float64 `query:"below" minimum:"1" maximum:"70" default:"50" doc:"score; customers at 70 and above are not listed anywhere"`
}

func (a *API) unhappy(ctx context.Context, in *unhappyInput) (*answer[UnhappyAnswer], error) {
	at := a.now()
	customers, err := a.opt.Store.Below(ctx, in.Below, at)
	if err != nil {
		return nil, a.fault("list unhappy customers", err)
	}
	return reply(UnhappyAnswer{Customers: customers, Below: in.Below, AsOf: at}), nil
}
