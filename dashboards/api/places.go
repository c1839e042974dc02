package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/place"
)

// PlaceAnswer is one place as known now.
type PlaceAnswer struct {
	State  place.State       `json:"state"`
	Alerts []alert.Alert     `json:"alerts" doc:"open ones, and those that ended in the last hour"`
	AsOf   touchpoint.Millis `json:"as_of"`
}

type placeInput struct {
	Key string `path:"key" maxLength:"512" doc:"kind and value, percent-encoded as one segment" example:"page:/checkout"`
}

func (a *API) registerPlaces(routes huma.API) {
	huma.Register(routes, operation(http.MethodGet, "/places/{key}", "get-place", "One place (page, element, queue, campaign …): who had trouble there, and its alerts", 404),
		func(ctx context.Context, in *placeInput) (*answer[PlaceAnswer], error) {
			state, err := a.opt.Store.Place(ctx, in.Key)
			if errors.Is(err, ErrUnknown) {
				return nil, huma.Error404NotFound("no trouble is known at " + in.Key + "; a place is named by kind and value, such as page:/checkout")
			}
			if err != nil {
				return nil, a.fault("read the place", err)
			}
			return reply(PlaceAnswer{State: *state, Alerts: a.alertsAbout("place", in.Key), AsOf: max(a.now(), state.Now)}), nil
		})
}
